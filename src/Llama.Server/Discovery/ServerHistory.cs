using Llama.Mesh.Membership;
using Llama.Server.Intake;
using Llama.Server.Metrics;
using Llama.Storage.History;

namespace Llama.Server.Discovery;

/// <summary>
/// A server at work with its history: brings reports and events into it, shows behind a restart what it has, and tells how it is. The
/// history itself belongs to somebody else. Any thread may call it.
/// </summary>
internal sealed class ServerHistory : IAsyncDisposable
{
    // A server that waits for gigabytes to be read looks dead to its probes; the rest appears while it runs.
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(2);

    private readonly IHistoryStore _history;
    private readonly HistoryFeed _feed;
    private readonly EventKeeper _events;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly CancellationTokenSource _stop = new();
    private Task _restoring = Task.CompletedTask;

    /// <summary>Begins to keep events.</summary>
    public ServerHistory(IHistoryStore history, Registry registry, DiscoveryOptions options, TimeProvider time)
    {
        Member? Find(string group, string name) => registry.Find(group, name)?.Member;
        (_history, _time, _warn) = (history, time, options.Warn);
        _feed = new HistoryFeed(history, Find, time);
        _events = new EventKeeper(registry.Events, history, time, options.Warn);
        Metrics = new HistoryMetrics(history, _feed, options.CountHistory);
    }

    /// <summary>Why it can take nothing at present; null when all is well.</summary>
    public string? Fault => _history.Fault;

    /// <summary>What it tells of itself.</summary>
    public HistoryMetrics Metrics { get; }

    /// <inheritdoc cref="HistoryFeed.KeepAsync"/>
    public ValueTask<bool> KeepAsync(PushedProbe probe, PushedReport report) => _feed.KeepAsync(probe, report);

    /// <summary>Shows the last hour in the newest matrix; completes when it is there, or when that takes long, and goes on by itself.</summary>
    public async Task ShowAsync(SummaryIntake intake)
    {
        _restoring = Task.Run(() => RestoreAsync(intake));
        await Task.WhenAny(_restoring, Task.Delay(LongestStart, _time, _stop.Token));
    }

    /// <summary>Ends, with all events kept that can be.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _restoring;
        await _events.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RestoreAsync(SummaryIntake intake)
    {
        try
        {
            await intake.RestoreAsync(_history, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (Exception e)
        {
            // A matrix that is empty for an interval is better than no server.
            _warn($"what was measured last can't be shown until it is measured again: {e.Message}");
        }
    }
}
