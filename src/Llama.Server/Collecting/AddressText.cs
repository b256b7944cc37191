using System.Net;

namespace Llama.Server.Collecting;

/// <summary>Addresses in the one form that all answers share.</summary>
internal static class AddressText
{
    /// <summary>The same address, where two writings of it mean the same: IPv4 out of its IPv6-mapped form, and one wildcard.</summary>
    public static IPAddress Canonical(this IPAddress address)
    {
        if (address.Equals(IPAddress.Any)) return IPAddress.IPv6Any;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    /// <inheritdoc cref="Canonical(IPAddress)"/>
    public static IPEndPoint Canonical(this IPEndPoint endPoint)
    {
        IPAddress address = endPoint.Address.Canonical();
        return ReferenceEquals(address, endPoint.Address) ? endPoint : new IPEndPoint(address, endPoint.Port);
    }

    /// <summary>As Go writes an IP: without a zone.</summary>
    public static string WithoutZone(this IPAddress address) =>
        address.ScopeIdOrZero() == 0 ? address.ToString() : new IPAddress(address.GetAddressBytes()).ToString();

    private static long ScopeIdOrZero(this IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}
