using Llama.Server.Sinks.Delivery;

namespace Llama.Cli.Settings;

/// <summary>
/// Sinks at work. Disposed behind everything that takes reports: then there is a last try to deliver, and what is left waits on disk.
/// </summary>
internal sealed class RunningSinks : IAsyncDisposable
{
    private readonly SinkSet? _sinks;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private RunningSinks(SinkSet? sinks)
    {
        _sinks = sinks;
        _running = sinks?.RunAsync(_stop.Token) ?? Task.CompletedTask;
    }

    /// <summary>Begins to deliver; nothing where there are no sinks.</summary>
    public static RunningSinks Start(SinkSet? sinks) => new(sinks);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        if (_sinks is not null) await _sinks.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }
}
