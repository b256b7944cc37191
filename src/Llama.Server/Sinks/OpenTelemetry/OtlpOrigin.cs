using System.Numerics;
using System.Text;
using Llama.Server.Sinks.Records;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Llama.Server.Sinks.OpenTelemetry;

/// <summary>
/// What one probe or collector has measured, summed up by a provider of the SDK whose resource it is. The sums only grow, so an export
/// that fails is made good by the next. Of series that have not been heard of for long, and when there is no room for more, the
/// provider is left for a new one: to whoever receives it, a restart. One thread at a time.
/// </summary>
internal sealed class OtlpOrigin : IDisposable
{
    private const int LeastSeries = 64;
    private const int MaxRequestOctets = 256 * 1024 * 1024;
    private static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);

    private readonly OtlpOptions _options;
    private readonly TimeProvider _time;
    private readonly OtlpTransport _transport;
    private readonly Resource _resource;
    private readonly RowIdentity _identity = new();
    private readonly HashSet<UInt128> _taken = [];
    private readonly Dictionary<UInt128, OtlpSeries> _series = [];
    private Provider _provider;
    private DateTimeOffset _lookedThrough;
    private int _rows;

    /// <summary>Begins to sum up.</summary>
    /// <param name="record">A record of the origin's.</param>
    /// <param name="options">Where to send to, and how.</param>
    /// <param name="network">What requests go through.</param>
    /// <param name="time">The clock.</param>
    public OtlpOrigin(ReadOnlySpan<byte> record, OtlpOptions options, HttpMessageHandler network, TimeProvider time)
    {
        _options = options;
        _time = time;
        _transport = new OtlpTransport(network, options, time);
        _resource = ResourceOf(new ReportReader(record));
        _provider = new Provider(this, LeastSeries);
        HeardOf = _lookedThrough = time.GetUtcNow();
    }

    /// <summary>True when something was taken that has not been sent.</summary>
    public bool HasUnsent { get; private set; }

    /// <summary>When a record was last taken.</summary>
    public DateTimeOffset HeardOf { get; private set; }

    /// <summary>How many series it sums up.</summary>
    public int SeriesCount => _series.Count;

    /// <summary>True when nothing has come of it for so long that it can be forgotten.</summary>
    public bool IsForgotten => !HasUnsent && _time.GetUtcNow() - HeardOf > Forgotten;

    /// <summary>Adds a record, unless it was added before and that has not been settled.</summary>
    /// <exception cref="InvalidDataException">The record is damaged; nothing was added.</exception>
    /// <exception cref="SinkException">There was no room, and making some failed; nothing was added.</exception>
    public void Take(ReadOnlySpan<byte> record, CancellationToken cancellation)
    {
        UInt128 digest = _identity.Digest(record);
        if (_taken.Contains(digest)) return;
        OtlpSeries[] rows = SeriesOf(record);
        if (_series.Count > _provider.Room) MakeRoom(cancellation);
        var reader = new ReportReader(record);
        foreach (OtlpSeries series in rows)
        {
            reader.NextRow();
            _provider.Instruments.Add(reader, series.Attributes);
        }

        _taken.Add(digest);
        _rows += rows.Length;
        HasUnsent = true;
    }

    /// <summary>Sends the sums.</summary>
    /// <exception cref="SinkException">They were not taken. Refused ones are forgotten, with the records that were added since <see cref="Settle"/>.</exception>
    public void Export(CancellationToken cancellation)
    {
        _transport.Reset();
        _transport.Cancellation = cancellation;
        _transport.IsOpen = true;
        bool isTaken = _provider.Reader.Collect();
        _transport.IsOpen = false;
        if (isTaken)
        {
            HasUnsent = false;
            return;
        }

        cancellation.ThrowIfCancellationRequested();
        SinkException fault = _transport.Fault();
        if (fault.Fault == SinkFault.Refused)
        {
            _taken.Clear();
            _rows = 0;
            HasUnsent = false;
            StartAnew();
        }

        throw fault;
    }

    /// <summary>Everything that was added has been acknowledged: should it come once more, it is something new.</summary>
    /// <returns>How many rows that were.</returns>
    public int Settle()
    {
        int rows = _rows;
        _rows = 0;
        _taken.Clear();
        if (_series.Count <= LeastSeries || _time.GetUtcNow() - _lookedThrough < Forgotten) return rows;
        _lookedThrough = _time.GetUtcNow();
        if (_series.Values.Count(IsAlive) < _series.Count / 2) StartAnew();
        return rows;
    }

    public void Dispose()
    {
        _provider.Dispose();
        _transport.Dispose();
    }

    /// <summary>The series of each row. All is read before anything is added, so a damaged record leaves no trace in the sums.</summary>
    private OtlpSeries[] SeriesOf(ReadOnlySpan<byte> record)
    {
        HeardOf = _time.GetUtcNow();
        var rows = new List<OtlpSeries>();
        var reader = new ReportReader(record);
        while (reader.NextRow())
        {
            UInt128 identity = _identity.OfSeries(reader);
            if (!_series.TryGetValue(identity, out OtlpSeries? series)) _series.Add(identity, series = OtlpSeries.Of(reader));
            series.HeardOf = HeardOf;
            rows.Add(series);
        }

        return [.. rows];
    }

    /// <summary>The SDK reserves the room of a provider when it is made, so it begins small and doubles.</summary>
    private void MakeRoom(CancellationToken cancellation)
    {
        if (HasUnsent) Export(cancellation);
        StartAnew();
    }

    private void StartAnew()
    {
        foreach ((UInt128 identity, OtlpSeries series) in _series)
            if (!IsAlive(series)) _series.Remove(identity);
        _provider.Dispose();
        _provider = new Provider(this, Math.Max(LeastSeries, (int)BitOperations.RoundUpToPowerOf2((uint)_series.Count + 1)));
    }

    private bool IsAlive(OtlpSeries series) => _time.GetUtcNow() - series.HeardOf <= Forgotten;

    /// <summary>
    /// Who measured. A probe's name is GROUP/NAME. Of the machine that this program runs on the name goes with it, for a server sends for
    /// many probes.
    /// </summary>
    private static Resource ResourceOf(scoped in ReportReader record)
    {
        string origin = Encoding.UTF8.GetString(record.Origin);
        var attributes = new List<KeyValuePair<string, object>>
        {
            new("service.name", "llama"),
            new("service.instance.id", origin),
            new("llama.exported_by", Environment.MachineName),
        };
        int slash = origin.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0)
        {
            attributes.Add(new("llama.group", origin[..slash]));
            attributes.Add(new("llama.probe", origin[(slash + 1)..]));
        }

        foreach (TextPair tag in record.OriginTags)
            if (!tag.Key.IsEmpty) attributes.Add(new($"llama.tag.{Encoding.UTF8.GetString(tag.Key)}", Encoding.UTF8.GetString(tag.Value)));
        return ResourceBuilder.CreateEmpty().AddTelemetrySdk().AddEnvironmentVariableDetector().AddAttributes(attributes).Build();
    }

    /// <summary>The SDK's part.</summary>
    private sealed class Provider : IDisposable
    {
        private readonly MeterProvider _provider;

        public Provider(OtlpOrigin origin, int room)
        {
            Room = room;
            OtlpOptions options = origin._options;
            Instruments = new OtlpInstruments(options.RoundTrips);
            Reader = new BaseExportingMetricReader(new OtlpMetricExporter(new OtlpExporterOptions
            {
                Endpoint = options.Endpoint,
                Protocol = OtlpExportProtocol.HttpProtobuf,
                Compression = options.Gzip ? OtlpExportCompression.GZip : OtlpExportCompression.None,
                TimeoutMilliseconds = (int)options.Timeout.TotalMilliseconds,
                MaxRequestSizeBytes = MaxRequestOctets,
                HttpClientFactory = () => new HttpClient(origin._transport, disposeHandler: false) { Timeout = options.Timeout },
            }))
            {
                TemporalityPreference = MetricReaderTemporalityPreference.Cumulative,
            };
            _provider = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddAttributes(origin._resource.Attributes))
                .AddMeter(OtlpInstruments.Scope)
                .SetExemplarFilter(ExemplarFilterType.AlwaysOff)
                .AddView(instrument => Instruments.ViewOf(instrument, room))
                .AddReader(Reader)
                .Build();
        }

        /// <summary>How many series there is room for.</summary>
        public int Room { get; }

        public OtlpInstruments Instruments { get; }

        public BaseExportingMetricReader Reader { get; }

        public void Dispose()
        {
            _provider.Dispose();
            Instruments.Dispose();
        }
    }
}
