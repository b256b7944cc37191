using System.Buffers;
using Llama.Mesh.Membership;
using Llama.Server.Discovery.Access;
using Llama.Server.Hosting;
using Llama.Server.Intake;
using Llama.Server.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Llama.Server.Discovery.Native;

/// <summary><c>/api/v2/groups/{group}/probes/{name}</c>: joining, renewing, looking up, removing. Any thread may call it.</summary>
internal sealed class ProbeResource(
    Registry registry,
    SummaryIntake intake,
    DiscoveryOptions options,
    AccessRules access,
    ClientAddresses clients,
    SourceRates rates,
    ConfigResource configs,
    TimeProvider time)
{
    private static readonly TimeSpan LongestRenew = TimeSpan.FromSeconds(30);

    /// <summary>Registers or renews. The same request twice is the same as once.</summary>
    public async Task PutAsync(HttpContext context, ProbePath path)
    {
        System.Net.IPAddress source = clients.Of(context);
        if (context.IsTooOften(rates.Refuse(source), out Task refusal)
            || context.IsRefused(access.MayRegister(context, path.Group), Problems.RegisterToken, out refusal)
            || IsOtherThanJson(context, out refusal))
        {
            await refusal;
            return;
        }

        string problem;
        Registration? registration;
        using (Body body = await ReadAsync(context))
            registration = RegisterRequest.Read(body.Octets, out problem)?.Check(path, source, options.DefaultKeepalive, time.GetUtcNow(), out problem);
        if (registration is null)
        {
            await context.ReplyProblemAsync(StatusCodes.Status400BadRequest, problem);
            return;
        }

        try
        {
            await ReplyAsync(context, await registry.RegisterAsync(registration, context.RequestAborted), registration);
        }
        catch (IOException e)
        {
            await context.ReplyLaterAsync(TimeSpan.FromSeconds(10), $"The registration can't be stored, and nothing has changed: {e.Message}");
        }
    }

    /// <summary>Shows a probe.</summary>
    public Task GetAsync(HttpContext context, ProbePath path)
    {
        if (context.IsRefused(access.MayRead(context), Problems.ReadToken, out Task refusal)) return refusal;
        return registry.Find(path.Group, path.Name) is { } found
            ? context.ReplyObjectAsync(StatusCodes.Status200OK, json => ProbeJson.Write(json, found, intake.HealthOf(path.Group, path.Name)))
            : ReplyUnknownAsync(context, path);
    }

    /// <summary>Removes a probe. One that runs on comes back with its next renewal.</summary>
    public async Task DeleteAsync(HttpContext context, ProbePath path)
    {
        if (context.IsRefused(access.MayRemove(context), Problems.AdminToken, out Task refusal))
        {
            await refusal;
            return;
        }

        try
        {
            if (await registry.RemoveAsync(path.Group, path.Name, context.RequestAborted)) context.Response.StatusCode = StatusCodes.Status204NoContent;
            else await ReplyUnknownAsync(context, path);
        }
        catch (IOException e)
        {
            await context.ReplyLaterAsync(TimeSpan.FromSeconds(10), $"The removal can't be stored, and nothing has changed: {e.Message}");
        }
    }

    /// <summary>Answers that there is no such probe.</summary>
    public static Task ReplyUnknownAsync(HttpContext context, ProbePath path) => context.ReplyProblemAsync(
        StatusCodes.Status404NotFound, $"The group {path.Group} has no probe {path.Name}. It may never have registered, or its lease has run out.");

    private Task ReplyAsync(HttpContext context, RegisterReply reply, Registration asked)
    {
        switch (reply.Outcome)
        {
            case RegisterOutcome.NameTaken:
                return context.ReplyProblemAsync(
                    StatusCodes.Status409Conflict,
                    $"Another probe of the group {asked.Group} that is alive has the name {asked.Name}. Give one of the two another name.");
            case RegisterOutcome.Full:
                return context.ReplyLaterAsync(LongestRenew, "The server has as many probes as it takes.");
        }

        Registration probe = reply.Holder ?? asked;
        string tag = ConfigBodies.TagOf(reply.ConfigTag, configs.IsEntrusted(context, probe.Group));
        EchoState echo = registry.Find(probe.Group, probe.Name)?.Member.Echo ?? EchoState.Unknown;
        int status = reply.Outcome == RegisterOutcome.Joined ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return context.ReplyObjectAsync(status, json =>
        {
            json.WriteString("group"u8, probe.Group);
            json.WriteString("name"u8, probe.Name);
            json.WriteString("address"u8, probe.Address.ToString());
            json.WriteNumber("port"u8, probe.Port);
            json.WriteNumber("lease_s"u8, probe.Keepalive.TotalSeconds);
            json.WriteNumber("renew_s"u8, RenewAfter(probe.Keepalive).TotalSeconds);
            json.WriteString("config_tag"u8, tag);
            json.WriteString("outcome"u8, reply.Outcome.SnakeCase());
            json.WriteString("echo"u8, ProbeJson.Name(echo));
        });
    }

    /// <summary>Often enough to keep the name as well as the lease, though two renewals get lost.</summary>
    private static TimeSpan RenewAfter(TimeSpan keepalive) => keepalive / 3 < LongestRenew ? keepalive / 3 : LongestRenew;

    private static bool IsOtherThanJson(HttpContext context, out Task refusal)
    {
        refusal = Task.CompletedTask;
        if (context.Request.HasJsonContentType() && context.Request.Headers.ContentEncoding.Count == 0) return false;
        refusal = context.ReplyProblemAsync(
            StatusCodes.Status415UnsupportedMediaType, "The body is JSON that is not compressed. Send Content-Type: application/json.");
        return true;
    }

    private static async Task<Body> ReadAsync(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = RegistrationRules.MaxBodyBytes;
        var body = new Body((int)Math.Min(context.Request.ContentLength ?? 4096, RegistrationRules.MaxBodyBytes));
        try
        {
            while (await context.Request.Body.ReadAsync(body.Room(), context.RequestAborted) is var read and > 0) body.Add(read);
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>The octets of a body in a rented array.</summary>
    private sealed class Body(int expected) : IDisposable
    {
        private byte[] _array = ArrayPool<byte>.Shared.Rent(expected + 1);
        private int _length;

        public ReadOnlySpan<byte> Octets => _array.AsSpan(0, _length);

        public Memory<byte> Room()
        {
            if (_length == _array.Length)
            {
                byte[] larger = ArrayPool<byte>.Shared.Rent(2 * _array.Length);
                Octets.CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_array);
                _array = larger;
            }

            return _array.AsMemory(_length);
        }

        public void Add(int read) => _length += read;

        public void Dispose() => ArrayPool<byte>.Shared.Return(_array);
    }
}
