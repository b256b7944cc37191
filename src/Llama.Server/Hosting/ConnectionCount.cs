using Microsoft.AspNetCore.Connections;

namespace Llama.Server.Hosting;

/// <summary>
/// How many connections are open. A server that runs short of them closes each after its reply, so that clients take turns
/// instead of being shut out. Any thread may call it.
/// </summary>
/// <param name="most">How many there can be.</param>
internal sealed class ConnectionCount(int most)
{
    private int _open;

    /// <summary>True when no more than a quarter of them is left.</summary>
    public bool IsCrowded => Volatile.Read(ref _open) > most - most / 4;

    /// <summary>Counts a connection as long as it is open.</summary>
    public async Task CountAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        Interlocked.Increment(ref _open);
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
