using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Llama.Wire.Clocks;

namespace Llama.Wire.Sockets.Portable;

/// <summary>
/// A UDP socket over System.Net.Sockets: one system call for each datagram, and less to know about it. Times are read after the
/// receive call, neither ToS nor TTL nor drops can be seen, the source address is the kernel's choice
/// (<see cref="Datagram.Local"/> is told on receive and left alone on send), and the ToS is set on the socket whenever it differs
/// from the datagram before. Don't-fragment is set for IPv4 alone. Receiving allocates the objects that System.Net.Sockets hands out; sending allocates only on errors.
/// </summary>
internal sealed class PortableDatagramSocket : IDatagramSocket
{
    private const int IPv6Level = 41;

    private readonly byte[] _optionBytes = new byte[sizeof(int)];
    private readonly SocketAddress _peer;
    private readonly IPEndPoint _anyPeer;
    private byte _tosIPv4;
    private byte _tosIPv6;

    private PortableDatagramSocket(Socket inner)
    {
        Inner = inner;
        LocalEndPoint = (IPEndPoint)inner.LocalEndPoint!;
        ReceiveBufferBytes = inner.ReceiveBufferSize;
        _peer = new SocketAddress(inner.AddressFamily);
        _anyPeer = new IPEndPoint(inner.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
    }

    public IPEndPoint LocalEndPoint { get; }

    public int ReceiveBufferBytes { get; }

    public long ReceiveDrops => 0;

    /// <summary>Always false: System.Net.Sockets has no such times.</summary>
    public bool NotesTransmitTimes
    {
        get => false;
        set { }
    }

    internal Socket Inner { get; }

    /// <summary>Called once, when the socket is closed.</summary>
    internal Action<PortableDatagramSocket>? Closed { get; set; }

    internal static PortableDatagramSocket Open(DatagramSocketOptions options)
    {
        IPAddress address = options.Bind.Address;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        bool isAny = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        if (isAny)
            address = Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        var inner = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            Apply(options, inner, isAny);
            inner.Bind(new IPEndPoint(address, options.Bind.Port));
            return new PortableDatagramSocket(inner);
        }
        catch (SocketException e)
        {
            inner.Dispose();
            throw new SocketException((int)e.SocketErrorCode, $"cannot bind {options.Bind}: {e.Message}");
        }
    }

    public int Receive(DatagramBatch batch)
    {
        int count = 0;
        int refused = 0;
        while (count < batch.Capacity && refused < batch.Capacity)
        {
            try
            {
                if (!Inner.Poll(0, SelectMode.SelectRead))
                    break;
                Receive(batch.Room(count), ref batch[count]);
                count++;
            }
            catch (SocketException e) when (e.SocketErrorCode != SocketError.WouldBlock)
            {
                // Word of an earlier datagram that could not be delivered (Windows, macOS). It is taken off the socket by this.
                refused++;
            }
            catch (SocketException)
            {
                break;
            }
        }
        batch.Count = count;
        return count;
    }

    public int Send(DatagramBatch batch)
    {
        int sent = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            ref Datagram datagram = ref batch[i];
            datagram.Error = 0;
            if (datagram.Length <= 0)
                continue;
            try
            {
                if (datagram.Length > batch.MaxLength)
                    throw new SocketException((int)SocketError.MessageSize);
                if (!datagram.Remote.IsIPv4 && Inner.AddressFamily == AddressFamily.InterNetwork)
                    throw new SocketException((int)SocketError.AddressFamilyNotSupported);
                SetTos(datagram);
                SetPeer(datagram.Remote);
                Inner.SendTo(batch.Payload(i), SocketFlags.None, _peer);
                sent++;
            }
            catch (SocketException e)
            {
                datagram.Error = e.ErrorCode;
            }
        }
        return sent;
    }

    public int TakeTransmitTimes(Span<TransmitTime> times) => 0;

    public void Dispose()
    {
        Closed?.Invoke(this);
        Closed = null;
        Inner.Dispose();
    }

    private static void Apply(DatagramSocketOptions options, Socket inner, bool dualStack)
    {
        inner.Blocking = false;
        bool isIPv6 = inner.AddressFamily == AddressFamily.InterNetworkV6;
        if (isIPv6)
            inner.DualMode = dualStack;
        if (options.ReusePort)
            inner.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        else if (OperatingSystem.IsWindows())
            inner.ExclusiveAddressUse = true;
        inner.ReceiveBufferSize = options.ReceiveBufferBytes;
        inner.SendBufferSize = options.SendBufferBytes;
        inner.Ttl = options.Ttl;
        if (isIPv6)
            inner.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.PacketInformation, true);
        if (isIPv6 && !dualStack)
            return;

        // A dual-stack socket takes the options of IPv4 for its IPv4 datagrams.
        inner.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
        inner.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.IpTimeToLive, options.Ttl);
        if (options.DontFragment is { } dontFragment)
            inner.DontFragment = dontFragment;
    }

    private void Receive(Span<byte> room, ref Datagram datagram)
    {
        EndPoint peer = _anyPeer;
        SocketFlags flags = SocketFlags.None;
        datagram.Length = Inner.ReceiveMessageFrom(room, ref flags, ref peer, out IPPacketInformation information);
        datagram.Received = Clock.System.Wall;
        datagram.Remote = UdpEndpoint.From((IPEndPoint)peer);
        datagram.Error = 0;
        datagram.Marks = (flags & SocketFlags.Truncated) != 0 ? DatagramMarks.Truncated : DatagramMarks.None;
        if (information.Address is { } local)
        {
            UdpEndpoint endpoint = UdpEndpoint.From(new IPEndPoint(local, 0));
            datagram.Local = endpoint.IsLinkLocal ? endpoint with { ScopeId = (uint)information.Interface } : endpoint;
            datagram.Marks |= DatagramMarks.HasLocal;
        }
    }

    private void SetTos(in Datagram datagram)
    {
        byte tos = datagram.Has(DatagramMarks.HasTos) ? datagram.Tos : (byte)0;
        if (datagram.Remote.IsIPv4)
        {
            if (tos == _tosIPv4)
                return;
            Inner.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, tos);
            _tosIPv4 = tos;
        }
        else if (tos != _tosIPv6 && TrafficClassOption is { } option)
        {
            MemoryMarshal.Write(_optionBytes, (int)tos);
            Inner.SetRawSocketOption(IPv6Level, option, _optionBytes);
            _tosIPv6 = tos;
        }
    }

    /// <summary>IPV6_TCLASS where the platform has it.</summary>
    private static int? TrafficClassOption =>
        OperatingSystem.IsLinux() ? 67
        : OperatingSystem.IsMacOS() ? 36
        : OperatingSystem.IsFreeBSD() ? 61
        : null;

    /// <summary>Writes the sockaddr in place: port at 2, IPv4 address at 4 or IPv6 address at 8 and scope at 24, alike on all platforms.</summary>
    private void SetPeer(in UdpEndpoint peer)
    {
        Span<byte> address = _peer.Buffer.Span;
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], peer.Port);
        if (_peer.Family == AddressFamily.InterNetwork)
        {
            BinaryPrimitives.WriteUInt32BigEndian(address[4..], (uint)peer.Low);
            return;
        }
        BinaryPrimitives.WriteUInt64BigEndian(address[8..], peer.High);
        BinaryPrimitives.WriteUInt64BigEndian(address[16..], peer.Low);
        MemoryMarshal.Write(address[24..], peer.ScopeId);
    }
}
