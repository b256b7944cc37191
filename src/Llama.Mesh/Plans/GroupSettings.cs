namespace Llama.Mesh.Plans;

/// <summary>How the probes of a group test each other. Immutable; the defaults are those of the original server's configurations.</summary>
public sealed record GroupSettings
{
    /// <summary>The defaults.</summary>
    public static GroupSettings Default { get; } = new();

    /// <summary>Length of an interval, whole seconds. Default: 10 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Cycles per second, above 0: each sends one datagram from every port to every target. Default: 2.</summary>
    public double CyclesPerSecond { get; init; } = 2;

    /// <summary>Source ports of each class and size, at least 1. Default: 4.</summary>
    public int Flows { get; init; } = 4;

    /// <summary>The ToS or traffic class octets to measure with. Default: 0 alone.</summary>
    public IReadOnlyList<byte> Classes { get; init; } = [0];

    /// <summary>UDP payloads in bytes to measure with. Default: 1028 alone.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [PortSettings.DefaultSize];

    /// <summary>How long a reply may take. Default: 1 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Don't-fragment: set, cleared, or, by default, as the kernel does.</summary>
    public bool? DontFragment { get; init; }

    /// <summary>Who tests whom. Default: everybody everybody.</summary>
    public MeshPlan Plan { get; init; } = new FullPlan();

    /// <summary>What happens with a probe whose reflector does not answer the server. Default: <see cref="EchoRule.Warn"/>.</summary>
    public EchoRule Echo { get; init; } = EchoRule.Warn;

    /// <summary>The token that registering in this group takes; null leaves it to the server's.</summary>
    public string? RegisterToken { get; init; }

    /// <summary>The key that the group's datagrams are authenticated with, handed out over TLS alone; empty for none.</summary>
    public ReadOnlyMemory<byte> DatagramKey { get; init; }

    /// <summary>
    /// The source ports of a probe, one entry for each class and size. A single entry is named <c>default</c>, as in the original's
    /// configurations; of several each after its class and size, as in <c>EF-1028</c>.
    /// </summary>
    public IReadOnlyList<PortSettings> Ports =>
    [
        .. from octet in Classes
           from size in Sizes
           select new PortSettings
           {
               Name = Classes.Count * Sizes.Count == 1 ? "default" : $"{TrafficClass.Name(octet)}-{size}",
               Class = octet,
               Timeout = Timeout,
               Size = size,
               DontFragment = DontFragment,
               Count = Flows,
           },
    ];

    /// <summary>Without its secrets, so that no log tells them.</summary>
    public override string ToString() => $"{Plan}, {CyclesPerSecond} cycles/s, {Flows} flows, every {Interval.TotalSeconds} s";
}

/// <summary>What the server does with a probe whose reflector does not send its datagrams back.</summary>
public enum EchoRule
{
    /// <summary>Does not try.</summary>
    Off,

    /// <summary>Hands it out as a target, and says that it does not answer.</summary>
    Warn,

    /// <summary>Hands it out as a target only while it answers.</summary>
    Require,
}
