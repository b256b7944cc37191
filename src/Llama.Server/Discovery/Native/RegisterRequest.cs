using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Llama.Mesh.Membership;

namespace Llama.Server.Discovery.Native;

/// <summary>The body of a registration, before anything in it is believed.</summary>
internal sealed record RegisterRequest
{
    public string? Address { get; init; }

    public int? Port { get; init; }

    public string? FullName { get; init; }

    public string? Version { get; init; }

    public Dictionary<string, string?>? Tags { get; init; }

    public double? KeepaliveS { get; init; }

    public string? Instance { get; init; }

    public bool? Pushes { get; init; }

    /// <summary>Reads a body; null when it is no such object, and <paramref name="problem"/> says why.</summary>
    public static RegisterRequest? Read(ReadOnlySpan<byte> body, out string problem)
    {
        problem = "";
        try
        {
            if (JsonSerializer.Deserialize(body, RegisterRequestJson.Default.RegisterRequest) is { } request) return request;
            problem = "The body is null. It is a JSON object with port and instance at least.";
        }
        catch (JsonException e)
        {
            string place = e.Path is null or "$" ? "" : $" at {e.Path}";
            problem = $"The body can't be read{place}, line {e.LineNumber + 1}: it is a JSON object as /openapi/v2.json describes it, each member once.";
        }

        return null;
    }

    /// <summary>Checks everything and fills in the defaults; null when something is wrong, and <paramref name="problem"/> says what.</summary>
    /// <param name="path">Group and name.</param>
    /// <param name="source">Where the request comes from.</param>
    /// <param name="keepalive">How long a probe that does not say stays.</param>
    /// <param name="now">The time.</param>
    /// <param name="problem">What is wrong and what to do.</param>
    public Registration? Check(ProbePath path, IPAddress source, TimeSpan keepalive, DateTimeOffset now, out string problem)
    {
        IPAddress? address = source;
        problem =
            Named("group", RegistrationRules.ProblemOfName(path.Group))
            ?? Named("name", RegistrationRules.ProblemOfName(path.Name))
            ?? (Address is not null && !RegistrationRules.TryParseAddress(Address, out address) ? "address is no IP address: give one, without a port" : null)
            ?? Named("address", RegistrationRules.ProblemOfAddress(address))
            ?? (Port is null or < 1 or > 65535 ? "port is missing or none from 1 to 65535: give the UDP port of the reflector" : null)
            ?? (Instance is null ? "instance is missing: give a random text that the probe keeps over restarts" : Named("instance", RegistrationRules.ProblemOfName(Instance)))
            ?? (FullName is null ? null : Named("full_name", RegistrationRules.ProblemOfName(FullName)))
            ?? (string.IsNullOrEmpty(Version) ? null : Named("version", RegistrationRules.ProblemOfName(Version)))
            ?? (KeepaliveS is null or > 0 ? null : "keepalive_s is none above 0: give the seconds that the probe stays without being heard of")
            ?? ProblemOfTags()
            ?? "";
        if (problem.Length > 0) return null;
        return new Registration
        {
            Group = path.Group,
            Name = path.Name,
            FullName = FullName ?? path.Name,
            Address = address,
            Port = Port!.Value,
            Keepalive = KeepaliveS is { } seconds ? RegistrationRules.Keepalive(seconds) : keepalive,
            Version = Version ?? "",
            Tags = [.. (Tags ?? []).Select(tag => KeyValuePair.Create(tag.Key, tag.Value!))],
            Instance = Instance,
            Pushes = Pushes ?? false,
            RegisteredAt = now,
        };
    }

    private string? ProblemOfTags()
    {
        if (Tags is null) return null;
        if (Tags.Count > RegistrationRules.MaxTags) return $"tags has more than {RegistrationRules.MaxTags}: leave some out";
        foreach ((string key, string? value) in Tags)
        {
            if (value is null) return $"the tag {key} has no value: give a text, or leave it out";
            if (Named($"the tag {key}", RegistrationRules.ProblemOfTag(key, value)) is { } problem) return problem;
        }

        return null;
    }

    private static string? Named(string what, string? problem) => problem is null ? null : $"{what} {problem}";
}

/// <summary>Reads registrations without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(RegisterRequest))]
internal sealed partial class RegisterRequestJson : JsonSerializerContext;
