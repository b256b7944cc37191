using System.Net;

namespace Llama.Cli.Demo;

/// <summary>What a hop does to datagrams in one direction. Immutable.</summary>
internal sealed record Impairment
{
    /// <summary>Nothing at all.</summary>
    public static Impairment None { get; } = new();

    /// <summary>How long each datagram is held at the least.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>How much longer it may be held: evenly spread from nothing to this. Datagrams of a flow never overtake each other.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Share of datagrams that vanish, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>
    /// Share for some flows, by the address they come from and their number in the order they appeared, from 0; null where
    /// <see cref="Loss"/> holds.
    /// </summary>
    public Func<IPAddress, int, double?>? LossOfFlow { get; init; }
}

/// <summary>One flow's way through a hop in one direction: decides what becomes of each datagram. The same seed decides the same.</summary>
internal sealed class ImpairedPath(Impairment impairment, IPAddress source, int flow, int seed)
{
    private readonly Random _random = new(seed);
    private readonly double _loss = impairment.LossOfFlow?.Invoke(source, flow) ?? impairment.Loss;
    private readonly long _delayNanos = Nanos(impairment.Delay);
    private readonly long _jitterNanos = Nanos(impairment.Jitter);
    private long _lastDue = long.MinValue;

    /// <summary>When a datagram leaves the hop; null when it is lost.</summary>
    /// <param name="arrivedNanos">When it came, in nanoseconds on any clock that only goes forward.</param>
    public long? Pass(long arrivedNanos)
    {
        // Both numbers are drawn every time, so that the loss of one datagram does not change the fate of the next.
        double fate = _random.NextDouble();
        double extra = _random.NextDouble();
        if (fate < _loss) return null;
        _lastDue = Math.Max(_lastDue, arrivedNanos + _delayNanos + (long)(extra * _jitterNanos));
        return _lastDue;
    }

    private static long Nanos(TimeSpan span) => span.Ticks * TimeSpan.NanosecondsPerTick;
}
