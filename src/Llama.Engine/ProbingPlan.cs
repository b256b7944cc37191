using System.Net;

namespace Llama.Engine;

/// <summary>Everything a prober does: whom it sends to, from where, how often, and how results are cut into intervals. Immutable.</summary>
public sealed record ProbingPlan
{
    /// <summary>Length of an interval: whole seconds, at least 1. Intervals start at its multiples on the wall clock.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>The tests, each with its own pace.</summary>
    public required IReadOnlyList<ProbingTest> Tests { get; init; }
}

/// <summary>Source ports that send to targets at one pace. Each cycle sends one datagram from every port to every target.</summary>
public sealed record ProbingTest
{
    /// <summary>What tells this test from the others of a plan, so that a reload finds it again.</summary>
    public required string Name { get; init; }

    /// <summary>Cycles per second, above 0.</summary>
    public required double CyclesPerSecond { get; init; }

    /// <summary>How many datagrams it sends over all flows before it ends, however long that takes; null, the default, for no end.</summary>
    public long? MostDatagrams { get; init; }

    /// <summary>Where datagrams leave from: one socket each.</summary>
    public required IReadOnlyList<SourcePort> Ports { get; init; }

    /// <summary>Where they go. Those without an address yet are left out until a later plan has it.</summary>
    public required IReadOnlyList<Target> Targets { get; init; }
}

/// <summary>A UDP port that datagrams leave from, and how they look. With each target it makes a flow.</summary>
public sealed record SourcePort
{
    /// <summary>Smallest <see cref="Size"/>: the fields that are always there, with room for what the reflector adds.</summary>
    public const int MinSize = 84;

    /// <summary>Largest <see cref="Size"/>: a jumbo frame's payload.</summary>
    public const int MaxSize = 9216;

    /// <summary>Tells ports of one test that are otherwise alike from each other.</summary>
    public required int Ordinal { get; init; }

    /// <summary>The address to bind; the wildcard (either family) leaves the choice to the kernel and sends to both families.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The port to bind; 0 lets the kernel choose.</summary>
    public int Port { get; init; }

    /// <summary>The ToS or traffic class octet (DSCP and ECN).</summary>
    public byte Class { get; init; }

    /// <summary>How long a reply may take before its datagram counts as lost; above 0.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>UDP payload in bytes. Default: 1028, what the Go collector sends.</summary>
    public int Size { get; init; } = 1028;

    /// <summary>Don't-fragment: set, cleared, or (null) as the kernel does by default.</summary>
    public bool? DontFragment { get; init; }
}

/// <summary>A reflector to send to.</summary>
public sealed record Target
{
    /// <summary>The host as it was configured: a name or an address.</summary>
    public required string Host { get; init; }

    /// <summary>Its address and port; null while a name has not been resolved.</summary>
    public IPEndPoint? EndPoint { get; init; }

    /// <summary>What the operator wants its summaries to carry.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}
