using System.Collections.Concurrent;
using Llama.Server.Metrics;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.OpenTelemetry;

/// <summary>
/// Sends sums to an OTLP receiver over HTTP, through the SDK and exporter of OpenTelemetry. Each origin has a provider, and so a resource
/// and requests, of its own.
/// </summary>
/// <param name="options">Where to send to, and how.</param>
/// <param name="time">The clock.</param>
internal sealed class OtlpSink(OtlpOptions options, TimeProvider time) : ISink
{
    // Each waits for its answer on a thread.
    private const int ExportsAtOnce = 4;

    private readonly SocketsHttpHandler _network = new()
    {
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),

        // So that a receiver that has moved in DNS is found again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
    };

    private readonly Dictionary<UInt128, OtlpOrigin> _origins = [];
    private readonly RowIdentity _identity = new();
    private int _seriesCount;

    /// <inheritdoc/>
    public string Name => options.Name;

    /// <inheritdoc/>
    public bool WantsBuckets => options.RoundTrips != OtlpRoundTrips.Off;

    /// <inheritdoc/>
    public async Task<long> DeliverAsync(IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellation)
    {
        try
        {
            // The SDK knows no other way than to wait, so the caller's thread is spared that.
            await Task.Run(() => Add(records, cancellation), cancellation);
            await ExportAsync(cancellation);
        }
        catch (InvalidDataException error)
        {
            throw new SinkException(SinkFault.Refused, $"{Name}: {error.Message}", inner: error);
        }

        long written = 0;
        foreach ((UInt128 identity, OtlpOrigin origin) in _origins)
        {
            written += origin.Settle();
            if (!origin.IsForgotten) continue;
            origin.Dispose();
            _origins.Remove(identity);
        }

        Volatile.Write(ref _seriesCount, _origins.Values.Sum(origin => origin.SeriesCount));
        return written;
    }

    /// <inheritdoc/>
    public void WriteMetrics(PrometheusText text)
    {
        text.Family("llama_otlp_series", "gauge", "Series that the OTLP sink sums up.");
        text.Sample(Volatile.Read(ref _seriesCount), PrometheusText.Label("sink", Name));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (OtlpOrigin origin in _origins.Values) origin.Dispose();
        _network.Dispose();
        return default;
    }

    private void Add(IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellation)
    {
        foreach (ReadOnlyMemory<byte> record in records)
        {
            UInt128 identity = IdentityOf(record.Span);
            if (!_origins.TryGetValue(identity, out OtlpOrigin? origin)) _origins.Add(identity, origin = new OtlpOrigin(record.Span, options, _network, time));
            origin.Take(record.Span, cancellation);
        }
    }

    /// <summary>Sends what is unsent, also of records that came before and are not among these. The first that can't be reached is the last that is tried.</summary>
    private async Task ExportAsync(CancellationToken cancellation)
    {
        var faults = new ConcurrentQueue<SinkException>();
        await Parallel.ForEachAsync(
            _origins.Values.Where(origin => origin.HasUnsent).ToList(),
            new ParallelOptions { MaxDegreeOfParallelism = ExportsAtOnce, CancellationToken = cancellation },
            (origin, _) =>
            {
                if (faults.Any(fault => fault.Fault == SinkFault.Unavailable)) return default;
                try
                {
                    origin.Export(cancellation);
                }
                catch (SinkException fault)
                {
                    faults.Enqueue(fault);
                }

                return default;
            });

        // What can be tried again comes first: what was refused is refused again then.
        if ((faults.FirstOrDefault(fault => fault.Fault == SinkFault.Unavailable) ?? faults.FirstOrDefault()) is { } worst) throw worst;
    }

    /// <summary>By name and tags: with other tags it is another resource.</summary>
    private UInt128 IdentityOf(ReadOnlySpan<byte> record)
    {
        var reader = new ReportReader(record);
        return _identity.OfOrigin(reader);
    }
}
