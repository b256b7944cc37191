using System.Net;

namespace Llama.Wire.Sockets.Linux;

/// <summary>Sets the options of a socket that is not bound yet (socket(7), ip(7), ipv6(7)).</summary>
internal readonly unsafe struct SocketSetup(FileDescriptor descriptor, int family)
{
    /// <summary>Sets them all. What the measurement can do without (a kernel that tells less) is asked for and not insisted on.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">One that was asked for explicitly was refused.</exception>
    internal void Apply(DatagramSocketOptions options, bool dualStack)
    {
        bool isIPv6 = family == SocketCalls.AF_INET6;
        if (isIPv6)
            Require(SocketCalls.SOL_IPV6, SocketCalls.IPV6_V6ONLY, dualStack ? 0 : 1, "IPV6_V6ONLY");
        if (options.ReusePort)
            Require(SocketCalls.SOL_SOCKET, SocketCalls.SO_REUSEPORT, 1, "SO_REUSEPORT");

        Size(SocketCalls.SO_RCVBUFFORCE, SocketCalls.SO_RCVBUF, options.ReceiveBufferBytes);
        Size(SocketCalls.SO_SNDBUFFORCE, SocketCalls.SO_SNDBUF, options.SendBufferBytes);
        Try(SocketCalls.SOL_SOCKET, SocketCalls.SO_TIMESTAMPNS, 1);
        Try(SocketCalls.SOL_SOCKET, SocketCalls.SO_RXQ_OVFL, 1);

        Try(SocketCalls.SOL_IP, SocketCalls.IP_RECVTOS, 1);
        Try(SocketCalls.SOL_IP, SocketCalls.IP_RECVTTL, 1);
        Require(SocketCalls.SOL_IP, SocketCalls.IP_TTL, options.Ttl, "IP_TTL");
        if (isIPv6)
        {
            Try(SocketCalls.SOL_IPV6, SocketCalls.IPV6_RECVTCLASS, 1);
            Try(SocketCalls.SOL_IPV6, SocketCalls.IPV6_RECVHOPLIMIT, 1);
            Require(SocketCalls.SOL_IPV6, SocketCalls.IPV6_UNICAST_HOPS, options.Ttl, "IPV6_UNICAST_HOPS");
        }

        // A socket bound to one address gets only what was sent to it. On a dual-stack socket IPV6_RECVPKTINFO tells of IPv4 too.
        if (dualStack)
            Try(SocketCalls.SOL_IPV6, SocketCalls.IPV6_RECVPKTINFO, 1);
        else if (options.Bind.Address.Equals(IPAddress.Any) || options.Bind.Address.Equals(IPAddress.IPv6Any))
            Try(SocketCalls.SOL_IP, SocketCalls.IP_PKTINFO, 1);

        if (options.DontFragment is not { } dontFragment)
            return;
        int discover = dontFragment ? SocketCalls.PMTUDISC_PROBE : SocketCalls.PMTUDISC_DONT;
        Require(SocketCalls.SOL_IP, SocketCalls.IP_MTU_DISCOVER, discover, "IP_MTU_DISCOVER");
        if (isIPv6)
            Require(SocketCalls.SOL_IPV6, SocketCalls.IPV6_MTU_DISCOVER, discover, "IPV6_MTU_DISCOVER");
    }

    /// <summary>The forced size ignores the sysctl's limit, but needs CAP_NET_ADMIN; the other is cut down to the limit.</summary>
    private void Size(int forced, int limited, int bytes)
    {
        if (!Try(SocketCalls.SOL_SOCKET, forced, bytes))
            Try(SocketCalls.SOL_SOCKET, limited, bytes);
    }

    private void Require(int level, int option, int value, string name)
    {
        if (!Try(level, option, value))
            throw Errno.ToException(Errno.Last, $"cannot set {name} to {value}");
    }

    private bool Try(int level, int option, int value) =>
        SocketCalls.setsockopt(descriptor, level, option, &value, sizeof(int)) == 0;
}
