using Llama.Server.Metrics;

namespace Llama.Server.Scraping;

/// <summary>
/// Pulls reports from collectors, each on its own schedule, so that those that are dead or slow delay nobody, and hands each report on
/// once. Runs once; its other members may be called by any thread.
/// </summary>
public sealed class Scraper(ScraperOptions options)
{
    private readonly ScrapeCounters _counters = new();
    private volatile IReadOnlyList<CollectorLoop> _loops = [];
    private volatile bool _hasList;

    /// <summary>How many collectors it scrapes.</summary>
    public int Collectors => _loops.Count;

    /// <summary>True once it knows which collectors there are.</summary>
    public bool IsReady => _hasList;

    internal ScrapeCounters Counters => _counters;

    internal IReadOnlyList<CollectorLoop> Loops => _loops;

    /// <summary>Scrapes until it is cancelled.</summary>
    /// <exception cref="IOException">The list of collectors can't be read.</exception>
    /// <exception cref="FormatException">The list of collectors makes no sense.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var client = new ScrapeClient(options);
        using var maker = new RecordMaker(options);
        var running = new Dictionary<string, Running>(StringComparer.Ordinal);
        var fault = new TaskCompletionSource();
        try
        {
            await foreach (IReadOnlyList<CollectorEntry> list in options.Collectors.WithCancellation(ending.Token))
            {
                await FollowAsync(list, running, entry =>
                {
                    var own = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                    var loop = new CollectorLoop(entry, options, client, maker, _counters);
                    return new Running(loop, own, RunAsync(loop, fault, ending, own.Token));
                });
            }

            await Task.Delay(Timeout.Infinite, ending.Token);
        }
        catch (OperationCanceledException) when (fault.Task.IsFaulted)
        {
            await fault.Task;
        }
        finally
        {
            await ending.CancelAsync();
            foreach (Running run in running.Values) await run.EndAsync();
        }
    }

    /// <summary>Writes what it has counted.</summary>
    internal void WriteMetrics(PrometheusText text)
    {
        IReadOnlyList<CollectorLoop> loops = _loops;
        text.Family("llama_scraper_collectors", "gauge", "Collectors that are scraped, by how they are.");
        text.Sample(loops.Count(loop => loop.State is { Outcome: not null, Failures: 0 }), PrometheusText.Label("state", "up"));
        text.Sample(loops.Count(loop => loop.State.Failures > 0), PrometheusText.Label("state", "down"));
        text.Sample(loops.Count(loop => loop.State.Outcome is null), PrometheusText.Label("state", "new"));
        _counters.Write(text);
    }

    /// <summary>Runs a loop; what it could not foresee ends all of them, and comes out of <see cref="RunAsync(CancellationToken)"/>.</summary>
    private static async Task RunAsync(CollectorLoop loop, TaskCompletionSource fault, CancellationTokenSource all, CancellationToken cancellation)
    {
        try
        {
            await loop.RunAsync(cancellation);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            fault.TrySetException(error);
            await all.CancelAsync();
        }
    }

    private async Task FollowAsync(IReadOnlyList<CollectorEntry> list, Dictionary<string, Running> running, Func<CollectorEntry, Running> start)
    {
        var wanted = new Dictionary<string, CollectorEntry>(StringComparer.Ordinal);
        foreach (CollectorEntry entry in list)
            if (options.Shard.Has(entry.Address)) wanted.TryAdd(entry.Address, entry);

        List<Running> gone = [];
        foreach (string address in running.Keys.Where(address => !wanted.ContainsKey(address)).ToList())
        {
            running.Remove(address, out Running? run);
            gone.Add(run!);
        }

        int added = 0;
        foreach ((string address, CollectorEntry entry) in wanted)
        {
            if (running.TryGetValue(address, out Running? known))
            {
                known.Loop.Entry = entry;
                continue;
            }

            running.Add(address, start(entry));
            added++;
        }

        _loops = [.. running.Values.Select(run => run.Loop)];
        _hasList = true;
        if (added > 0 || gone.Count > 0) options.Inform($"scrapes {running.Count} collectors: {added} new, {gone.Count} gone");
        foreach (Running run in gone) await run.EndAsync();
    }

    /// <summary>A loop that runs, and what ends it.</summary>
    private sealed record Running(CollectorLoop Loop, CancellationTokenSource Ending, Task Task)
    {
        /// <summary>Ends it, and waits until it has.</summary>
        public async Task EndAsync()
        {
            await Ending.CancelAsync();
            await Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Ending.Dispose();
        }
    }
}
