using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Engine.Reflecting;

/// <summary>Sends datagrams back to where they came from. Holds a thread for each worker; its members may be called from any.</summary>
public sealed class Reflector : IDisposable
{
    /// <summary>Opens the sockets and starts the workers.</summary>
    /// <param name="newNetwork">Makes a network for each worker; they are disposed with the reflector.</param>
    /// <param name="clock">What it reads time from.</param>
    /// <param name="options">Where it listens and what it refuses.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The address or port can't be bound.</exception>
    public Reflector(Func<IDatagramNetwork> newNetwork, Clock clock, ReflectorOptions options)
    {
    }

    /// <summary>The counters now, over all workers.</summary>
    public ReflectorCounters Counters => new() { ByVerdict = new long[Enum.GetValues<ReflectorVerdict>().Length] };

    /// <summary>The address and port it listens on.</summary>
    public System.Net.IPEndPoint LocalEndPoint => new(0, 0);

    /// <summary>Bytes of receive buffer the kernel granted each socket.</summary>
    public int ReceiveBufferBytes => 0;

    /// <summary>Ends when a worker has failed, with its exception; never before <see cref="Dispose"/> otherwise.</summary>
    public Task Completion => Task.CompletedTask;

    /// <summary>Stops the workers and closes the sockets.</summary>
    public void Dispose()
    {
    }
}
