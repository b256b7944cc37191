using System.Runtime.InteropServices;
using Llama.Server.Metrics;
using Llama.Server.Sinks.Records;
using Llama.Server.Sinks.Views;

namespace Llama.Server.Sinks.Prometheus;

/// <summary>
/// Counts what passes and shows it in the /metrics of its process, under the names and with the meaning that a collector's own
/// series have. It refuses nothing, so nothing comes to it twice while the process runs; counters begin anew with the process, as
/// Prometheus expects. One caller delivers; any thread may ask for the metrics, and sees each record whole or not at all.
/// </summary>
internal sealed class PrometheusSink(PrometheusOptions options, TimeProvider time) : ISink
{
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromMinutes(1);

    private static readonly SeriesFamily<OriginTotals>[] OriginCounters =
    [
        new("llama_intervals_total", "counter", "Intervals reported.",
            (text, origin) => text.Sample(origin.Intervals, origin.Labels)),
        new("llama_suspect_intervals_total", "counter", "Intervals that their collector does not trust.",
            (text, origin) => text.Sample(origin.SuspectIntervals, origin.Labels)),
        new("llama_interval_end_timestamp_seconds", "gauge", "End of the newest interval reported, since the Unix epoch.",
            (text, origin) => text.Sample(origin.End.ToUnixTimeMilliseconds() / 1e3, origin.Labels)),
    ];

    private static readonly SeriesFamily<OriginTotals>[] OriginGauges =
    [
        new("llama_suspect", "gauge", "1 when the collector does not trust its last interval, else 0.",
            (text, origin) => text.Sample(origin.IsSuspect ? 1 : 0, origin.Labels)),
    ];

    private readonly Lock _gate = new();

    // Two seeds, because what is taken for another series would be counted with it, unnoticed.
    private readonly ulong _highSeed = (ulong)Random.Shared.NextInt64();
    private readonly ulong _lowSeed = (ulong)Random.Shared.NextInt64();
    private readonly Dictionary<UInt128, OriginTotals> _origins = [];
    private readonly Dictionary<UInt128, RowSeries> _series = [];
    private long _sweptAt = time.GetTimestamp();

    /// <inheritdoc/>
    public string Name => "prometheus";

    /// <inheritdoc/>
    public bool WantsBuckets => true;

    /// <inheritdoc/>
    public Task<long> DeliverAsync(IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellation)
    {
        long rows = 0;
        long now = time.GetTimestamp();
        foreach (ReadOnlyMemory<byte> record in records)
        {
            lock (_gate) rows += Count(record.Span, now);
        }

        if (time.GetElapsedTime(_sweptAt, now) >= BetweenSweeps) Sweep(now);
        return Task.FromResult(rows);
    }

    /// <inheritdoc/>
    public async ValueTask WriteMetricsAsync(MetricsPage page)
    {
        DateTimeOffset now = time.GetUtcNow();
        OriginTotals[] origins, currentOrigins;
        RowSeries[] series, current;
        lock (_gate)
        {
            origins = [.. _origins.Values.Where(origin => origin.Labels.Length > 0)];
            currentOrigins = [.. origins.Where(origin => origin.IsCurrent(now))];
            series = [.. _series.Values];
            current = [.. series.Where(row => _origins.TryGetValue(row.Origin, out OriginTotals? origin) && row.End == origin.End && origin.IsCurrent(now))];
        }

        await page.WriteAsync(OriginCounters, origins);
        await page.WriteAsync(OriginGauges, currentOrigins);
        await page.WriteAsync(PairFamilies.Counters, series);
        await page.WriteAsync(PairFamilies.Gauges, current);
        await page.WriteAsync(RowSeries.RolledUp, current);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Needs the lock.</summary>
    private long Count(ReadOnlySpan<byte> record, long now)
    {
        long rows = 0;
        var reader = new ReportReader(record);
        UInt128 origin = IdentityOfOrigin(reader);
        ref OriginTotals? totals = ref CollectionsMarshal.GetValueRefOrAddDefault(_origins, origin, out _);
        totals = (totals ?? new OriginTotals(RowLabels.Write(reader.Origin)))
            .With(reader.Start, reader.End, (reader.Flags & RecordFlags.Suspect) != 0, now);

        UInt128 pair = default;
        FlowStates flows = default;
        while (reader.NextRow())
        {
            rows++;
            if (reader.Kind == RowKind.Flow)
            {
                flows = flows.With(reader.Measures[Measure.Lost] ?? 0, RoundTrips.Replies(reader.Measures) ?? 0);
                continue;
            }

            EndFlows(pair, ref flows, reader.End);
            pair = IdentityOf(reader, origin);
            ref RowSeries? series = ref CollectionsMarshal.GetValueRefOrAddDefault(_series, pair, out _);
            series = (series ?? new RowSeries(RowLabels.Write(reader), origin)).With(reader, now);
        }

        EndFlows(pair, ref flows, reader.End);
        return rows;
    }

    private void EndFlows(UInt128 pair, ref FlowStates flows, DateTimeOffset end)
    {
        if (flows != default && _series.TryGetValue(pair, out RowSeries? series) && series.End == end) _series[pair] = series.With(flows);
        flows = default;
    }

    private UInt128 IdentityOfOrigin(in ReportReader record) => new(IdentityOfOrigin(record, _highSeed), IdentityOfOrigin(record, _lowSeed));

    private static ulong IdentityOfOrigin(in ReportReader record, ulong seed)
    {
        var hash = new SeriesHash(seed);
        hash.Add(record.Origin);
        hash.Add(record.OriginTags.Octets);
        return hash.Value;
    }

    private static UInt128 IdentityOf(in ReportReader row, UInt128 origin) =>
        new(SeriesHash.Of(row, (ulong)(origin >> 64)).Value, SeriesHash.Of(row, (ulong)origin).Value);

    /// <summary>Forgets what no row has come of for long.</summary>
    private void Sweep(long now)
    {
        _sweptAt = now;
        lock (_gate)
        {
            foreach ((UInt128 key, RowSeries series) in _series)
                if (time.GetElapsedTime(series.HeardOf, now) >= options.ForgetAfter) _series.Remove(key);
            foreach ((UInt128 key, OriginTotals origin) in _origins)
                if (time.GetElapsedTime(origin.HeardOf, now) >= options.ForgetAfter) _origins.Remove(key);
        }
    }
}
