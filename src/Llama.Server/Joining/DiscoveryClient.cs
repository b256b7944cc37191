using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Llama.Mesh.Joining;

namespace Llama.Server.Joining;

/// <summary>
/// A probe's side of the discovery API: registers, asks for its configuration, pushes its reports. Speaks <c>/api/v2</c>, and
/// scline/llama-sd's <c>/api/v1</c> with a server that has nothing else. Any thread may call it.
/// </summary>
public sealed class DiscoveryClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LeastRenew = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRenew = TimeSpan.FromHours(1);
    private static readonly TimeSpan UsualRenew = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StaysOriginal = TimeSpan.FromMinutes(10);

    private readonly ServerConnection _server;
    private readonly OriginalDialect _original;
    private readonly TimeProvider _time;

    // When the server was found to speak nothing but the original's API; null while it is not.
    private long? _originalSince;

    /// <summary>A client that has not asked for anything yet.</summary>
    public DiscoveryClient(DiscoveryClientOptions options)
    {
        _time = options.Time;
        _server = new ServerConnection(options);
        _original = new OriginalDialect(_server);
    }

    /// <summary>How messages name the server that is asked next.</summary>
    public string ServerName => _server.Name;

    /// <summary>Registers, or renews.</summary>
    /// <exception cref="ServerRefusalException">It is not registered.</exception>
    public async Task<RegistrationReply> RegisterAsync(ProbeClaim claim, CancellationToken cancellation)
    {
        if (_originalSince is { } since && _time.GetElapsedTime(since) < StaysOriginal) return await _original.RegisterAsync(claim, cancellation);
        try
        {
            using var content = new ByteArrayContent(Registration(claim));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            ServerReply reply = await _server.SendAsync(HttpMethod.Put, PathOf(claim.Identity), content, Patience, cancellation);
            _originalSince = null;
            return Read(reply.Body);
        }
        catch (ServerRefusalException refusal) when (refusal.Kind == RefusalKind.Unknown)
        {
            RegistrationReply reply = await _original.RegisterAsync(claim, cancellation);
            _originalSince = _time.GetTimestamp();
            return reply;
        }
    }

    /// <summary>Asks for the configuration of a probe that has registered.</summary>
    /// <param name="claim">What it said of itself.</param>
    /// <param name="knownTag">What the configuration it has is known by; null for none.</param>
    /// <param name="wait">How long the server may hold back an answer without news.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServerRefusalException">There is none to be had.</exception>
    public async Task<ConfigurationReply> GetConfigurationAsync(ProbeClaim claim, string? knownTag, TimeSpan wait, CancellationToken cancellation)
    {
        if (_originalSince is not null) return await _original.GetConfigurationAsync(claim, knownTag, cancellation);
        string path = $"{PathOf(claim.Identity)}/config";
        if (knownTag is not null) path += $"?wait={(int)wait.TotalSeconds}s";
        ServerReply reply = await _server.SendAsync(HttpMethod.Get, path, null, Patience + wait, cancellation, headers =>
        {
            if (knownTag is not null) headers.TryAddWithoutValidation("If-None-Match", $"\"{knownTag}\"");
        });
        var answer = new ConfigurationReply { Tag = reply.Tag ?? knownTag ?? "", Form = ConfigurationForm.Json };
        if (reply.Status == HttpStatusCode.NotModified) return answer;
        Refusals.ThrowIfEmpty(reply);
        return answer with { Body = reply.Body };
    }

    /// <summary>Hands over reports.</summary>
    /// <param name="body">The gzip of <c>{"probe":{...},"reports":[...]}</c>.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServerRefusalException">They are not taken.</exception>
    public async Task PushAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentEncoding.Add("gzip");
        await _server.SendAsync(HttpMethod.Post, "api/v2/summaries", content, TimeSpan.FromMinutes(1), cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _server.Dispose();

    private static string PathOf(ProbeIdentity probe) =>
        $"api/v2/groups/{Uri.EscapeDataString(probe.Group)}/probes/{Uri.EscapeDataString(probe.Name)}";

    private static byte[] Registration(ProbeClaim claim)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            if (claim.Address is { } address) json.WriteString("address"u8, address.ToString());
            json.WriteNumber("port"u8, claim.Identity.Port);
            json.WriteString("full_name"u8, claim.Identity.FullName);
            json.WriteString("version"u8, claim.Version);
            json.WriteStartObject("tags"u8);
            foreach ((string key, string value) in claim.Tags) json.WriteString(key, value);
            json.WriteEndObject();
            if (claim.Keepalive is { } keepalive) json.WriteNumber("keepalive_s"u8, keepalive.TotalSeconds);
            json.WriteString("instance"u8, claim.Instance);
            json.WriteBoolean("pushes"u8, claim.Pushes);
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    /// <summary>What can't be made out is taken as not said: the status alone tells that the probe is registered.</summary>
    private static RegistrationReply Read(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            JsonElement reply = json.RootElement;
            TimeSpan? renew = Seconds(reply, "renew_s") ?? Seconds(reply, "lease_s") / 3;
            string? echo = Text(reply, "echo");
            return new RegistrationReply
            {
                Renew = TimeSpan.FromTicks(Math.Clamp((renew ?? UsualRenew).Ticks, LeastRenew.Ticks, LongestRenew.Ticks)),
                Address = IPAddress.TryParse(Text(reply, "address"), out IPAddress? address) ? address : null,
                IsEchoMissing = echo == "missing",
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return new RegistrationReply { Renew = UsualRenew };
        }
    }

    private static string? Text(JsonElement reply, string name) =>
        reply.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static TimeSpan? Seconds(JsonElement reply, string name) =>
        reply.TryGetProperty(name, out JsonElement value) && value.TryGetDouble(out double seconds) && seconds is >= 0 and < 1e9
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
