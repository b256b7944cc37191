using System.Buffers;
using System.Text.Json;
using Llama.Mesh.Membership;
using Llama.Server.Discovery.Native;
using Llama.Server.Metrics;
using Llama.Storage.History;

namespace Llama.Server.Discovery;

/// <summary>Brings events of the mesh into the history as they happen. What it can't take is tried again, as long as the feed has it.</summary>
internal sealed class EventKeeper : IAsyncDisposable
{
    private const int Portion = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly EventFeed _events;
    private readonly IHistoryStore _history;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <summary>Begins.</summary>
    /// <param name="events">What happens.</param>
    /// <param name="history">Where it is kept.</param>
    /// <param name="time">What pauses go by.</param>
    /// <param name="warn">Hears of what nobody could foresee.</param>
    public EventKeeper(EventFeed events, IHistoryStore history, TimeProvider time, Action<string> warn)
    {
        (_events, _history, _time, _warn) = (events, history, time, warn);
        _running = RunAsync(_stop.Token);
    }

    /// <summary>Keeps what has happened up to now, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        long kept = 0;
        try
        {
            while (true)
            {
                await _events.WaitAsync(kept, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                IReadOnlyList<MeshEvent> news = _events.After(kept, Portion);
                if (news.Count > 0 && await TryKeepAsync(news)) kept = news[^1].Sequence;
                else if (stop.IsCancellationRequested) return;
                else await Task.Delay(Pause, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception e)
        {
            // What happens to probes must not end with what is written down of it.
            _warn($"Events are no more kept in the history: {e.GetType().Name}: {e.Message}");
        }
    }

    private async Task<bool> TryKeepAsync(IReadOnlyList<MeshEvent> news)
    {
        try
        {
            await _history.AppendAsync([.. news.Select(Of)], CancellationToken.None);
            return true;
        }
        catch (IOException)
        {
            // The history tells by itself what is wrong with it.
            return false;
        }
    }

    private static HistoryEvent Of(MeshEvent one)
    {
        var document = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(document)) EventsResource.Write(json, one);
        return new HistoryEvent(one.At, one.Kind.SnakeCase(), one.Group, one.Name, document.WrittenMemory);
    }
}
