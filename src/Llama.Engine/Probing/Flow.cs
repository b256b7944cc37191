using Llama.Engine.Summaries;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>What the loop knows of a flow besides the counts of an interval. Belongs to the loop.</summary>
internal struct Flow
{
    public SourceSocket Source;
    public UdpEndpoint Remote;
    public int Pair;
    public byte Class;
    public ulong Session;
    public uint NextSequence;

    /// <summary>One past the highest sequence that was answered in time.</summary>
    public uint AnsweredEnd;

    /// <summary>RFC 3550 jitter, and the round-trip time that the next one is compared with.</summary>
    public double JitterNanos;
    public long LastRttNanos;
    public bool HasRtt;

    public byte LastForwardTtl;
    public LossDirection Direction;
}

/// <summary>A flow's counts in one interval.</summary>
internal struct FlowCounts
{
    public int Sent, Received, Lost, Late, Duplicates, Reordered, SendErrors;

    /// <summary>Second copies made before the reflector, which has therefore counted them.</summary>
    public int ForwardDuplicates;

    /// <summary>One past the sequence of the last datagram sent in the interval.</summary>
    public uint EndSequence;

    /// <summary>Replies that carried a reflector's stamps, and the lowest and highest of them by sequence.</summary>
    public int StampedReplies;
    public ReplyMark FirstReply, LastReply;

    public int TimedReplies;
    public long RttSumNanos, RttMinNanos, RttMaxNanos;

    public HeaderMarks Forward, Reverse;
    public int ForwardTtlChanges;

    public readonly bool IsEmpty => (Sent | Received | Lost | Late | Duplicates | Reordered | SendErrors) == 0;

    public void AddRtt(long nanos)
    {
        RttMinNanos = TimedReplies == 0 ? nanos : Math.Min(RttMinNanos, nanos);
        RttMaxNanos = TimedReplies == 0 ? nanos : Math.Max(RttMaxNanos, nanos);
        RttSumNanos += nanos;
        TimedReplies++;
    }

    public void AddStamped(ReplyMark reply)
    {
        if (StampedReplies == 0 || reply.Sequence < FirstReply.Sequence) FirstReply = reply;
        if (StampedReplies == 0 || reply.Sequence > LastReply.Sequence) LastReply = reply;
        StampedReplies++;
    }
}

/// <summary>How many of its session a reflector had received when it answered a datagram.</summary>
internal readonly record struct ReplyMark(uint Sequence, uint SessionReceives);

/// <summary>The IP header at one end of a path.</summary>
internal struct HeaderMarks
{
    public int Seen, Remarked;
    public byte Ttl, Tos;

    public void Add(byte ttl, byte tos, byte sentTos)
    {
        Seen++;
        Ttl = ttl;
        Tos = tos;
        if (tos != sentTos) Remarked++;
    }
}

/// <summary>A pair's times in one interval, besides its histograms.</summary>
internal struct PairTimes
{
    public int TimedReplies;
    public long RttSumNanos, RttMinNanos, RttMaxNanos;
    public OneWayDelays Forward, Reverse;

    public void AddRtt(long nanos)
    {
        RttMinNanos = TimedReplies == 0 ? nanos : Math.Min(RttMinNanos, nanos);
        RttMaxNanos = TimedReplies == 0 ? nanos : Math.Max(RttMaxNanos, nanos);
        RttSumNanos += nanos;
        TimedReplies++;
    }
}

/// <summary>
/// Delays in one direction between clocks that are not synchronised: only how far each is above the smallest means anything. The
/// smallest of the interval before is where counting begins, so what is recorded is small and therefore exact. What is further from
/// it than a delay can be comes from a clock that was stepped, or from a lie, and is left out; where most of an interval is, the
/// next one begins anew.
/// </summary>
internal struct OneWayDelays
{
    public bool HasBase;
    public long BaseNanos;
    public int Count;
    public int LeftOut;
    public long LeastAboveNanos;

    /// <summary>Takes a difference of the two clocks.</summary>
    /// <param name="differenceNanos">The difference.</param>
    /// <param name="possibleNanos">The longest that a delay can be.</param>
    /// <param name="aboveNanos">How far it is above the base.</param>
    /// <returns>False where it is left out.</returns>
    public bool TryAdd(long differenceNanos, long possibleNanos, out long aboveNanos)
    {
        aboveNanos = 0;
        if (HasBase)
        {
            // Unsigned, because the two may lie further apart than 63 bits hold.
            ulong apart = differenceNanos >= BaseNanos
                ? (ulong)differenceNanos - (ulong)BaseNanos
                : (ulong)BaseNanos - (ulong)differenceNanos;
            if (apart > (ulong)possibleNanos)
            {
                LeftOut++;
                return false;
            }
        }

        if (!HasBase || differenceNanos < BaseNanos)
        {
            HasBase = true;
            BaseNanos = differenceNanos;
        }

        aboveNanos = differenceNanos - BaseNanos;
        LeastAboveNanos = Count == 0 ? aboveNanos : Math.Min(LeastAboveNanos, aboveNanos);
        Count++;
        return true;
    }

    /// <summary>The same to begin the next interval with.</summary>
    public readonly OneWayDelays Next()
    {
        if (LeftOut > Count) return default;
        return new OneWayDelays { HasBase = HasBase, BaseNanos = Count == 0 ? BaseNanos : BaseNanos + LeastAboveNanos };
    }

    /// <summary>p99 less minimum (RFC 5481 section 4.2). Needs two delays at least.</summary>
    public readonly long Variation(LatencyHistogram above) => Math.Max(0, above.Percentile(0.99)!.Value - LeastAboveNanos);
}
