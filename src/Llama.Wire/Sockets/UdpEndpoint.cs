using System.Buffers.Binary;
using System.Net;

namespace Llama.Wire.Sockets;

/// <summary>
/// An address and port without an object behind it, so that a datagram's way costs no allocation. IPv4 is kept in its
/// IPv4-mapped form (RFC 4291 section 2.5.5.2), so one layout and one comparison serve both families.
/// </summary>
/// <param name="High">The first eight octets of the address, as a big-endian number.</param>
/// <param name="Low">The last eight octets of the address, as a big-endian number.</param>
/// <param name="Port">The port, host byte order; 0 where only an address is meant.</param>
/// <param name="ScopeId">The interface index of a link-local address, which means nothing without one; else 0.</param>
public readonly record struct UdpEndpoint(ulong High, ulong Low, ushort Port, uint ScopeId)
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    /// <summary>True for an IPv4 address (kept as ::ffff:a.b.c.d).</summary>
    public bool IsIPv4 => High == 0 && (Low & 0xFFFF_FFFF_0000_0000) == MappedPrefix;

    /// <summary>True for an address of fe80::/10 (RFC 4291 section 2.5.6).</summary>
    public bool IsLinkLocal => High >> 54 == 0xFE80 >> 6;

    /// <summary>An IPv4 endpoint.</summary>
    /// <param name="address">The four octets as a big-endian number: 0x7F000001 is 127.0.0.1.</param>
    /// <param name="port">The port, host byte order.</param>
    public static UdpEndpoint FromIPv4(uint address, ushort port) => new(0, MappedPrefix | address, port, 0);

    /// <summary>The same endpoint as .NET's types have it.</summary>
    public static UdpEndpoint From(IPEndPoint endPoint)
    {
        Span<byte> octets = stackalloc byte[16];
        IPAddress address = endPoint.Address;
        address.TryWriteBytes(octets, out int written);
        return written == 4
            ? FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(octets), (ushort)endPoint.Port)
            : new UdpEndpoint(
                BinaryPrimitives.ReadUInt64BigEndian(octets),
                BinaryPrimitives.ReadUInt64BigEndian(octets[8..]),
                (ushort)endPoint.Port,
                (uint)address.ScopeId);
    }

    /// <summary>The same endpoint for .NET's types; an IPv4-mapped address comes back as IPv4. Allocates.</summary>
    public IPEndPoint ToIPEndPoint() => new(ToIPAddress(), Port);

    /// <summary>The address alone; an IPv4-mapped one comes back as IPv4. Allocates.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> octets = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(octets, High);
        BinaryPrimitives.WriteUInt64BigEndian(octets[8..], Low);
        return IsIPv4 ? new IPAddress(octets[12..]) : new IPAddress(octets, ScopeId);
    }

    /// <inheritdoc/>
    public override string ToString() => ToIPEndPoint().ToString();
}
