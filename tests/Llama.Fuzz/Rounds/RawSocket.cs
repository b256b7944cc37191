using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Llama.Fuzz.Rounds;

/// <summary>Sends datagrams from addresses and ports that are not ours (raw(7)). Needs CAP_NET_RAW.</summary>
internal sealed class RawSocket : IDisposable
{
    private const int IpHeader = 20, UdpHeader = 8;

    private readonly Socket _socket;
    private readonly byte[] _packet = new byte[IpHeader + UdpHeader + 4096];

    private RawSocket(Socket socket) => _socket = socket;

    /// <summary>Opens one; null where that is not allowed.</summary>
    public static RawSocket? TryOpen()
    {
        try
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Raw);
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.HeaderIncluded, true);
            return new RawSocket(socket);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Sends one over IPv4, without a UDP checksum (RFC 768).</summary>
    public void Send(IPEndPoint from, IPEndPoint to, ReadOnlySpan<byte> payload)
    {
        Span<byte> packet = _packet.AsSpan(0, IpHeader + UdpHeader + payload.Length);
        packet[..(IpHeader + UdpHeader)].Clear();
        packet[0] = 0x45;
        packet[8] = 64;
        packet[9] = (byte)ProtocolType.Udp;
        from.Address.TryWriteBytes(packet[12..], out _);
        to.Address.TryWriteBytes(packet[16..], out _);
        Span<byte> udp = packet[IpHeader..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(UdpHeader + payload.Length));
        payload.CopyTo(udp[UdpHeader..]);
        _socket.SendTo(packet, new IPEndPoint(to.Address, 0));
    }

    public void Dispose() => _socket.Dispose();
}
