using System.Runtime.InteropServices;

namespace Llama.Wire.Sockets.Linux;

/// <summary>
/// socket(2) and what works on it. The numbers are those of the kernel's asm-generic headers, which every 64-bit architecture
/// that .NET runs on shares. None of the calls suppresses the GC transition: one recvmmsg or sendmmsg of a full batch takes
/// 100 us and more, and a garbage collection would have to wait for it; the transition it saves is worth some 10 ns.
/// </summary>
internal static unsafe partial class SocketCalls
{
    internal const int AF_INET = 2;
    internal const int AF_INET6 = 10;
    internal const int SOCK_DGRAM = 2;
    internal const int SOCK_NONBLOCK = 0x800;
    internal const int SOCK_CLOEXEC = 0x80000;

    internal const int MSG_TRUNC = 0x20;
    internal const int MSG_DONTWAIT = 0x40;
    internal const int MSG_ERRQUEUE = 0x2000;

    internal const int SOL_SOCKET = 1;
    internal const int SO_SNDBUF = 7;
    internal const int SO_RCVBUF = 8;
    internal const int SO_REUSEPORT = 15;
    internal const int SO_SNDBUFFORCE = 32;
    internal const int SO_RCVBUFFORCE = 33;
    internal const int SO_TIMESTAMPNS = 35;
    internal const int SO_TIMESTAMPING = 37;
    internal const int SO_RXQ_OVFL = 40;

    internal const int SOF_TIMESTAMPING_TX_SOFTWARE = 1 << 1;
    internal const int SOF_TIMESTAMPING_SOFTWARE = 1 << 4;
    internal const int SOF_TIMESTAMPING_OPT_ID = 1 << 7;
    internal const int SOF_TIMESTAMPING_OPT_TSONLY = 1 << 11;

    internal const int SO_EE_ORIGIN_TIMESTAMPING = 4;

    internal const int SOL_IP = 0;
    internal const int IP_TOS = 1;
    internal const int IP_TTL = 2;
    internal const int IP_PKTINFO = 8;
    internal const int IP_MTU_DISCOVER = 10;
    internal const int IP_RECVERR = 11;
    internal const int IP_RECVTTL = 12;
    internal const int IP_RECVTOS = 13;

    internal const int SOL_IPV6 = 41;
    internal const int IPV6_UNICAST_HOPS = 16;
    internal const int IPV6_MTU_DISCOVER = 23;
    internal const int IPV6_RECVERR = 25;
    internal const int IPV6_V6ONLY = 26;
    internal const int IPV6_RECVPKTINFO = 49;
    internal const int IPV6_PKTINFO = 50;
    internal const int IPV6_RECVHOPLIMIT = 51;
    internal const int IPV6_HOPLIMIT = 52;
    internal const int IPV6_RECVTCLASS = 66;
    internal const int IPV6_TCLASS = 67;

    /// <summary>Never sets don't-fragment (ip(7)); the IPv6 option has the same value.</summary>
    internal const int PMTUDISC_DONT = 0;

    /// <summary>Sets don't-fragment and ignores the path MTU the kernel has learnt (ip(7)); the IPv6 option has the same value.</summary>
    internal const int PMTUDISC_PROBE = 3;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(FileDescriptor socket, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockname(FileDescriptor socket, byte* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(FileDescriptor socket, int level, int option, int* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(FileDescriptor socket, int level, int option, int* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int recvmmsg(
        FileDescriptor socket, MultiMessage* messages, uint count, int flags, LinuxNative.Timespec* timeout);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sendmmsg(FileDescriptor socket, MultiMessage* messages, uint count, int flags);

    [LibraryImport("libc")]
    internal static partial int close(int descriptor);
}
