using System.Net;
using System.Net.Sockets;

namespace Llama.Wire.Sockets.Portable;

/// <summary>
/// The network over System.Net.Sockets, for systems without the batched calls. It waits with <see cref="Socket.Select(System.Collections.IList?, System.Collections.IList?, System.Collections.IList?, int)"/>,
/// to the millisecond, and is woken by a datagram on a loopback socket that is connected to itself.
/// </summary>
internal sealed class PortableDatagramNetwork : IDatagramNetwork
{
    private const long NanosPerMilli = 1_000_000;
    private const int MicrosPerMilli = 1000;
    private const int Forever = -1;

    private readonly Lock _gate = new();
    private readonly Socket _wake = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Dictionary<Socket, PortableDatagramSocket> _sockets = [];
    private readonly List<Socket> _selected = [];
    private readonly byte[] _wakeBytes = new byte[1];
    private volatile bool _disposed;

    internal PortableDatagramNetwork()
    {
        _wake.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _wake.Connect(_wake.LocalEndPoint!);
        _wake.Blocking = false;
    }

    public IDatagramSocket Open(DatagramSocketOptions options)
    {
        PortableDatagramSocket socket = PortableDatagramSocket.Open(options);
        lock (_gate)
        {
            if (!_disposed)
            {
                _sockets.Add(socket.Inner, socket);
                socket.Closed = Forget;
                return socket;
            }
        }
        socket.Dispose();
        throw new ObjectDisposedException(GetType().FullName);
    }

    public int Wait(Span<IDatagramSocket?> ready, long timeoutNanos)
    {
        _selected.Clear();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _selected.Add(_wake);
            _selected.AddRange(_sockets.Keys);
        }
        try
        {
            Socket.Select(_selected, null, null, SelectMicros(timeoutNanos));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // A socket was closed meanwhile.
            return 0;
        }

        int filled = 0;
        lock (_gate)
        {
            foreach (Socket inner in _selected)
            {
                if (inner == _wake)
                    Drain();
                else if (filled < ready.Length && _sockets.TryGetValue(inner, out PortableDatagramSocket? socket))
                    ready[filled++] = socket;
            }
        }
        return filled;
    }

    public void Sleep(long timeoutNanos) => Wait([], timeoutNanos);

    public void Wake()
    {
        try
        {
            _wake.Send(_wakeBytes);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Its buffer is full of wake-ups, or nobody waits any more.
        }
    }

    public void Dispose()
    {
        PortableDatagramSocket[] sockets;
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            sockets = [.. _sockets.Values];
        }
        Wake();
        foreach (PortableDatagramSocket socket in sockets)
            socket.Dispose();
        _wake.Dispose();
    }

    /// <summary>Rounded up to milliseconds, which is what poll(2) beneath Select counts in: rounding down would spin.</summary>
    private static int SelectMicros(long nanos)
    {
        if (nanos < 0)
            return Forever;
        long millis = nanos / NanosPerMilli + (nanos % NanosPerMilli > 0 ? 1 : 0);
        return (int)Math.Min(millis, int.MaxValue / MicrosPerMilli) * MicrosPerMilli;
    }

    private void Drain()
    {
        try
        {
            Span<byte> taken = stackalloc byte[1];
            while (_wake.Poll(0, SelectMode.SelectRead))
                _wake.Receive(taken);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Empty, or closed meanwhile.
        }
    }

    private void Forget(PortableDatagramSocket socket)
    {
        lock (_gate)
            _sockets.Remove(socket.Inner);
    }
}
