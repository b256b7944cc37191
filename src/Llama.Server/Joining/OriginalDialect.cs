using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Llama.Mesh.Joining;

namespace Llama.Server.Joining;

/// <summary>What the probes of scline/llama-sd say to their server: register and fetch a configuration every 30 seconds.</summary>
internal sealed class OriginalDialect(ServerConnection server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    // The original documents a day, and refuses registrations that leave it out.
    private static readonly TimeSpan UsualKeepalive = TimeSpan.FromDays(1);

    /// <inheritdoc cref="DiscoveryClient.RegisterAsync"/>
    public async Task<RegistrationReply> RegisterAsync(ProbeClaim claim, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(Registration(claim));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        await server.SendAsync(HttpMethod.Post, "api/v1/register", content, Patience, cancellation);
        return new RegistrationReply { Renew = Period, IsOriginal = true };
    }

    /// <inheritdoc cref="DiscoveryClient.GetConfigurationAsync"/>
    public async Task<ConfigurationReply> GetConfigurationAsync(ProbeClaim claim, string? knownTag, CancellationToken cancellation)
    {
        string path = string.Create(
            CultureInfo.InvariantCulture, $"api/v1/config/{Uri.EscapeDataString(claim.Identity.Group)}?llamaport={claim.Identity.Port}");
        if (claim.Address is { } address) path += $"&srcip={Uri.EscapeDataString(address.ToString())}";
        ServerReply reply = await server.SendAsync(HttpMethod.Get, path, null, Patience, cancellation);
        Refusals.ThrowIfEmpty(reply);
        string tag = Convert.ToHexStringLower(SHA256.HashData(reply.Body));
        var answer = new ConfigurationReply { Tag = tag, Form = ConfigurationForm.Yaml, AskAgainIn = Period };
        return tag == knownTag ? answer : answer with { Body = reply.Body };
    }

    private static byte[] Registration(ProbeClaim claim)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteNumber("port"u8, claim.Identity.Port);
            json.WriteNumber("keepalive"u8, Math.Max(1, (long)(claim.Keepalive ?? UsualKeepalive).TotalSeconds));
            json.WriteString("group"u8, claim.Identity.Group);
            if (claim.Address is { } address) json.WriteString("ip"u8, address.ToString());
            json.WriteStartObject("tags"u8);
            foreach ((string key, string value) in claim.Tags)
                if (key is not ("version" or "probe_shortname" or "probe_name")) json.WriteString(key, value);
            json.WriteString("version"u8, claim.Version);
            json.WriteString("probe_shortname"u8, claim.Identity.Name);
            json.WriteString("probe_name"u8, claim.Identity.FullName);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return body.ToArray();
    }
}
