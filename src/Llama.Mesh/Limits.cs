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
}
