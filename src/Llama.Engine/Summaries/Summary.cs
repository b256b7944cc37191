using System.Net;

namespace Llama.Engine.Summaries;

/// <summary>
/// What happened to the datagrams of one pair and class that were sent in one interval. Immutable, so any thread may read it.
/// Always <c>Sent = Received + Lost</c>. What was not measured is null, never 0.
/// </summary>
public sealed record Summary
{
    /// <summary>The address the datagrams were sent from, as configured: the wildcard where the kernel chose.</summary>
    public required IPAddress Source { get; init; }

    /// <summary>Whom they were sent to, with its tags.</summary>
    public required Target Target { get; init; }

    /// <summary>The address and port they were sent to.</summary>
    public required IPEndPoint Destination { get; init; }

    /// <summary>The ToS or traffic class octet they were sent with.</summary>
    public required byte Class { get; init; }

    /// <summary>The datagrams' fates, over all flows.</summary>
    public required DatagramCounts Counts { get; init; }

    /// <summary>Round-trip times, reflector dwell taken out where the reflector told it; in nanoseconds.</summary>
    public required LatencyHistogram Rtt { get; init; }

    /// <summary>RFC 3550 section 6.4.1 interarrival jitter of round-trip times, mean over the flows; nanoseconds. Null below two replies.</summary>
    public double? JitterNanos { get; init; }

    /// <summary>RFC 5481 delay variation of round-trip times: p99 less minimum; nanoseconds. Null below two replies.</summary>
    public long? DelayVariationNanos { get; init; }

    /// <summary>Delay variation on the way there, from t2 - t1 against their minimum. Null where the reflector does not tell t2.</summary>
    public long? ForwardDelayVariationNanos { get; init; }

    /// <summary>Delay variation on the way back, from t4 - t3 against their minimum. Null where the reflector does not tell t3.</summary>
    public long? ReverseDelayVariationNanos { get; init; }

    /// <summary>What the path did to the IP header.</summary>
    public required PathMarks Path { get; init; }

    /// <summary>The same for each flow, in the order of their source ports.</summary>
    public required IReadOnlyList<FlowSummary> Flows { get; init; }
}

/// <summary>One source port's share of a <see cref="Summary"/>: one path through equal-cost routing.</summary>
public sealed record FlowSummary
{
    /// <summary>The UDP source port.</summary>
    public required int SourcePort { get; init; }

    /// <summary>The datagrams' fates.</summary>
    public required DatagramCounts Counts { get; init; }

    /// <summary>Smallest round-trip time in nanoseconds; null without a timed reply.</summary>
    public long? RttMinNanos { get; init; }

    /// <summary>Mean round-trip time in nanoseconds; null without a timed reply.</summary>
    public double? RttMeanNanos { get; init; }

    /// <summary>Largest round-trip time in nanoseconds; null without a timed reply.</summary>
    public long? RttMaxNanos { get; init; }

    /// <summary>What the path did to the IP header.</summary>
    public required PathMarks Path { get; init; }
}

/// <summary>Datagrams by fate. <c>Sent = Received + Lost</c> always holds.</summary>
public readonly record struct DatagramCounts
{
    /// <summary>Handed to the kernel in the interval.</summary>
    public long Sent { get; init; }

    /// <summary>Of these, answered before their deadline.</summary>
    public long Received { get; init; }

    /// <summary>Of these, not answered before their deadline.</summary>
    public long Lost { get; init; }

    /// <summary>Of the lost, those that never reached the reflector. Null where that can't be known.</summary>
    public long? LostForward { get; init; }

    /// <summary>Of the lost, those that the reflector answered. Null where that can't be known.</summary>
    public long? LostReverse { get; init; }

    /// <summary>Replies that came after the deadline; they stay lost (RFC 2680 section 2.4).</summary>
    public long Late { get; init; }

    /// <summary>Second and further copies of replies (RFC 5560).</summary>
    public long Duplicates { get; init; }

    /// <summary>Replies that came with a lower sequence number than one before them (RFC 4737 section 3).</summary>
    public long Reordered { get; init; }

    /// <summary>Not sent at all, because the kernel refused; not part of <see cref="Sent"/>.</summary>
    public long SendErrors { get; init; }

    /// <summary>Lost of sent, 0 to 1; null when nothing was sent.</summary>
    public double? LossRatio => Sent == 0 ? null : (double)Lost / Sent;

    /// <summary>Both together. A direction that one of them does not know is the sum of what the other does.</summary>
    public static DatagramCounts operator +(DatagramCounts left, DatagramCounts right) => new()
    {
        Sent = left.Sent + right.Sent,
        Received = left.Received + right.Received,
        Lost = left.Lost + right.Lost,
        LostForward = SumOfKnown(left.LostForward, right.LostForward),
        LostReverse = SumOfKnown(left.LostReverse, right.LostReverse),
        Late = left.Late + right.Late,
        Duplicates = left.Duplicates + right.Duplicates,
        Reordered = left.Reordered + right.Reordered,
        SendErrors = left.SendErrors + right.SendErrors,
    };

    private static long? SumOfKnown(long? left, long? right) => left is null ? right : left + (right ?? 0);
}

/// <summary>What a path did to the IP header. Null where the other end, or the socket in use, does not tell.</summary>
public readonly record struct PathMarks
{
    /// <summary>TTL or hop limit of the last datagram as it arrived at the reflector; it was sent with 64.</summary>
    public byte? ForwardTtl { get; init; }

    /// <summary>TTL or hop limit of the last reply as it arrived here.</summary>
    public byte? ReverseTtl { get; init; }

    /// <summary>ToS or traffic class octet of the last datagram as it arrived at the reflector: differs from the class when re-marked.</summary>
    public byte? ForwardTos { get; init; }

    /// <summary>ToS or traffic class octet of the last reply as it arrived here.</summary>
    public byte? ReverseTos { get; init; }

    /// <summary>Replies that told of a class changed on the way there.</summary>
    public long? ForwardRemarked { get; init; }

    /// <summary>Replies whose class had been changed on the way back.</summary>
    public long? ReverseRemarked { get; init; }

    /// <summary>How often the TTL at the reflector differed from the one before it on the same flow: the path changed length.</summary>
    public long? ForwardTtlChanges { get; init; }
}
