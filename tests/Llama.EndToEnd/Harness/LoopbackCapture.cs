using System.Buffers.Binary;
using System.Net.Sockets;

namespace Llama.EndToEnd.Harness;

/// <summary>Sees IP headers on this machine, which a UDP socket of .NET does not show (packet(7)). Needs CAP_NET_RAW.</summary>
internal sealed class LoopbackCapture : IDisposable
{
    private const int EthernetHeader = 14;
    private const int Ip4Header = 20;
    private const int Ip6Header = 40;
    private const int UdpHeader = 8;
    private const int EveryProtocolNetworkOrder = 0x0300;
    private readonly Socket _socket;
    private readonly byte[] _frame = new byte[1 << 16];

    private LoopbackCapture(Socket socket) => _socket = socket;

    /// <summary>Starts to see what leaves a UDP port; skips the test where that is not allowed.</summary>
    public static LoopbackCapture StartOrSkip(int sourcePort)
    {
        try
        {
            var socket = new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)EveryProtocolNetworkOrder) { Blocking = false };
            PacketFilter.Attach(socket, sourcePort);
            var capture = new LoopbackCapture(socket);

            // What arrived before the filter stood may be anything, and as much as fills the buffer.
            while (socket.Available > 0) socket.Receive(capture._frame);
            return capture;
        }
        catch (SocketException exception)
        {
            Skip.If(true, $"Reading IP headers needs CAP_NET_RAW: {exception.Message}");
            throw;
        }
    }

    /// <summary>The ToS or traffic class octet of a datagram that is already on its way, or past; null when none was seen.</summary>
    public byte? ClassTo(int destinationPort)
    {
        byte? seen = null;
        while (_socket.Available > 0 || seen is null && _socket.Poll(TimeSpan.FromMilliseconds(500), SelectMode.SelectRead))
        {
            int length = _socket.Receive(_frame);
            if (Header(_frame.AsSpan(0, length), out byte tos, out int to) && to == destinationPort) seen = tos;
        }

        return seen;
    }

    public void Dispose() => _socket.Dispose();

    private static bool Header(ReadOnlySpan<byte> frame, out byte tos, out int to)
    {
        (tos, to) = (0, 0);
        if (frame.Length < EthernetHeader + Ip4Header + UdpHeader) return false;
        ReadOnlySpan<byte> ip = frame[EthernetHeader..];
        bool six = ip[0] >> 4 == 6;
        int header = six ? Ip6Header : (ip[0] & 0xF) * 4;
        if ((six ? ip[6] : ip[9]) != (byte)ProtocolType.Udp || ip.Length < header + UdpHeader) return false;
        tos = six ? (byte)(BinaryPrimitives.ReadUInt16BigEndian(ip) >> 4) : ip[1];
        to = BinaryPrimitives.ReadUInt16BigEndian(ip[(header + 2)..]);
        return true;
    }
}
