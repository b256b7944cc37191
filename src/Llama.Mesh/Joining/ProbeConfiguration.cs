namespace Llama.Mesh.Joining;

/// <summary>What a discovery server tells a probe to do. Immutable.</summary>
public sealed record ProbeConfiguration
{
    /// <summary>Whom to measure and how. Where the API listens is the probe's own affair.</summary>
    public required CollectorConfiguration Collector { get; init; }

    /// <summary>The key that the group's datagrams are authenticated with; empty for none.</summary>
    public ReadOnlyMemory<byte> DatagramKey { get; init; }
}

/// <summary>How a server writes configurations.</summary>
public enum ConfigurationForm
{
    /// <summary>The JSON of <c>/api/v2</c>, the same for all members of a group where it can be.</summary>
    Json,

    /// <summary>The YAML of scline/llama-sd, made for one probe.</summary>
    Yaml,
}

/// <summary>A configuration, or why there is none.</summary>
/// <param name="Configuration">The configuration; null where there is a problem.</param>
/// <param name="Problem">One line; null where there is none.</param>
/// <param name="LeftOut">Targets that nobody could send to, one line each; the others are measured.</param>
public sealed record ProbeConfigurationResult(ProbeConfiguration? Configuration, string? Problem, IReadOnlyList<string> LeftOut);
