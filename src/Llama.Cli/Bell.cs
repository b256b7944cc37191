namespace Llama.Cli;

/// <summary>Lets one loop end another one's pause early. Any thread may ring.</summary>
internal sealed class Bell
{
    private TaskCompletionSource _rung = new();

    /// <summary>Ends the pause under way; nothing when there is none.</summary>
    public void Ring() => Interlocked.Exchange(ref _rung, new TaskCompletionSource()).TrySetResult();

    /// <summary>Waits this long, or until it rings.</summary>
    public async Task WaitAsync(TimeSpan pause, TimeProvider time, CancellationToken cancellation)
    {
        Task rung = Volatile.Read(ref _rung).Task;
        await rung.WaitAsync(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }
}
