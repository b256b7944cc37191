namespace Llama.Server.Discovery.Native;

/// <summary>
/// Clients whose answer is held back until there is news. Each holds a connection, so they leave room for others. Any thread may
/// call it.
/// </summary>
/// <param name="most">How many may wait at a time.</param>
/// <param name="time">What the waits go by.</param>
internal sealed class LongPolls(int most, TimeProvider time)
{
    private int _waiting;

    /// <summary>How many wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>True when nobody more may wait.</summary>
    public bool IsFull => Waiting >= most;

    /// <summary>Waits for news.</summary>
    /// <param name="news">Completes when there is news.</param>
    /// <param name="wait">How long.</param>
    /// <param name="client">Cancelled when the client has gone.</param>
    /// <returns>True for news, false when the time is over.</returns>
    public async Task<bool> WaitAsync(Func<CancellationToken, Task> news, TimeSpan wait, CancellationToken client)
    {
        using var over = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, client);
        Interlocked.Increment(ref _waiting);
        try
        {
            await news(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !client.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
