namespace Llama.Mesh;

/// <summary>How far a configuration may go. Each is told in docs/configuration.md and in the messages.</summary>
internal static class Limits
{
    /// <summary>Seconds of an interval: a day.</summary>
    public const int MaxIntervalSeconds = 86_400;

    /// <summary>Milliseconds a reply may take.</summary>
    public const int MaxTimeoutMillis = 60_000;

    /// <summary>Cycles per second, at least: one a day.</summary>
    public const double MinCyclesPerSecond = 1.0 / 86_400;

    /// <summary>Cycles per second, at most.</summary>
    public const double MaxCyclesPerSecond = 1_000_000;

    /// <summary>UDP payload in bytes, at least: the fields that are always there, with room for what the reflector adds.</summary>
    public const int MinSize = 84;

    /// <summary>UDP payload in bytes, at most: a jumbo frame's.</summary>
    public const int MaxSize = 9216;

    /// <summary>Ports that one entry of a port group opens.</summary>
    public const int MaxCount = 1000;

    /// <summary>Flows of a file: over all tests, source ports times targets.</summary>
    public const long MaxFlows = 4_000_000;

    /// <summary>Source ports of a probe: classes times sizes times flows of its group.</summary>
    public const int MaxSourcePorts = 4096;

    /// <summary>Targets that a sample or a test between groups gives to each probe.</summary>
    public const int MaxDegree = 1000;

    /// <summary>Tags of a tiered plan's path.</summary>
    public const int MaxTiers = 8;

    /// <summary>Representatives of a tier.</summary>
    public const int MaxRepresentatives = 100;

    /// <summary>Characters of a group's name.</summary>
    public const int MaxNameLength = 200;
}
