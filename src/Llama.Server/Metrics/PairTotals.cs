using System.Net;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;

namespace Llama.Server.Metrics;

/// <summary>What makes one pair and class: summaries with the same key are added up.</summary>
/// <param name="Source">Where from, canonical.</param>
/// <param name="Destination">Where to, canonical.</param>
/// <param name="Class">The ToS or Traffic Class octet.</param>
internal readonly record struct PairKey(IPAddress Source, IPEndPoint Destination, byte Class)
{
    /// <summary>The key of a summary.</summary>
    public static PairKey Of(Summary summary) => new(summary.Source.Canonical(), summary.Destination.Canonical(), summary.Class);
}

/// <summary>What became of one pair's datagrams since the start, and its newest summary. Immutable.</summary>
internal sealed record PairTotals(PairKey Key) : IPairSeries
{
    /// <summary>Upper bounds of the histogram that is exposed, in nanoseconds: 5 us to 10 s.</summary>
    public static IReadOnlyList<long> BoundsNanos { get; } =
    [
        5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ];

    /// <summary>The labels of its series, as text format has them between the braces.</summary>
    public byte[] Labels { get; private init; } = [];

    /// <summary>Fates of all datagrams.</summary>
    public DatagramCounts Counts { get; private init; }

    /// <summary>Round-trip times up to each of <see cref="BoundsNanos"/>.</summary>
    public IReadOnlyList<long> RttUpTo { get; private init; } = new long[BoundsNanos.Count];

    /// <summary>Round-trip times taken.</summary>
    public long RttCount { get; private init; }

    /// <summary>Their sum in nanoseconds.</summary>
    public long RttSumNanos { get; private init; }

    /// <inheritdoc cref="PathMarks.ForwardRemarked"/>
    public long? ForwardRemarked { get; private init; }

    /// <inheritdoc cref="PathMarks.ReverseRemarked"/>
    public long? ReverseRemarked { get; private init; }

    /// <inheritdoc cref="PathMarks.ForwardTtlChanges"/>
    public long? ForwardTtlChanges { get; private init; }

    /// <summary>Its summary in the newest report; null when it is not in there.</summary>
    public Summary? Latest { get; private init; }

    /// <summary>When a report or the plan last named it.</summary>
    public TimeSpan HeardOf { get; private init; }

    long? IPairSeries.Sent => Counts.Sent;

    long? IPairSeries.Received => Counts.Received;

    long? IPairSeries.Lost => Counts.Lost;

    long? IPairSeries.LostForward => Counts.LostForward;

    long? IPairSeries.LostReverse => Counts.LostReverse;

    long? IPairSeries.Late => Counts.Late;

    long? IPairSeries.Duplicates => Counts.Duplicates;

    long? IPairSeries.Reordered => Counts.Reordered;

    long? IPairSeries.SendErrors => Counts.SendErrors;

    long? IPairSeries.RttCount => RttCount;

    double IPairSeries.RttSumNanos => RttSumNanos;

    double? IPairSeries.LossRatio => Latest?.Counts.LossRatio;

    double? IPairSeries.JitterNanos => Latest?.JitterNanos;

    double? IPairSeries.DelayVariationNanos => Latest?.DelayVariationNanos;

    double? IPairSeries.ForwardDelayVariationNanos => Latest?.ForwardDelayVariationNanos;

    double? IPairSeries.ReverseDelayVariationNanos => Latest?.ReverseDelayVariationNanos;

    long? IPairSeries.ForwardTtl => Latest?.Path.ForwardTtl;

    long? IPairSeries.ReverseTtl => Latest?.Path.ReverseTtl;

    FlowStates? IPairSeries.Flows
    {
        get
        {
            if (Latest is null) return null;
            FlowStates states = default;
            foreach (FlowSummary flow in Latest.Flows) states = states.With(flow.Counts.Lost, flow.Counts.Received);
            return states;
        }
    }

    private IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>The same when a new report comes, before it is known to be in there.</summary>
    public PairTotals WithoutLatest(TimeSpan heardOf) => this with { Latest = null, HeardOf = heardOf };

    /// <summary>The totals with a summary added.</summary>
    public PairTotals With(Summary summary, TimeSpan now) => this with
    {
        Labels = ReferenceEquals(Tags, summary.Target.Tags) ? Labels : PairLabels.Write(Key, summary.Target),
        Tags = summary.Target.Tags,
        Counts = Counts + summary.Counts,
        RttUpTo = Add(RttUpTo, summary.Rtt),
        RttCount = RttCount + summary.Rtt.Count,
        RttSumNanos = RttSumNanos + summary.Rtt.SumNanos,
        ForwardRemarked = Add(ForwardRemarked, summary.Path.ForwardRemarked),
        ReverseRemarked = Add(ReverseRemarked, summary.Path.ReverseRemarked),
        ForwardTtlChanges = Add(ForwardTtlChanges, summary.Path.ForwardTtlChanges),
        Latest = summary,
        HeardOf = now,
    };

    private static long[] Add(IReadOnlyList<long> upTo, LatencyHistogram rtt)
    {
        var sums = new long[upTo.Count];
        for (int i = 0; i < sums.Length; i++) sums[i] = upTo[i] + rtt.CountUpTo(BoundsNanos[i]);
        return sums;
    }

    /// <summary>A count that was not always known is the sum of what was.</summary>
    private static long? Add(long? a, long? b) => a is null ? b : a + (b ?? 0);
}
