namespace Llama.Mesh.Plans;

/// <summary>What the probes of a group will have to do, and how soon they will see something. Immutable.</summary>
public sealed record GroupForecast
{
    /// <summary>Loss that is looked for.</summary>
    public const double Loss = 0.01;

    /// <summary>Loss that is to be told from <see cref="Loss"/>.</summary>
    public const double UsualLoss = 0.001;

    /// <summary>How sure to be of it.</summary>
    public const double Confidence = 0.99;

    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>Its settings.</summary>
    public required GroupSettings Settings { get; init; }

    /// <summary>Its members.</summary>
    public required int Probes { get; init; }

    /// <summary>How many each probe sends to, in all its tests.</summary>
    public required Spread Targets { get; init; }

    /// <summary>How many send to each probe, those of other groups among them.</summary>
    public required Spread Testers { get; init; }

    /// <summary>Pairs that the group's probes measure, each direction by itself.</summary>
    public required long Pairs { get; init; }

    /// <summary>Flows of these pairs: source ports times targets, of all probes.</summary>
    public long Flows => Pairs * Settings.Ports.Sum(port => port.Count);

    /// <summary>
    /// Datagrams that leave each probe in a second: its own, and those of others that it sends back. As many arrive, while none is lost.
    /// </summary>
    public required Spread DatagramsPerSecond { get; init; }

    /// <summary>The same in bits over IPv4: UDP payload and 28 octets of UDP and IP header, without those of the link.</summary>
    public required Spread BitsPerSecondIPv4 { get; init; }

    /// <summary>The same in bits over IPv6, with 48 octets of headers.</summary>
    public required Spread BitsPerSecondIPv6 { get; init; }

    /// <summary>Datagrams that a probe sends to each of its targets in a second, over all flows, classes and sizes.</summary>
    public double PairDatagramsPerSecond => Settings.CyclesPerSecond * Settings.Ports.Sum(port => port.Count);

    /// <summary>How long until a pair that loses <see cref="Loss"/> has lost a datagram, with <see cref="Confidence"/>.</summary>
    public TimeSpan LossSeenAfter => TimeSpan.FromSeconds(LossDetection.DatagramsToSee(Loss, Confidence) / PairDatagramsPerSecond);

    /// <summary>How long until such a pair is told from one that loses <see cref="UsualLoss"/>, with <see cref="Confidence"/>.</summary>
    public TimeSpan LossToldAfter => TimeSpan.FromSeconds(LossDetection.DatagramsToTell(Loss, UsualLoss, Confidence) / PairDatagramsPerSecond);

    /// <summary>How long until a single flow that loses <see cref="Loss"/> has lost a datagram, with <see cref="Confidence"/>.</summary>
    public TimeSpan FlowLossSeenAfter => TimeSpan.FromSeconds(LossDetection.DatagramsToSee(Loss, Confidence) / Settings.CyclesPerSecond);
}

/// <summary>Least, mean and most over the probes of a group; zeros where it has none.</summary>
/// <param name="Min">Least.</param>
/// <param name="Mean">Mean.</param>
/// <param name="Max">Most.</param>
public readonly record struct Spread(double Min, double Mean, double Max)
{
    internal static Spread Of<T>(IReadOnlyCollection<T> probes, Func<T, double> value) =>
        probes.Count == 0 ? default : new Spread(probes.Min(value), probes.Average(value), probes.Max(value));
}
