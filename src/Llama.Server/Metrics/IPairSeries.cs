namespace Llama.Server.Metrics;

/// <summary>
/// What the series of a pair and class show, whoever measured it. Null is what was not measured; what is of the last interval is
/// null when it is not known any more.
/// </summary>
internal interface IPairSeries
{
    /// <summary>The labels, as text format has them between the braces.</summary>
    byte[] Labels { get; }

    long? Sent { get; }

    long? Received { get; }

    long? Lost { get; }

    long? LostForward { get; }

    long? LostReverse { get; }

    long? Late { get; }

    long? Duplicates { get; }

    long? Reordered { get; }

    long? SendErrors { get; }

    long? ForwardRemarked { get; }

    long? ReverseRemarked { get; }

    long? ForwardTtlChanges { get; }

    /// <summary>Round-trip times up to each of <see cref="PairTotals.BoundsNanos"/>; null when only their count and sum are known.</summary>
    IReadOnlyList<long>? RttUpTo { get; }

    /// <summary>Round-trip times taken; null when none could be known.</summary>
    long? RttCount { get; }

    double RttSumNanos { get; }

    /// <summary>Lost of sent in the last interval.</summary>
    double? LossRatio { get; }

    double? JitterNanos { get; }

    double? DelayVariationNanos { get; }

    double? ForwardDelayVariationNanos { get; }

    double? ReverseDelayVariationNanos { get; }

    long? ForwardTtl { get; }

    long? ReverseTtl { get; }

    /// <summary>Flows of the last interval by what they lost; null when they are not known.</summary>
    FlowStates? Flows { get; }
}

/// <summary>Flows by what they lost.</summary>
/// <param name="Clean">Lost nothing.</param>
/// <param name="Lossy">Lost something.</param>
/// <param name="Dead">Lost all.</param>
internal readonly record struct FlowStates(int Clean, int Lossy, int Dead)
{
    /// <summary>The same and a flow.</summary>
    public FlowStates With(long lost, long received) => lost == 0 ? this with { Clean = Clean + 1 }
        : received > 0 ? this with { Lossy = Lossy + 1 }
        : this with { Dead = Dead + 1 };
}
