using Llama.Engine.Summaries;
using Llama.Server.Metrics;
using Llama.Server.Sinks.Records;
using Llama.Server.Sinks.Views;

namespace Llama.Server.Sinks.Prometheus;

/// <summary>The series of one row: what rows with its labels have counted, and the numbers of the newest. Immutable.</summary>
/// <param name="labels">Its labels.</param>
/// <param name="origin">Whose it is.</param>
internal sealed class RowSeries(byte[] labels, UInt128 origin) : IPairSeries
{
    private static readonly Measure[] Counted =
    [
        Measure.Sent, Measure.Received, Measure.Lost, Measure.LostForward, Measure.LostReverse, Measure.Late, Measure.Duplicates,
        Measure.Reordered, Measure.SendErrors, Measure.ForwardRemarked, Measure.ReverseRemarked, Measure.ForwardTtlChanges,
    ];

    /// <summary>The last bucket that counts for each of the bounds that are shown.</summary>
    private static readonly int[] Bounds = [.. PairTotals.BoundsNanos.Select(LogLinear.IndexOf)];

    private Measures _totals;
    private Measures _latest;
    private Int128 _rttSumNanos;

    /// <summary>Families that rolled-up rows alone have.</summary>
    public static IReadOnlyList<SeriesFamily<RowSeries>> RolledUp { get; } =
    [
        new("llama_pairs", "gauge", "Pairs that a rolled-up row sums in the last interval.",
            (text, row) => text.Sample(row._latest[Measure.Pairs], row.Labels)),
        new("llama_lossy_pairs", "gauge", "Of these, pairs that lost datagrams.",
            (text, row) => text.Sample(row._latest[Measure.LossyPairs], row.Labels)),
    ];

    /// <summary>Whose it is.</summary>
    public UInt128 Origin { get; } = origin;

    /// <summary>End of the newest interval.</summary>
    public DateTimeOffset End { get; private init; }

    /// <summary>When a row came last, on the monotonic clock.</summary>
    public long HeardOf { get; private init; }

    public byte[] Labels { get; } = labels;

    public long? Sent => _totals[Measure.Sent];

    public long? Received => _totals[Measure.Received];

    public long? Lost => _totals[Measure.Lost];

    public long? LostForward => _totals[Measure.LostForward];

    public long? LostReverse => _totals[Measure.LostReverse];

    public long? Late => _totals[Measure.Late];

    public long? Duplicates => _totals[Measure.Duplicates];

    public long? Reordered => _totals[Measure.Reordered];

    public long? SendErrors => _totals[Measure.SendErrors];

    public long? ForwardRemarked => _totals[Measure.ForwardRemarked];

    public long? ReverseRemarked => _totals[Measure.ReverseRemarked];

    public long? ForwardTtlChanges => _totals[Measure.ForwardTtlChanges];

    public IReadOnlyList<long>? RttUpTo { get; private init; }

    public long? RttCount => _totals[Measure.RttCount];

    public double RttSumNanos => (double)_rttSumNanos;

    public double? LossRatio => _latest[Measure.Sent] is > 0 and var sent ? (double?)_latest[Measure.Lost] / sent : null;

    public double? JitterNanos => _latest[Measure.Jitter];

    public double? DelayVariationNanos => _latest[Measure.DelayVariation];

    public double? ForwardDelayVariationNanos => _latest[Measure.ForwardDelayVariation];

    public double? ReverseDelayVariationNanos => _latest[Measure.ReverseDelayVariation];

    public long? ForwardTtl => _latest[Measure.ForwardTtl];

    public long? ReverseTtl => _latest[Measure.ReverseTtl];

    public FlowStates? Flows { get; private init; }

    /// <summary>The same with another row.</summary>
    /// <param name="row">A row of a pair, or a point.</param>
    /// <param name="now">The moment it came, on the monotonic clock.</param>
    public RowSeries With(in ReportReader row, long now)
    {
        Measures measures = row.Measures, totals = _totals;
        measures[Measure.Received] = RoundTrips.Replies(measures);
        foreach (Measure measure in Counted)
            if (measures[measure] is { } value) totals[measure] = (totals[measure] ?? 0) + value;
        RoundTrips trips = RoundTrips.Of(measures);
        if (trips.Count > 0 || measures[Measure.RttCount] is not null) totals[Measure.RttCount] = (totals[Measure.RttCount] ?? 0) + trips.Count;
        bool isNewest = row.End >= End;
        return new RowSeries(Labels, Origin)
        {
            _totals = totals,
            _latest = isNewest ? measures : _latest,
            _rttSumNanos = _rttSumNanos + trips.SumNanos,
            RttUpTo = Add(row, trips.Count),
            Flows = isNewest ? null : Flows,
            End = isNewest ? row.End : End,
            HeardOf = now,
        };
    }

    /// <summary>The same with the flows of its newest row.</summary>
    public RowSeries With(FlowStates flows) => new(Labels, Origin)
    {
        _totals = _totals,
        _latest = _latest,
        _rttSumNanos = _rttSumNanos,
        RttUpTo = RttUpTo,
        Flows = flows,
        End = End,
        HeardOf = HeardOf,
    };

    /// <summary>Counts up to each bound. Null for good once a reply came without its bucket: the bounds would tell of fewer replies than the count.</summary>
    private long[]? Add(in ReportReader row, long count)
    {
        bool isFirst = RttCount is null or 0 && RttUpTo is null;
        if ((RttUpTo is null && !isFirst) || (count > 0 && row.Buckets.Count == 0)) return null;
        if (isFirst && row.Measures[Measure.RttCount] is null) return null;
        long[] sums = RttUpTo is null ? new long[Bounds.Length] : [.. RttUpTo];
        foreach (LatencyBucket bucket in row.Buckets)
        {
            int first = Array.BinarySearch(Bounds, bucket.Index);
            for (int i = first < 0 ? ~first : first; i < sums.Length; i++) sums[i] += bucket.Count;
        }

        return sums;
    }
}
