using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Llama.Server.Scraping;

namespace Llama.Tests.Server.Scraping;

/// <summary>A scraper among scripted collectors, on a clock that the test moves.</summary>
internal sealed class ScrapingWorld : IAsyncDisposable
{
    private readonly Channel<IReadOnlyList<CollectorEntry>> _lists = Channel.CreateUnbounded<IReadOnlyList<CollectorEntry>>();
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private readonly List<(TimeSpan At, ScrapedRecord Record)> _taken = [];
    private readonly List<string> _said = [];
    private int _given;
    private int _followed;

    public ScrapingWorld() => Collectors = new ScriptedCollectors(Time);

    public FakeTime Time { get; } = new();

    public ScriptedCollectors Collectors { get; }

    public Scraper Scraper { get; private set; } = null!;

    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>What a sink does besides taking.</summary>
    public Func<CancellationToken, ValueTask> Sink { get; set; } = _ => default;

    public IReadOnlyList<ScrapedRecord> Taken
    {
        get
        {
            lock (_gate) return [.. _taken.Select(taken => taken.Record)];
        }
    }

    public IReadOnlyList<(TimeSpan At, ScrapedRecord Record)> TakenAt
    {
        get
        {
            lock (_gate) return [.. _taken];
        }
    }

    public IReadOnlyList<string> Said
    {
        get
        {
            lock (_gate) return [.. _said];
        }
    }

    /// <summary>Starts a scraper of these collectors.</summary>
    public Task StartAsync(string collectors, double interval = 10, Func<ScraperOptions, ScraperOptions>? more = null) =>
        StartAsync(CollectorEntry.ParseList(collectors, 5000), interval, more);

    /// <inheritdoc cref="StartAsync(string, double, Func{ScraperOptions, ScraperOptions}?)"/>
    public async Task StartAsync(IReadOnlyList<CollectorEntry> collectors, double interval = 10, Func<ScraperOptions, ScraperOptions>? more = null)
    {
        Give(collectors);
        var options = new ScraperOptions
        {
            Collectors = ListsAsync(),
            Take = TakeAsync,
            Interval = TimeSpan.FromSeconds(interval),
            Handler = Collectors,
            Time = Time,
            Inform = Say,
            Warn = Say,
        };
        Scraper = new Scraper(more?.Invoke(options) ?? options);
        await Task.Run(() => { Running = Scraper.RunAsync(_ending.Token); });
        await SettleAsync();
    }

    /// <summary>Gives another list, and waits until it is followed.</summary>
    public Task ChangeAsync(string collectors) => ChangeAsync(CollectorEntry.ParseList(collectors, 5000));

    /// <inheritdoc cref="ChangeAsync(string)"/>
    public Task ChangeAsync(IReadOnlyList<CollectorEntry> collectors)
    {
        Give(collectors);
        return SettleAsync();
    }

    /// <summary>Lets time pass in small steps, on a thread where whatever waits goes on at once.</summary>
    public async Task PassAsync(double seconds, double step = 0.25)
    {
        for (double passed = 0; passed < seconds - 1e-9; passed += step)
        {
            await Task.Run(() => Time.Pass(TimeSpan.FromSeconds(Math.Min(step, seconds - passed))));
            await SettleAsync();
        }
    }

    /// <summary>Ends the scraper as a signal does.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Running.WaitAsync(TimeSpan.FromSeconds(20)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
        Collectors.Dispose();
    }

    private void Give(IReadOnlyList<CollectorEntry> collectors)
    {
        _given++;
        _lists.Writer.TryWrite(collectors);
    }

    private async IAsyncEnumerable<IReadOnlyList<CollectorEntry>> ListsAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (IReadOnlyList<CollectorEntry> list in _lists.Reader.ReadAllAsync(cancellation))
        {
            yield return list;
            Interlocked.Increment(ref _followed);
        }
    }

    /// <summary>Waits until lists are followed, and each collector's loop waits for time to pass, in a pause or within a time limit.</summary>
    private async Task SettleAsync()
    {
        for (int i = 0; (Volatile.Read(ref _followed) < _given || Time.Timers < Scraper.Collectors) && !Running.IsCompleted; i++)
        {
            Assert.True(i < 10_000, "The scraper does not come to rest.");
            await Task.Delay(1);
        }
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> record, CancellationToken cancellation)
    {
        await Sink(cancellation);
        var read = ScrapedRecord.Read(record.Span);
        lock (_gate) _taken.Add((TimeSpan.FromTicks(Time.GetTimestamp()), read));
    }

    private void Say(string line)
    {
        lock (_gate) _said.Add(line);
    }
}
