using System.Runtime.CompilerServices;

namespace Llama.Server.Sinks.Records;

/// <summary>A number of a row that a record may hold. The order is part of the record's format: new ones go to the end.</summary>
internal enum Measure
{
    Sent,
    Received,
    Lost,
    LostForward,
    LostReverse,
    Late,
    Duplicates,
    Reordered,
    SendErrors,

    /// <summary>Replies that were timed.</summary>
    RttCount,

    /// <summary>Nanoseconds, like all durations.</summary>
    RttSum,
    RttMin,
    RttMean,
    RttP50,
    RttP90,
    RttP99,
    RttMax,

    /// <summary>RFC 3550 section 6.4.1 interarrival jitter.</summary>
    Jitter,

    /// <summary>RFC 5481: p99 less minimum.</summary>
    DelayVariation,
    ForwardDelayVariation,
    ReverseDelayVariation,
    ForwardTtl,
    ReverseTtl,
    ForwardTos,
    ReverseTos,
    ForwardRemarked,
    ReverseRemarked,
    ForwardTtlChanges,

    /// <summary>How many pairs a rolled-up row sums.</summary>
    Pairs,

    /// <summary>How many of them lost datagrams.</summary>
    LossyPairs,
}

/// <summary>The numbers of one pair or flow; null is what was not measured. None is negative: a negative one counts as not measured.</summary>
internal struct Measures
{
    /// <summary>How many kinds there are.</summary>
    public const int Count = (int)Measure.LossyPairs + 1;

    private Values _values;

    /// <summary>Which are known: bit n is the measure of value n.</summary>
    public uint Known { get; private set; }

    /// <summary>A number; null when it was not measured.</summary>
    public long? this[Measure measure]
    {
        readonly get => (Known & Bit(measure)) == 0 ? null : _values[(int)measure];
        set
        {
            if (value is not >= 0)
            {
                Known &= ~Bit(measure);
                return;
            }

            Known |= Bit(measure);
            _values[(int)measure] = value.GetValueOrDefault();
        }
    }

    private static uint Bit(Measure measure) => 1u << (int)measure;

    [InlineArray(Count)]
    private struct Values
    {
        private long _first;
    }
}
