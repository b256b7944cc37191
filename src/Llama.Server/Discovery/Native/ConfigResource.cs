using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Llama.Server.Discovery.Access;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.Discovery.Native;

/// <summary>
/// <c>/api/v2/groups/{group}/probes/{name}/config</c>: whom a probe is to test. Where nothing has changed, no plan is worked out and
/// nothing is written. Any thread may call it.
/// </summary>
internal sealed class ConfigResource(Registry registry, DiscoveryOptions options, AccessRules access, LongPolls polls)
{
    private const int FlushBytes = 32 * 1024;
    private const int WorthCompressing = 4 * 1024;

    // Goes with its plan, so that a plan that nobody holds any more takes its bodies along.
    private readonly ConditionalWeakTable<PlanInForce, ConfigBodies> _bodies = [];

    /// <summary>Answers, at once or when there is news.</summary>
    public Task GetAsync(HttpContext context, ProbePath path)
    {
        if (context.IsRefused(access.MayReadConfig(context, path.Group), Problems.ConfigToken, out Task refusal)) return refusal;
        if (Parameters.Wait(context) is not { } wait) return context.ReplyBadParameterAsync("wait", Parameters.WaitForm);
        if (registry.Find(path.Group, path.Name) is null || registry.TagOf(path.Group) is not { } planTag) return ProbeResource.ReplyUnknownAsync(context, path);

        bool withKey = IsEntrusted(context, path.Group);
        StringValues known = context.Request.Headers.IfNoneMatch;
        if (known.Count == 0 || !IsKnown(known, ConfigBodies.TagOf(planTag, withKey))) return SendAsync(context, path, withKey);
        if (wait <= TimeSpan.Zero) return ReplyUnchangedAsync(context, ConfigBodies.TagOf(planTag, withKey));
        return WaitAsync(context, path, planTag, withKey, wait);
    }

    /// <summary>True for a caller that gets the group's secrets: over TLS alone, and with the group's token alone.</summary>
    public bool IsEntrusted(HttpContext context, string group) =>
        !options.Configuration.Of(group).DatagramKey.IsEmpty && context.Request.IsHttps && access.HoldsRegisterToken(context, group);

    private async Task WaitAsync(HttpContext context, ProbePath path, string planTag, bool withKey, TimeSpan wait)
    {
        if (polls.IsFull)
        {
            await context.ReplyLaterAsync(TimeSpan.FromSeconds(30), "As many clients wait for changes as the server has room for. Ask without wait.");
            return;
        }

        bool isNews = await polls.WaitAsync(cancellation => registry.WaitForChangeAsync(path.Group, planTag, cancellation), wait, context.RequestAborted);
        if (!isNews) await ReplyUnchangedAsync(context, ConfigBodies.TagOf(planTag, withKey));
        else if (registry.Find(path.Group, path.Name) is null) await ProbeResource.ReplyUnknownAsync(context, path);
        else await SendAsync(context, path, withKey);
    }

    private async Task SendAsync(HttpContext context, ProbePath path, bool withKey)
    {
        if (await registry.PlanOfAsync(path.Group, context.RequestAborted) is not { } plan)
        {
            await ProbeResource.ReplyUnknownAsync(context, path);
            return;
        }

        string tag = ConfigBodies.TagOf(plan.Tag, withKey);
        if (context.Request.Headers.IfNoneMatch is { Count: > 0 } known && IsKnown(known, tag))
        {
            await ReplyUnchangedAsync(context, tag);
            return;
        }

        ConfigBodies bodies = _bodies.GetValue(plan, key => new ConfigBodies(key));
        IReadOnlyList<ReadOnlyMemory<byte>> body = bodies.For(path.Name, withKey);
        long length = body.Sum(slice => (long)slice.Length);
        HttpResponse response = context.Response;
        response.Headers.ETag = $"\"{tag}\"";
        response.Headers.Vary = "Accept-Encoding";
        if (bodies.IsSameForAll && length >= WorthCompressing && context.TakesGzip())
        {
            // Another form of the same: known by the same tag, but not octet for octet (RFC 9110, section 8.8.1).
            response.Headers.ETag = $"W/\"{tag}\"";
            response.Headers.ContentEncoding = "gzip";
            body = [bodies.Compressed(withKey)];
            length = body[0].Length;
        }

        Cache(context, withKey);
        response.ContentType = JsonReplies.Type;
        response.ContentLength = length;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await response.StartAsync(context.RequestAborted);
        await WriteAsync(response.BodyWriter, body, context.RequestAborted);
    }

    /// <summary>Writes no faster than the client reads, so that a slow one holds a few pages and not a copy of the body.</summary>
    private static async Task WriteAsync(PipeWriter output, IReadOnlyList<ReadOnlyMemory<byte>> body, CancellationToken cancellation)
    {
        int pending = 0;
        foreach (ReadOnlyMemory<byte> slice in body)
        {
            for (int at = 0; at < slice.Length;)
            {
                int length = Math.Min(slice.Length - at, FlushBytes - pending);
                output.Write(slice.Span.Slice(at, length));
                (at, pending) = (at + length, pending + length);
                if (pending < FlushBytes) continue;
                pending = 0;
                if ((await output.FlushAsync(cancellation)).IsCompleted) return;
            }
        }

        await output.FlushAsync(cancellation);
    }

    private static Task ReplyUnchangedAsync(HttpContext context, string tag)
    {
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        context.Response.Headers.ETag = $"\"{tag}\"";
        return Task.CompletedTask;
    }

    private static void Cache(HttpContext context, bool withKey) => context.Response.Headers.CacheControl = withKey ? "no-store" : "no-cache";

    private static bool IsKnown(StringValues header, string tag)
    {
        // What probes send: this tag and nothing else. All other forms take the long way.
        if (header is [{ } text] && text.Length == tag.Length + 2 && text[0] == '"' && text[^1] == '"') return text.AsSpan(1, tag.Length).SequenceEqual(tag);
        return EntityTagHeaderValue.TryParseList(header, out IList<EntityTagHeaderValue>? known)
            && known.Any(other => other.Equals(EntityTagHeaderValue.Any) || other.Tag == $"\"{tag}\"");
    }
}
