using System.IO.Pipelines;
using System.Text;
using Llama.Server.Metrics;
using Llama.Server.Sinks.Delivery;
using Llama.Server.Sinks.Records;
using Llama.Storage.Spooling;
using Llama.Tests.Server;

namespace Llama.Tests.Sinks.Delivery;

/// <summary>Sinks that are scripted, a queue on a real disk, and a clock that the test moves. A sink's kind is its name.</summary>
internal sealed class DeliveryWorld : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("llama-delivery-");
    private readonly Lock _gate = new();
    private readonly List<string> _said = [];
    private readonly Dictionary<string, ScriptedSink> _sinks = [];
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private int _next;

    public FakeTime Time { get; } = new();

    public string Directory => Path.Combine(_directory.FullName, "sinks");

    public SpoolLimits Limits { get; set; } = new();

    public SinkSet? Set { get; private set; }

    public string Said
    {
        get
        {
            lock (_gate) return string.Join('\n', _said);
        }
    }

    public ScriptedSink this[string name] => _sinks.TryGetValue(name, out ScriptedSink? sink) ? sink : _sinks[name] = new ScriptedSink(name);

    /// <summary>Opens the set without running it.</summary>
    public SinkSet Open(params string[] sinks) => Set = SinkSet.Open(
        new SinkSetOptions
        {
            Sinks = sinks,
            Directory = Directory,
            Limits = Limits,
            Time = Time,
            Inform = line => Say($"info {line}"),
            Warn = line => Say($"warn {line}"),
            Random = new Random(7),
        },
        uri => _ => this[uri.Kind]);

    public void Start(params string[] sinks)
    {
        Open(sinks);
        _stop = new CancellationTokenSource();
        _running = Set!.RunAsync(_stop.Token);
    }

    /// <summary>Ends the process as a signal does.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await PassUntilAsync(() => _running.IsCompleted, TimeSpan.FromSeconds(10));
        await _running;
        if (Set is not null) await Set.DisposeAsync();
        Set = null;
    }

    /// <summary>Takes so many reports of one pair each; gives what a sink makes of them.</summary>
    public IReadOnlyList<string> Report(int count, int pairs = 1)
    {
        var lines = new List<string>();
        for (int i = 0; i < count; i++)
        {
            DateTimeOffset end = Reports.Noon.AddSeconds(++_next);
            Set!.Take(Record(end, pairs).Span);
            lines.AddRange(Enumerable.Range(0, pairs).Select(pair => $"g/a {end:HH:mm:ss} host{pair}"));
        }

        return lines;
    }

    public static ReadOnlyMemory<byte> Record(DateTimeOffset end, int pairs = 1, bool flows = false)
    {
        var writer = new ReportWriter();
        writer.Begin(end.AddSeconds(-1), end, RecordFlags.None, "g/a"u8);
        writer.AddTag("site", "lhr1");
        writer.EndOriginTags();
        for (int pair = 0; pair < pairs; pair++)
        {
            writer.BeginPair("192.0.2.1"u8, Encoding.UTF8.GetBytes($"host{pair}"), "192.0.2.2"u8, 8100, 0);
            writer.AddTag("dst_shortname", $"p{pair}");
            Measures measures = default;
            measures[Measure.Sent] = pair;
            writer.EndPair(measures, []);
            if (flows) writer.AddFlow(1000 + pair, measures);
        }

        return writer.Record;
    }

    public async Task<string> MetricsAsync()
    {
        using var output = new MemoryStream();
        PipeWriter writer = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        var page = new MetricsPage(writer, CancellationToken.None);
        await Set!.WriteMetricsAsync(page);
        await page.SendAsync();
        await writer.CompleteAsync();
        return Encoding.UTF8.GetString(output.ToArray());
    }

    /// <summary>Lets time pass until something holds; fails when it does not within this.</summary>
    public async Task PassUntilAsync(Func<bool> holds, TimeSpan within, TimeSpan? step = null)
    {
        long start = Time.GetTimestamp();
        while (!holds())
        {
            Assert.True(Time.GetElapsedTime(start) <= within, $"Not within {within}.\n{Said}");
            await PassAsync(step ?? TimeSpan.FromMilliseconds(250), step);
        }
    }

    /// <summary>Lets time pass until nothing waits for a sink.</summary>
    public async Task SettleAsync(string sink)
    {
        for (int i = 0; !(await MetricsAsync()).Contains($"llama_sink_waiting_records{{sink=\"{sink}\"}} 0\n", StringComparison.Ordinal); i++)
        {
            Assert.True(i < 1000, $"Something waits for ever.\n{Said}");
            await PassAsync(TimeSpan.FromMilliseconds(250));
        }
    }

    /// <summary>Lets time pass, and what waits for it goes on.</summary>
    public async Task PassAsync(TimeSpan span, TimeSpan? step = null)
    {
        TimeSpan by = step ?? TimeSpan.FromMilliseconds(250);
        for (TimeSpan passed = TimeSpan.Zero; passed < span; passed += by)
        {
            await Task.Run(() => Time.Pass(by));
            for (int i = 0; i < 20 && ThreadPool.PendingWorkItemCount > 0; i++) await Task.Delay(1);
            await Task.Delay(1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Set is not null) await StopAsync();
        _stop.Dispose();
        _directory.Delete(recursive: true);
    }

    private void Say(string line)
    {
        lock (_gate) _said.Add(line);
    }
}
