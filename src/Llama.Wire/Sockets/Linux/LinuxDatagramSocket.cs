using System.Net;
using System.Net.Sockets;
using Llama.Wire.Clocks;

namespace Llama.Wire.Sockets.Linux;

/// <summary>
/// A UDP socket that moves a batch with one system call (recvmmsg(2), sendmmsg(2)), so that the way into the kernel is paid
/// once for many datagrams.
/// </summary>
/// <remarks>
/// What is asked of the kernel, and what for:
/// <list type="bullet">
/// <item>SO_TIMESTAMPNS: the time of arrival, taken before the datagram waits for this process to be scheduled. Without it the
/// round-trip time would hold our own lateness.</item>
/// <item>IP_PKTINFO, IPV6_RECVPKTINFO, on a wildcard: which of the host's addresses was meant, so that a reply leaves from it.</item>
/// <item>IP_RECVTOS, IPV6_RECVTCLASS, IP_RECVTTL, IPV6_RECVHOPLIMIT: what the path did to the class, and how long it was.</item>
/// <item>SO_RXQ_OVFL: what was lost in the receive buffer, and so not in the network.</item>
/// <item>SO_RCVBUF, SO_SNDBUF: room for a burst. Without CAP_NET_ADMIN the kernel grants no more than the sysctls
/// net.core.rmem_max and net.core.wmem_max (socket(7)); 212992 is the usual default, some 90 datagrams of 1 kB. It counts its
/// own overhead too, which is why it tells twice what it was asked for.</item>
/// <item>IP_MTU_DISCOVER, IPV6_MTU_DISCOVER: don't-fragment.</item>
/// <item>SO_TIMESTAMPING, where it is turned on: when a datagram was handed to the network device (<see cref="TransmitQueue"/>).</item>
/// </list>
/// ToS and source address go with each datagram as control messages, never by changing the socket: one batch may mix them.
/// A wildcard makes a dual-stack socket where the host has IPv6, so that one source port reaches both families; there IPv4 is
/// steered with the SOL_IP options, which such a socket takes as well.
/// Two arrays of the batch hold the kernel's headers; they are made when the batch is first used, and nothing is allocated after.
/// </remarks>
internal sealed unsafe class LinuxDatagramSocket : IDatagramSocket
{
    private readonly FileDescriptor _descriptor;
    private readonly int _family;
    private readonly UdpEndpoint _bound;
    private readonly DatagramMarks _boundMarks;
    private long _receiveDrops;

    /// <summary>Made when transmit times are first asked for, and kept: some may come after they are no longer wanted.</summary>
    private TransmitQueue? _transmits;

    private LinuxDatagramSocket(FileDescriptor descriptor, int family)
    {
        _descriptor = descriptor;
        _family = family;
        LocalEndPoint = ReadLocalEndPoint();
        _bound = UdpEndpoint.From(LocalEndPoint) with { Port = 0 };
        bool isWildcard = LocalEndPoint.Address.Equals(IPAddress.Any) || LocalEndPoint.Address.Equals(IPAddress.IPv6Any);
        _boundMarks = isWildcard ? DatagramMarks.None : DatagramMarks.HasLocal;
        ReceiveBufferBytes = GetOption(SocketCalls.SOL_SOCKET, SocketCalls.SO_RCVBUF);
    }

    public IPEndPoint LocalEndPoint { get; }

    public int ReceiveBufferBytes { get; }

    public long ReceiveDrops => Volatile.Read(ref _receiveDrops);

    public bool NotesTransmitTimes
    {
        get => _transmits is { IsOn: true };
        set
        {
            if (value == NotesTransmitTimes) return;
            _transmits ??= new TransmitQueue(_descriptor);
            _transmits.Turn(value);
        }
    }

    /// <summary>Called once, when the socket is closed.</summary>
    internal Action<LinuxDatagramSocket>? Closed { get; set; }

    internal FileDescriptor Descriptor => _descriptor;

    internal static LinuxDatagramSocket Open(DatagramSocketOptions options)
    {
        IPAddress address = options.Bind.Address;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        bool anyIPv4 = address.Equals(IPAddress.Any);
        if (!anyIPv4 && !address.Equals(IPAddress.IPv6Any))
            return Open(options, new IPEndPoint(address, options.Bind.Port), dualStack: false);
        try
        {
            return Open(options, new IPEndPoint(IPAddress.IPv6Any, options.Bind.Port), dualStack: true);
        }
        catch (SocketException e) when (anyIPv4 || e.SocketErrorCode == SocketError.AddressFamilyNotSupported)
        {
            return Open(options, new IPEndPoint(IPAddress.Any, options.Bind.Port), dualStack: false);
        }
    }

    public int Receive(DatagramBatch batch)
    {
        MessageVector vector = batch.ReceiveVector ??= MessageVector.ToReceive(batch);
        MultiMessage* messages = vector.Messages;
        int count;
        do
            count = SocketCalls.recvmmsg(_descriptor, messages, (uint)batch.Capacity, SocketCalls.MSG_DONTWAIT, null);
        while (count < 0 && Errno.Last == Errno.EINTR);

        // Nothing there, or an error that an earlier datagram left on the socket and that is cleared by being told.
        if (count < 0)
            count = 0;
        batch.Count = count;
        bool timesMissing = false;
        for (int i = 0; i < count; i++)
        {
            ref MultiMessage message = ref messages[i];
            ref Datagram datagram = ref batch[i];
            datagram.Remote = SocketAddresses.Read(message.Name);
            datagram.Length = (int)message.Length;
            datagram.Error = 0;
            datagram.Local = _bound;
            datagram.Marks = _boundMarks;
            if ((message.Flags & SocketCalls.MSG_TRUNC) != 0)
                datagram.Marks |= DatagramMarks.Truncated;
            ControlMessages.Read(message, ref datagram, ref _receiveDrops);
            timesMissing |= !datagram.Has(DatagramMarks.KernelTime);

            message.NameLength = SocketAddresses.Room;
            message.ControlLength = ControlMessages.ReceiveRoom;
        }
        if (timesMissing)
            FillTimes(batch);
        GC.KeepAlive(batch);
        return count;
    }

    public int Send(DatagramBatch batch)
    {
        MessageVector vector = batch.SendVector ??= MessageVector.ToSend(batch);
        MultiMessage* messages = vector.Messages;
        int* indices = stackalloc int[batch.Count];
        int count = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            ref Datagram datagram = ref batch[i];
            datagram.Error = 0;
            datagram.Marks &= ~DatagramMarks.TransmitTimeFollows;
            if (datagram.Length <= 0 || (datagram.Error = ErrorBefore(batch, datagram)) != 0)
                continue;
            ref MultiMessage message = ref messages[count];
            message.Vector->Base = batch.RoomAddress(i);
            message.Vector->Length = (nuint)datagram.Length;
            message.NameLength = SocketAddresses.Write(message.Name, _family, datagram.Remote);
            message.ControlLength = ControlMessages.Write(message.Control, datagram, _bound);
            indices[count++] = i;
        }

        int sent = 0;
        for (int next = 0; next < count;)
        {
            int moved = SocketCalls.sendmmsg(_descriptor, messages + next, (uint)(count - next), SocketCalls.MSG_DONTWAIT);
            if (moved > 0)
            {
                _transmits?.Note(batch, new ReadOnlySpan<int>(indices + next, moved));
                sent += moved;
                next += moved;
                continue;
            }

            // The error is that of the first one only: the kernel stops there, and tells it when nothing went before it.
            int error = Errno.Last;
            if (error == Errno.EINTR)
                continue;
            _transmits?.LoseCount();
            int failed = error == Errno.EAGAIN ? count : next + 1;
            while (next < failed)
                batch[indices[next++]].Error = error;
        }
        GC.KeepAlive(batch);
        return sent;
    }

    public int TakeTransmitTimes(Span<TransmitTime> times) => _transmits is null ? 0 : _transmits.Take(times);

    /// <summary>Whether what poll(2) returned is worth a receive: transmit times in the error queue are not.</summary>
    internal bool IsReady(short returned) => (_transmits is null ? returned : returned & ~PollCalls.POLLERR) != 0;

    public void Dispose()
    {
        _descriptor.Dispose();
        Closed?.Invoke(this);
        Closed = null;
    }

    /// <summary>Why a datagram can't even be handed to the kernel, or 0.</summary>
    private int ErrorBefore(DatagramBatch batch, in Datagram datagram)
    {
        bool isIPv4 = datagram.Remote.IsIPv4;
        if (datagram.Length > batch.MaxLength)
            return Errno.EMSGSIZE;
        if (!isIPv4 && _family == SocketCalls.AF_INET)
            return Errno.EAFNOSUPPORT;
        return datagram.Has(DatagramMarks.HasLocal) && datagram.Local.IsIPv4 != isIPv4 ? Errno.EINVAL : 0;
    }

    private static void FillTimes(DatagramBatch batch)
    {
        WallTime now = Clock.System.Wall;
        for (int i = 0; i < batch.Count; i++)
        {
            if (!batch[i].Has(DatagramMarks.KernelTime))
                batch[i].Received = now;
        }
    }

    private static LinuxDatagramSocket Open(DatagramSocketOptions options, IPEndPoint bind, bool dualStack)
    {
        int family = bind.AddressFamily == AddressFamily.InterNetwork ? SocketCalls.AF_INET : SocketCalls.AF_INET6;
        var descriptor = new FileDescriptor(SocketCalls.socket(
            family, SocketCalls.SOCK_DGRAM | SocketCalls.SOCK_NONBLOCK | SocketCalls.SOCK_CLOEXEC, 0));
        if (descriptor.IsInvalid)
            throw Errno.ToException(Errno.Last, $"cannot open a UDP socket for {options.Bind}");
        try
        {
            new SocketSetup(descriptor, family).Apply(options, dualStack);
            byte* address = stackalloc byte[SocketAddresses.Room];
            uint length = SocketAddresses.Write(address, family, UdpEndpoint.From(bind));
            if (SocketCalls.bind(descriptor, address, length) != 0)
                throw Errno.ToException(Errno.Last, $"cannot bind {options.Bind}");
            return new LinuxDatagramSocket(descriptor, family);
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    private IPEndPoint ReadLocalEndPoint()
    {
        byte* address = stackalloc byte[SocketAddresses.Room];
        uint length = SocketAddresses.Room;
        return SocketCalls.getsockname(_descriptor, address, &length) == 0
            ? SocketAddresses.Read(address).ToIPEndPoint()
            : throw Errno.ToException(Errno.Last, "cannot read a socket's address");
    }

    private int GetOption(int level, int option)
    {
        int value;
        uint length = sizeof(int);
        return SocketCalls.getsockopt(_descriptor, level, option, &value, &length) == 0 ? value : 0;
    }
}
