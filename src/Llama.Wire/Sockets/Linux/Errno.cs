using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Llama.Wire.Sockets.Linux;

/// <summary>Error numbers of Linux (errno(3)), as x86-64, arm64 and all others that .NET runs on have them.</summary>
internal static class Errno
{
    internal const int EPERM = 1;
    internal const int EINTR = 4;
    internal const int EAGAIN = 11;
    internal const int EINVAL = 22;
    internal const int ENOSYS = 38;
    internal const int EMSGSIZE = 90;
    internal const int EAFNOSUPPORT = 97;
    private const int ENOMEM = 12;
    private const int EACCES = 13;
    private const int ENODEV = 19;
    private const int ENFILE = 23;
    private const int EMFILE = 24;
    private const int EADDRINUSE = 98;
    private const int EADDRNOTAVAIL = 99;
    private const int ENOBUFS = 105;

    /// <summary>What the last call of this thread left.</summary>
    internal static int Last => Marshal.GetLastPInvokeError();

    /// <summary>The exception for a call that failed.</summary>
    /// <param name="error">Its error; <see cref="Last"/>, read before anything else runs.</param>
    /// <param name="what">What was tried, to open the message with.</param>
    internal static SocketException ToException(int error, string what) =>
        new((int)ToSocketError(error), $"{what}: {Marshal.GetPInvokeErrorMessage(error)}");

    private static SocketError ToSocketError(int error) => error switch
    {
        EPERM or EACCES => SocketError.AccessDenied,
        EADDRINUSE => SocketError.AddressAlreadyInUse,
        EADDRNOTAVAIL or ENODEV => SocketError.AddressNotAvailable,
        EAFNOSUPPORT => SocketError.AddressFamilyNotSupported,
        EINVAL => SocketError.InvalidArgument,
        ENFILE or EMFILE => SocketError.TooManyOpenSockets,
        ENOMEM or ENOBUFS => SocketError.NoBufferSpaceAvailable,
        _ => SocketError.SocketError,
    };
}
