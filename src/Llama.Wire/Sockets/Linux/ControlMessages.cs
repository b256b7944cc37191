using Llama.Wire.Clocks;

namespace Llama.Wire.Sockets.Linux;

/// <summary>
/// What the kernel tells about a datagram besides its bytes and peer, and what it is asked for one that is sent: the control
/// messages of cmsg(3). Each is aligned to 8 bytes, in host byte order, addresses in network order:
/// <code>
///  0 cmsg_len    8   bytes of this message, header included, padding not
///  8 cmsg_level  4   SOL_SOCKET, SOL_IP, SOL_IPV6
/// 12 cmsg_type   4
/// 16 data
///
/// level       type             data
/// SOL_SOCKET  SO_TIMESTAMPNS   struct timespec: seconds 8, nanoseconds 8    received
/// SOL_SOCKET  SO_TIMESTAMPING  three of these, the kernel's own first       received and error queue
/// SOL_SOCKET  SO_RXQ_OVFL      drops so far, modulo 2^32: 4                 received
/// SOL_IP      IP_TOS           1 received, 4 sent
/// SOL_IP      IP_TTL           4                                            received
/// SOL_IP      IP_PKTINFO       struct in_pktinfo: interface index 4,        received and sent
///                              local address 4, header's destination 4
/// SOL_IP      IP_RECVERR       struct sock_extended_err: errno 4, origin 1, error queue
///                              type 1, code 1, padding 1, info 4, data 4;
///                              a struct sockaddr behind it
/// SOL_IPV6    IPV6_TCLASS      4                                            received and sent
/// SOL_IPV6    IPV6_HOPLIMIT    4                                            received
/// SOL_IPV6    IPV6_PKTINFO     struct in6_pktinfo: address 16,              received and sent
///                              interface index 4
/// SOL_IPV6    IPV6_RECVERR     as IP_RECVERR                                error queue
/// </code>
/// On an AF_INET6 socket IPv4 datagrams carry IPV6_PKTINFO (with a mapped address), IP_TOS and IP_TTL. With SO_TIMESTAMPING set for
/// what is sent, what is received carries it as well.
/// </summary>
internal static unsafe class ControlMessages
{
    private const int HeaderLength = 16;
    private const int PacketInfo4Length = 12;
    private const int PacketInfo6Length = 20;
    private const int TimesRoom = HeaderLength + 16 + HeaderLength + 48;

    /// <summary>Room for all that is received with one datagram.</summary>
    internal const int ReceiveRoom =
        TimesRoom + HeaderLength + 24 /* packet info */ + 3 * (HeaderLength + 8) /* ToS, TTL, drops */;

    /// <summary>Room for all that the error queue tells with one entry.</summary>
    internal const int ErrorRoom = TimesRoom + HeaderLength + 48 /* error, address */ + HeaderLength + 8 /* drops */;

    /// <summary>Room for all that is sent with one datagram.</summary>
    internal const int SendRoom = HeaderLength + 8 /* ToS */ + HeaderLength + 24 /* packet info */;

    /// <summary>Reads what came with a datagram into it, and adds its marks.</summary>
    /// <param name="message">The header that recvmmsg(2) filled.</param>
    /// <param name="datagram">Where it goes.</param>
    /// <param name="drops">The socket's drops; brought forward where the datagram tells of more.</param>
    internal static void Read(in MultiMessage message, ref Datagram datagram, ref long drops)
    {
        byte* next = message.Control;
        byte* end = next + message.ControlLength;
        while (TryNext(ref next, end, out byte* at))
        {
            byte* data = at + HeaderLength;
            switch (*(int*)(at + 8), *(int*)(at + 12))
            {
                case (SocketCalls.SOL_SOCKET, SocketCalls.SO_TIMESTAMPNS):
                    datagram.Received = ReadTime(data);
                    datagram.Marks |= DatagramMarks.KernelTime;
                    break;
                case (SocketCalls.SOL_SOCKET, SocketCalls.SO_RXQ_OVFL):
                    int more = (int)(*(uint*)data - (uint)drops);
                    if (more > 0)
                        Volatile.Write(ref drops, drops + more);
                    break;
                case (SocketCalls.SOL_IP, SocketCalls.IP_TOS):
                    datagram.Tos = *data;
                    datagram.Marks |= DatagramMarks.HasTos;
                    break;
                case (SocketCalls.SOL_IPV6, SocketCalls.IPV6_TCLASS):
                    datagram.Tos = (byte)*(int*)data;
                    datagram.Marks |= DatagramMarks.HasTos;
                    break;
                case (SocketCalls.SOL_IP, SocketCalls.IP_TTL):
                case (SocketCalls.SOL_IPV6, SocketCalls.IPV6_HOPLIMIT):
                    datagram.Ttl = (byte)*(int*)data;
                    datagram.Marks |= DatagramMarks.HasTtl;
                    break;
                case (SocketCalls.SOL_IP, SocketCalls.IP_PKTINFO):
                    datagram.Local = SocketAddresses.ReadIPv4(data + 8, 0);
                    datagram.Marks |= DatagramMarks.HasLocal;
                    break;
                case (SocketCalls.SOL_IPV6, SocketCalls.IPV6_PKTINFO):
                    datagram.Local = SocketAddresses.ReadIPv6(data, 0, *(uint*)(data + 16));
                    datagram.Marks |= DatagramMarks.HasLocal;
                    break;
            }
        }
    }

    /// <summary>Reads an entry of the error queue.</summary>
    /// <param name="message">The header that recvmmsg(2) filled.</param>
    /// <param name="id">Which datagram it is about: they are numbered as they are sent.</param>
    /// <param name="time">When it was handed to the network device.</param>
    /// <returns>False where it tells something else.</returns>
    internal static bool TryReadTransmitTime(in MultiMessage message, out uint id, out WallTime time)
    {
        id = 0;
        time = default;
        bool hasTime = false, hasId = false;
        byte* next = message.Control;
        byte* end = next + message.ControlLength;
        while (TryNext(ref next, end, out byte* at))
        {
            byte* data = at + HeaderLength;
            switch (*(int*)(at + 8), *(int*)(at + 12))
            {
                case (SocketCalls.SOL_SOCKET, SocketCalls.SO_TIMESTAMPING):
                    time = ReadTime(data);
                    hasTime = time.Nanos != 0;
                    break;
                case (SocketCalls.SOL_IP, SocketCalls.IP_RECVERR):
                case (SocketCalls.SOL_IPV6, SocketCalls.IPV6_RECVERR):
                    id = *(uint*)(data + 12);
                    hasId = data[4] == SocketCalls.SO_EE_ORIGIN_TIMESTAMPING;
                    break;
            }
        }

        return hasTime && hasId;
    }

    /// <summary>
    /// Writes what a datagram is to be sent with. IPv4 and IPv6 options differ by its peer's family, not by the socket's. What
    /// the socket does by itself is left out, and so is padding at the end: up to 36 bytes, which is packet info of either family
    /// and nothing else, the kernel reads without allocating (____sys_sendmsg in net/socket.c).
    /// </summary>
    /// <param name="at">Where, with <see cref="SendRoom"/> bytes of room.</param>
    /// <param name="datagram">Its ToS, where that is not the 0 of a socket left alone, and its source address are written.</param>
    /// <param name="bound">The address that the socket is bound to; the source needn't be told where it is the same.</param>
    /// <returns>Bytes written.</returns>
    internal static nuint Write(byte* at, in Datagram datagram, in UdpEndpoint bound)
    {
        byte* start = at;
        byte* end = at;
        bool isIPv4 = datagram.Remote.IsIPv4;
        if (datagram.Tos != 0 && datagram.Has(DatagramMarks.HasTos))
        {
            byte* data = isIPv4
                ? Begin(at, SocketCalls.SOL_IP, SocketCalls.IP_TOS, sizeof(int))
                : Begin(at, SocketCalls.SOL_IPV6, SocketCalls.IPV6_TCLASS, sizeof(int));
            *(int*)data = datagram.Tos;
            end = data + sizeof(int);
            at += HeaderLength + 8;
        }
        if (!datagram.Has(DatagramMarks.HasLocal) || (datagram.Local.Low == bound.Low && datagram.Local.High == bound.High))
            return (nuint)(end - start);

        // The route chooses the interface; only a link-local address is nothing without one.
        if (isIPv4)
        {
            byte* data = Begin(at, SocketCalls.SOL_IP, SocketCalls.IP_PKTINFO, PacketInfo4Length);
            *(uint*)data = 0;
            SocketAddresses.WriteIPv4(data + 4, datagram.Local);
            *(uint*)(data + 8) = 0;
            end = data + PacketInfo4Length;
        }
        else
        {
            byte* data = Begin(at, SocketCalls.SOL_IPV6, SocketCalls.IPV6_PKTINFO, PacketInfo6Length);
            SocketAddresses.WriteIPv6(data, datagram.Local);
            *(uint*)(data + 16) = datagram.Local.IsLinkLocal ? datagram.Local.ScopeId : 0;
            end = data + PacketInfo6Length;
        }
        return (nuint)(end - start);
    }

    private static bool TryNext(ref byte* next, byte* end, out byte* message)
    {
        message = next;
        if (end - next < HeaderLength) return false;
        nuint length = *(nuint*)next;
        if (length < HeaderLength || length > (nuint)(end - next)) return false;
        next += Aligned(length);
        return true;
    }

    private static WallTime ReadTime(byte* timespec) => new(*(long*)timespec * 1_000_000_000 + *(long*)(timespec + 8));

    private static byte* Begin(byte* at, int level, int type, int dataLength)
    {
        *(nuint*)at = (nuint)(HeaderLength + dataLength);
        *(int*)(at + 8) = level;
        *(int*)(at + 12) = type;
        return at + HeaderLength;
    }

    private static nuint Aligned(nuint length) => (length + 7) & ~(nuint)7;
}
