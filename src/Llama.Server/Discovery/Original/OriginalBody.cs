using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Llama.Mesh.Membership;

namespace Llama.Server.Discovery.Original;

/// <summary>Reads the body of a registration as the original's probes send it.</summary>
internal static class OriginalBody
{
    /// <summary>What the original says of a body that is no JSON.</summary>
    public const string NoJson = "The browser (or proxy) sent a request that this server could not understand.";

    private static readonly string[] Named = ["version", "probe_shortname", "probe_name"];
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a registration.</summary>
    /// <param name="body">JSON as UTF-8, UTF-16 or UTF-32, with or without a byte order mark.</param>
    /// <param name="source">Where it comes from: the probe's address where it gives none.</param>
    /// <param name="options">Has the defaults.</param>
    /// <param name="now">The time by the wall clock.</param>
    /// <param name="problem">Why there is none, for whoever sent it.</param>
    public static Registration? Read(ReadOnlyMemory<byte> body, IPAddress source, DiscoveryOptions options, DateTimeOffset now, out string problem)
    {
        problem = NoJson;
        if (ToUtf8(body) is not { } json) return null;
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement, source, options, now, out problem);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is what the parser says of an escape that is half of a surrogate pair.
            problem = NoJson;
            return null;
        }
    }

    private static Registration? Read(JsonElement root, IPAddress source, DiscoveryOptions options, DateTimeOffset now, out string problem)
    {
        problem = root.ValueKind switch
        {
            JsonValueKind.Null => "Failed to decode JSON object",
            JsonValueKind.Object => "",
            _ => "The body is no JSON object: send one with port, and with keepalive, group, ip and tags as needed.",
        };
        if (problem.Length > 0) return null;

        double port = 0, keepalive = options.DefaultKeepalive.TotalSeconds;
        string group = options.DefaultGroup;
        IPAddress address = source;
        OrderedDictionary<string, string>? tags = null;
        if (!root.TryGetProperty("port", out JsonElement element)) problem = "port is missing: give the UDP port of the reflector.";
        else if (element.ValueKind != JsonValueKind.Number || !element.TryGetDouble(out port) || !(port is >= 1 and <= ushort.MaxValue) || port != Math.Truncate(port))
            problem = "port is no whole number from 1 to 65535: give the UDP port of the reflector.";
        else if (root.TryGetProperty("keepalive", out element) && (element.ValueKind != JsonValueKind.Number || !element.TryGetDouble(out keepalive) || !(keepalive > 0)))
            problem = "keepalive is no number of seconds above 0: give how long to stay listed without being heard of.";
        else if (root.TryGetProperty("group", out element) && (element.ValueKind != JsonValueKind.String || !TryReadGroup(element, ref group, out problem)))
            problem = problem.Length > 0 ? problem : "group is no text: give the name of a group, or leave it out.";
        else if (root.TryGetProperty("ip", out element) && !IsNothing(element) && !TryReadAddress(element, ref address))
            problem = "ip is no IPv4 or IPv6 address: give the probe's own, or leave it out.";
        else if (RegistrationRules.ProblemOfAddress(address) is { } addressProblem) problem = $"ip {addressProblem}.";
        else if (root.TryGetProperty("tags", out element)) tags = ReadTags(element, out problem);
        if (problem.Length > 0) return null;

        string id = string.Create(CultureInfo.InvariantCulture, $"{address}:{(int)port}");
        string name = tags?.GetValueOrDefault("probe_shortname") is { Length: > 0 } shortName ? shortName : id;
        TimeSpan lease = RegistrationRules.Keepalive(keepalive);
        if (RegistrationRules.ProblemOfName(name) is { } nameProblem)
        {
            problem = $"probe_shortname {nameProblem}.";
            return null;
        }

        return new Registration
        {
            Group = group,
            Name = name,
            FullName = tags?.GetValueOrDefault("probe_name") ?? name,
            Address = address,
            Port = (int)port,
            Keepalive = lease,
            Version = tags?.GetValueOrDefault("version") ?? "",
            Tags = tags is null ? [] : [.. tags.Where(tag => !Named.Contains(tag.Key))],
            OriginalJson = Compose(root, group, address, (int)port, lease),
            RegisteredAt = now,
        };
    }

    private static bool TryReadGroup(JsonElement element, ref string group, out string problem)
    {
        // A group without a name can't be asked for: the default is meant.
        if (element.GetString() is { Length: > 0 } given) group = given;
        problem = RegistrationRules.ProblemOfName(group) is { } wrong ? $"group {wrong}." : "";
        return problem.Length == 0;
    }

    private static bool TryReadAddress(JsonElement element, ref IPAddress address) =>
        element.ValueKind == JsonValueKind.String && RegistrationRules.TryParseAddress(element.GetString()!, out address);

    /// <summary>What Python takes for false, and the original for an address that was not given.</summary>
    private static bool IsNothing(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => element.ValueEquals(""),
        JsonValueKind.Number => element.GetDouble() == 0,
        JsonValueKind.Array => element.GetArrayLength() == 0,
        JsonValueKind.Object => element.GetPropertyCount() == 0,
        _ => false,
    };

    private static OrderedDictionary<string, string>? ReadTags(JsonElement element, out string problem)
    {
        problem = "tags is no JSON object: give one with version, probe_shortname and probe_name, or leave it out.";
        if (element.ValueKind != JsonValueKind.Object) return null;
        foreach (string name in Named)
        {
            problem = $"tags has no {name}, or one that is no text: give it, or leave tags out.";
            if (!element.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.String) return null;
        }

        OrderedDictionary<string, string> tags = OriginalTags.TextsOf(element);
        problem = tags.Count > RegistrationRules.MaxTags ? $"tags has more than {RegistrationRules.MaxTags} entries: leave some out." : "";
        foreach ((string key, string value) in tags)
            if (problem.Length == 0 && RegistrationRules.ProblemOfTag(key, value) is { } wrong) problem = $"A tag {wrong}.";
        return problem.Length == 0 ? tags : null;
    }

    /// <summary>
    /// The registration as it came, in its order, each key once, with what was left out filled in; without what only the server
    /// can say (id and create_date), so that a renewal has the same text.
    /// </summary>
    private static string Compose(JsonElement root, string group, IPAddress address, int port, TimeSpan lease)
    {
        var members = new OrderedDictionary<string, JsonElement>();
        foreach (JsonProperty property in root.EnumerateObject()) members[property.Name] = property.Value;
        foreach (string key in (ReadOnlySpan<string>)["ip", "group", "keepalive", "port"]) members.TryAdd(key, default);
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output, Compact))
        {
            json.WriteStartObject();
            foreach ((string key, JsonElement value) in members)
            {
                if (key is "id" or "create_date") continue;
                json.WritePropertyName(key);
                if (key == "ip") json.WriteStringValue(address.ToString());
                else if (key == "group") json.WriteStringValue(group);
                else if (key == "port") json.WriteNumberValue(port);
                else if (key != "keepalive") Copy(json, value);
                else if (value.ValueKind == JsonValueKind.Number && lease < RegistrationRules.MaxKeepalive) json.WriteRawValue(value.GetRawText());
                else json.WriteNumberValue(lease.TotalSeconds);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static void Copy(Utf8JsonWriter json, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new OrderedDictionary<string, JsonElement>();
                foreach (JsonProperty property in value.EnumerateObject()) members[property.Name] = property.Value;
                json.WriteStartObject();
                foreach ((string key, JsonElement member) in members)
                {
                    json.WritePropertyName(key);
                    Copy(json, member);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray()) Copy(json, item);
                json.WriteEndArray();
                break;
            case JsonValueKind.String:
                json.WriteStringValue(value.GetString());
                break;
            default:
                json.WriteRawValue(value.GetRawText());
                break;
        }
    }

    /// <summary>The body as UTF-8 without a byte order mark, told apart as Python's json does; null when it is none of them.</summary>
    private static ReadOnlyMemory<byte>? ToUtf8(ReadOnlyMemory<byte> body)
    {
        ReadOnlySpan<byte> octets = body.Span;
        if (octets.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) body = body[3..];
        else if (WideEncoding(octets) is { } encoding)
        {
            try
            {
                string text = encoding.GetString(octets);
                return Encoding.UTF8.GetBytes(text.StartsWith('\uFEFF') ? text[1..] : text);
            }
            catch (DecoderFallbackException)
            {
                return null;
            }
        }

        return Utf8.IsValid(body.Span) ? body : null;
    }

    private static Encoding? WideEncoding(ReadOnlySpan<byte> octets) => octets switch
    {
        [0, 0, 0xFE, 0xFF, ..] => new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true),
        [0xFF, 0xFE, 0, 0, ..] => new UTF32Encoding(bigEndian: false, byteOrderMark: false, throwOnInvalidCharacters: true),
        [0xFE, 0xFF, ..] => new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true),
        [0xFF, 0xFE, ..] => new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true),
        [0, 0, 0, not 0, ..] => new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true),
        [not 0, 0, 0, 0, ..] => new UTF32Encoding(bigEndian: false, byteOrderMark: false, throwOnInvalidCharacters: true),
        [0, not 0, ..] => new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true),
        [not 0, 0, ..] => new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true),
        _ => null,
    };
}
