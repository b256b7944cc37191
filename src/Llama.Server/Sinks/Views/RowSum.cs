using Llama.Engine.Summaries;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Views;

/// <summary>
/// Rows of pairs added up to one. Counts are sums of what was known; the mean round-trip time is that of all replies, and
/// percentiles are those of the merged buckets, or unknown when a row with replies came without its buckets: percentiles are never
/// averaged. Jitter and delay variations are means over the pairs, weighted by their replies: a percentile of all pairs together
/// less the smallest round trip among them would tell how far the pairs are apart, and nothing of how steady any of them is. TTL
/// and ToS are those of one path and have no sum.
/// </summary>
internal sealed class RowSum
{
    private static readonly Measure[] Summed =
    [
        Measure.Sent, Measure.Lost, Measure.LostForward, Measure.LostReverse, Measure.Late, Measure.Duplicates, Measure.Reordered,
        Measure.SendErrors, Measure.RttCount, Measure.RttSum, Measure.ForwardRemarked, Measure.ReverseRemarked, Measure.ForwardTtlChanges,
    ];

    private static readonly Measure[] Averaged =
        [Measure.Jitter, Measure.DelayVariation, Measure.ForwardDelayVariation, Measure.ReverseDelayVariation];

    private readonly WeightedMean[] _means = new WeightedMean[Averaged.Length];
    private Measures _sums;
    private WeightedMean _rtt;
    private BucketSum? _buckets;
    private bool _lacksBuckets;

    /// <summary>Adds a row.</summary>
    public void Add(in Measures row, BucketList buckets)
    {
        Measures sums = _sums;
        foreach (Measure measure in Summed) Add(ref sums, measure, row[measure]);
        Add(ref sums, Measure.Received, RoundTrips.Replies(row));
        Add(ref sums, Measure.Pairs, row[Measure.Pairs] ?? 1);
        Add(ref sums, Measure.LossyPairs, row[Measure.LossyPairs] ?? (row[Measure.Lost] > 0 ? 1 : 0));
        if (row[Measure.RttMin] is { } min) sums[Measure.RttMin] = Math.Min(min, sums[Measure.RttMin] ?? min);
        if (row[Measure.RttMax] is { } max) sums[Measure.RttMax] = Math.Max(max, sums[Measure.RttMax] ?? max);
        _sums = sums;

        RoundTrips trips = RoundTrips.Of(row);
        _rtt.Add(trips.SumNanos, trips.Count);
        for (int i = 0; i < Averaged.Length; i++)
            if (row[Averaged[i]] is { } value) _means[i].Add((Int128)value * trips.Count, trips.Count);
        if (trips.Count == 0) return;
        _buckets ??= new BucketSum();
        if (_buckets.Add(buckets) < trips.Count) _lacksBuckets = true;
    }

    /// <summary>Ends the pair that <paramref name="writer"/> is in with the sums.</summary>
    public void EndPair(ReportWriter writer)
    {
        Measures sums = _sums;
        sums[Measure.RttMean] = _rtt.Mean;
        for (int i = 0; i < Averaged.Length; i++) sums[Averaged[i]] = _means[i].Mean;
        if (_buckets is null || _lacksBuckets)
        {
            writer.EndPair(sums, []);
            return;
        }

        LatencyHistogram rtt = _buckets.Read(sums[Measure.RttSum] ?? 0, sums[Measure.RttMin] ?? 0, sums[Measure.RttMax] ?? long.MaxValue);
        sums[Measure.RttP50] = rtt.Percentile(0.5);
        sums[Measure.RttP90] = rtt.Percentile(0.9);
        sums[Measure.RttP99] = rtt.Percentile(0.99);
        writer.EndPair(sums, [.. rtt.Buckets]);
    }

    private static void Add(ref Measures sums, Measure measure, long? value)
    {
        if (value is not { } known) return;
        long sum = sums[measure] ?? 0;
        sums[measure] = known > long.MaxValue - sum ? long.MaxValue : sum + known;
    }

    private struct WeightedMean
    {
        private Int128 _sum;
        private long _weight;

        public readonly long? Mean => _weight == 0 ? null : (long)((_sum + _weight / 2) / _weight);

        public void Add(Int128 sum, long weight)
        {
            _sum += sum;
            _weight += weight;
        }
    }
}
