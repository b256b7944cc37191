using System.Buffers.Binary;

namespace Llama.Wire.Sockets.Linux;

/// <summary>
/// UDP endpoints as the kernel writes them. Numbers in host byte order unless marked.
/// <code>
/// struct sockaddr_in, ip(7)           struct sockaddr_in6, ipv6(7)
///  0 sin_family  2  AF_INET            0 sin6_family    2  AF_INET6
///  2 sin_port    2  network order      2 sin6_port      2  network order
///  4 sin_addr    4  network order      4 sin6_flowinfo  4  0
///  8 padding     8                     8 sin6_addr     16  network order
///                                     24 sin6_scope_id  4  interface index of a link-local address
/// </code>
/// </summary>
internal static unsafe class SocketAddresses
{
    /// <summary>Room for either, rounded up to the alignment of a pointer.</summary>
    internal const int Room = 32;

    private const uint IPv4Length = 16;
    private const uint IPv6Length = 28;

    /// <summary>Writes an endpoint for a socket of a family; the caller sees to it that an AF_INET socket gets IPv4 only.</summary>
    /// <returns>Bytes written.</returns>
    internal static uint Write(byte* at, int family, in UdpEndpoint endpoint)
    {
        *(ushort*)at = (ushort)family;
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(at + 2, 2), endpoint.Port);
        if (family == SocketCalls.AF_INET)
        {
            WriteIPv4(at + 4, endpoint);
            return IPv4Length;
        }
        *(uint*)(at + 4) = 0;
        WriteIPv6(at + 8, endpoint);
        *(uint*)(at + 24) = endpoint.IsLinkLocal ? endpoint.ScopeId : 0;
        return IPv6Length;
    }

    /// <summary>Reads what the kernel wrote.</summary>
    internal static UdpEndpoint Read(byte* at)
    {
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(at + 2, 2));
        return *(ushort*)at == SocketCalls.AF_INET
            ? ReadIPv4(at + 4, port)
            : ReadIPv6(at + 8, port, *(uint*)(at + 24));
    }

    internal static UdpEndpoint ReadIPv4(byte* at, ushort port) =>
        UdpEndpoint.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(at, 4)), port);

    /// <summary>Reads an IPv6 address; the interface index is kept where the address needs it.</summary>
    internal static UdpEndpoint ReadIPv6(byte* at, ushort port, uint interfaceIndex)
    {
        var endpoint = new UdpEndpoint(
            BinaryPrimitives.ReadUInt64BigEndian(new ReadOnlySpan<byte>(at, 8)),
            BinaryPrimitives.ReadUInt64BigEndian(new ReadOnlySpan<byte>(at + 8, 8)),
            port,
            0);
        return endpoint.IsLinkLocal ? endpoint with { ScopeId = interfaceIndex } : endpoint;
    }

    internal static void WriteIPv4(byte* at, in UdpEndpoint endpoint) =>
        BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(at, 4), (uint)endpoint.Low);

    internal static void WriteIPv6(byte* at, in UdpEndpoint endpoint)
    {
        BinaryPrimitives.WriteUInt64BigEndian(new Span<byte>(at, 8), endpoint.High);
        BinaryPrimitives.WriteUInt64BigEndian(new Span<byte>(at + 8, 8), endpoint.Low);
    }
}
