using System.Diagnostics.Metrics;
using System.Globalization;
using Llama.Engine.Summaries;
using Llama.Server.Metrics;
using Llama.Server.Sinks.Records;
using OpenTelemetry.Metrics;

namespace Llama.Server.Sinks.OpenTelemetry;

/// <summary>What is told of each row: counters, and the round-trip times. Belongs to one provider, which sees no others.</summary>
internal sealed class OtlpInstruments : IDisposable
{
    /// <summary>What all instruments and the scope they are sent in begin with.</summary>
    public const string Scope = "llama";

    private const double SecondsPerNano = 1e-9;
    private static readonly (Measure Measure, string Name)[] Counted =
    [
        (Measure.Sent, "sent"), (Measure.Received, "received"), (Measure.Lost, "lost"), (Measure.LostForward, "lost_forward"), (Measure.LostReverse, "lost_reverse"),
        (Measure.Late, "late"), (Measure.Duplicates, "duplicates"), (Measure.Reordered, "reordered"), (Measure.SendErrors, "send_errors"),
    ];

    private static readonly double[] Bounds = [.. PairTotals.BoundsNanos.Select(nanos => nanos * SecondsPerNano)];
    private static readonly object[] BoundTexts =
        [.. PairTotals.BoundsNanos.Select(nanos => (nanos / 1e9m).ToString("0.######", CultureInfo.InvariantCulture)), "+Inf"];


    private readonly Meter _meter = new(Scope);
    private readonly OtlpRoundTrips _roundTrips;
    private readonly Counter<long>[] _ofPairs;
    private readonly Counter<long>[] _ofFlows;
    private readonly Counter<long> _suspect;
    private readonly Counter<long> _upTo;
    private readonly Histogram<double> _rtt;
    private readonly Gauge<double> _mean;

    public OtlpInstruments(OtlpRoundTrips roundTrips)
    {
        _roundTrips = roundTrips;
        _ofPairs = [.. Counted.Select(counted => _meter.CreateCounter<long>($"{Scope}.datagrams.{counted.Name}", "{datagram}"))];
        _ofFlows = [.. Counted.Select(counted => _meter.CreateCounter<long>($"{Scope}.flow.datagrams.{counted.Name}", "{datagram}"))];
        _suspect = _meter.CreateCounter<long>($"{Scope}.intervals.suspect", "{interval}", "Intervals that the collector does not trust");
        _upTo = _meter.CreateCounter<long>($"{Scope}.rtt.up_to", "{reply}", "Replies whose round-trip time was at most le seconds");
        _rtt = _meter.CreateHistogram<double>($"{Scope}.rtt", "s", "Round-trip times");
        _mean = _meter.CreateGauge<double>($"{Scope}.rtt.mean", "s", "Mean round-trip time of the newest interval");
    }

    /// <summary>How the SDK keeps an instrument: those of others it leaves alone.</summary>
    /// <param name="instrument">The instrument.</param>
    /// <param name="series">For how many series there has to be room.</param>
    public MetricStreamConfiguration ViewOf(Instrument instrument, int series) =>
        instrument.Meter != _meter ? MetricStreamConfiguration.Drop
        : instrument == _rtt ? new ExplicitBucketHistogramConfiguration { Boundaries = Bounds, CardinalityLimit = series }
        : new MetricStreamConfiguration { CardinalityLimit = instrument == _upTo ? series * BoundTexts.Length : series };

    /// <summary>Adds a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="series">Its attributes.</param>
    public void Add(scoped in ReportReader row, KeyValuePair<string, object?>[] series)
    {
        Counter<long>[] counters = row.Kind == RowKind.Flow ? _ofFlows : _ofPairs;
        for (int i = 0; i < counters.Length; i++)
            if (row.Measures[Counted[i].Measure] is { } count) counters[i].Add(count, series);
        if (row.Kind == RowKind.Flow) return;
        _suspect.Add(row.Flags.HasFlag(RecordFlags.Suspect) ? 1 : 0, series);
        if (row.Measures[Measure.RttMean] is { } mean) _mean.Record(mean * SecondsPerNano, series);
        if (_roundTrips == OtlpRoundTrips.Histogram) AddHistogram(row.Buckets, series);
        else if (_roundTrips == OtlpRoundTrips.Counters) AddCounters(row.Buckets, series);
    }

    public void Dispose() => _meter.Dispose();

    private void AddHistogram(BucketList buckets, KeyValuePair<string, object?>[] series)
    {
        foreach (LatencyBucket bucket in buckets)
        {
            double middle = MiddleOf(bucket) * SecondsPerNano;
            for (long i = 0; i < bucket.Count; i++) _rtt.Record(middle, series);
        }
    }

    private void AddCounters(BucketList buckets, KeyValuePair<string, object?>[] series)
    {
        if (buckets.Count == 0) return;
        Span<long> upTo = stackalloc long[BoundTexts.Length];
        foreach (LatencyBucket bucket in buckets)
        {
            long middle = MiddleOf(bucket);
            for (int i = upTo.Length - 1; i >= 0 && (i == upTo.Length - 1 || middle <= PairTotals.BoundsNanos[i]); i--) upTo[i] += bucket.Count;
        }

        KeyValuePair<string, object?>[] withBound = [.. series, default];
        for (int i = 0; i < upTo.Length; i++)
        {
            withBound[^1] = new KeyValuePair<string, object?>("le", BoundTexts[i]);
            _upTo.Add(upTo[i], withBound);
        }
    }

    private static long MiddleOf(LatencyBucket bucket) => LogLinear.MiddleNanos(Math.Clamp(bucket.Index, 0, LogLinear.BucketCount - 1));
}
