using System.Net;
using System.Net.Sockets;

namespace Llama.EndToEnd.Harness;

/// <summary>A UDP socket on loopback that sends with a chosen class and receives with a deadline.</summary>
internal sealed class UdpSender : IDisposable
{
    private const int Ipv6Level = 41;
    private const int Ipv6TrafficClass = 67;
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[1 << 16];

    public UdpSender(AddressFamily family, IPAddress? from = null)
    {
        _socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        IPAddress loopback = family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        _socket.Bind(new IPEndPoint(from ?? loopback, 0));
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Whom the last reply came from.</summary>
    public IPEndPoint? LastSender { get; private set; }

    public void Send(ReadOnlySpan<byte> payload, IPEndPoint to, byte tos = 0)
    {
        if (_socket.AddressFamily == AddressFamily.InterNetwork)
            _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, tos);
        else
            _socket.SetRawSocketOption(Ipv6Level, Ipv6TrafficClass, BitConverter.GetBytes((int)tos));
        _socket.SendTo(payload, to);
    }

    /// <summary>The next datagram; null when none came in time.</summary>
    public async Task<byte[]?> Receive(TimeSpan deadline)
    {
        using var timeout = new CancellationTokenSource(deadline);
        try
        {
            SocketReceiveFromResult result = await _socket.ReceiveFromAsync(
                _buffer, new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0), timeout.Token);
            LastSender = (IPEndPoint)result.RemoteEndPoint;
            return _buffer[..result.ReceivedBytes];
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>How many datagrams are there by now.</summary>
    public int Drain()
    {
        int count = 0;
        EndPoint from = _socket.LocalEndPoint!;
        while (_socket.Available > 0 || _socket.Poll(0, SelectMode.SelectRead))
        {
            _socket.ReceiveFrom(_buffer, ref from);
            count++;
        }

        return count;
    }

    public void Dispose() => _socket.Dispose();
}
