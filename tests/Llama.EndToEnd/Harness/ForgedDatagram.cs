using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Llama.EndToEnd.Harness;

/// <summary>Sends datagrams from an address and port that are not ours (raw(7)). Needs CAP_NET_RAW.</summary>
internal static class ForgedDatagram
{
    private const int IpHeader = 20;
    private const int UdpHeader = 8;

    /// <summary>Sends one; skips the test where that is not allowed. IPv4 without a UDP checksum (RFC 768).</summary>
    public static void SendOrSkip(IPEndPoint from, IPEndPoint to, ReadOnlySpan<byte> payload)
    {
        byte[] packet = new byte[IpHeader + UdpHeader + payload.Length];
        packet[0] = 0x45;
        packet[8] = 64;
        packet[9] = (byte)ProtocolType.Udp;
        from.Address.TryWriteBytes(packet.AsSpan(12), out _);
        to.Address.TryWriteBytes(packet.AsSpan(16), out _);
        Span<byte> udp = packet.AsSpan(IpHeader);
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(UdpHeader + payload.Length));
        payload.CopyTo(udp[UdpHeader..]);
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Raw);
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.HeaderIncluded, true);
            socket.SendTo(packet, new IPEndPoint(to.Address, 0));
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AccessDenied or SocketError.ProtocolNotSupported)
        {
            Skip.If(true, $"Forging a source address needs CAP_NET_RAW: {exception.Message}");
        }
    }
}
