using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Llama.EndToEnd.Joining;

/// <summary>
/// What stands where a probe says that it is: notes when each other host's first datagram arrives, and sends all datagrams back.
/// </summary>
internal sealed class ArrivalWatch : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly ConcurrentDictionary<IPAddress, DateTimeOffset> _first = new();
    private readonly Thread _thread;

    public ArrivalWatch(IPEndPoint address)
    {
        _socket.Bind(address);

        // A thread of its own: on a busy machine the pool may come to a datagram much later than the kernel.
        _thread = new Thread(Receive) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>When the first datagram of a host came, by the wall clock; null while none has.</summary>
    public DateTimeOffset? FirstOf(IPAddress host) => _first.TryGetValue(host, out DateTimeOffset at) ? at : null;

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
    }

    private void Receive()
    {
        byte[] datagram = new byte[1 << 16];
        EndPoint sender = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                int length = _socket.ReceiveFrom(datagram, ref sender);
                _first.TryAdd(((IPEndPoint)sender).Address, DateTimeOffset.UtcNow);
                _socket.SendTo(datagram.AsSpan(0, length), sender);
            }
        }
        catch (Exception error) when (error is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }
}
