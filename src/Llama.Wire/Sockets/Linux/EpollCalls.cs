using System.Runtime.InteropServices;

namespace Llama.Wire.Sockets.Linux;

/// <summary>
/// epoll(7) and what goes with it. struct epoll_event is packed on x86-64 and aligned elsewhere:
/// <code>
///         x86-64  others
/// events  0       0       4 bytes
/// data    4       8       8 bytes
/// size    12      16
/// </code>
/// </summary>
internal static unsafe partial class EpollCalls
{
    internal const int EPOLL_CLOEXEC = 0x80000;
    internal const int EFD_CLOEXEC = 0x80000;
    internal const int EFD_NONBLOCK = 0x800;
    internal const int EPOLL_CTL_ADD = 1;
    internal const uint EPOLLIN = 1;

    internal const short POLLIN = 1;

    internal const int PR_SET_TIMERSLACK = 29;

    /// <summary>The number of epoll_pwait2(2), which all architectures share.</summary>
    internal const nint EpollPwait2Number = 441;

    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    /// <summary>sizeof(struct epoll_event).</summary>
    internal static readonly int EventLength = DataOffset + 8;

    /// <summary>struct pollfd of poll(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>The data of event <paramref name="index"/> of an array.</summary>
    internal static ulong Data(byte* events, int index)
    {
        byte* at = events + index * EventLength + DataOffset;
        return *(uint*)at | (ulong)*(uint*)(at + 4) << 32;
    }

    /// <summary>Adds a descriptor that is watched for input, level-triggered.</summary>
    /// <returns>0, or -1 with errno set.</returns>
    internal static int Add(FileDescriptor epoll, FileDescriptor watched, ulong data)
    {
        byte* added = stackalloc byte[16];
        *(uint*)added = EPOLLIN;
        *(uint*)(added + DataOffset) = (uint)data;
        *(uint*)(added + DataOffset + 4) = (uint)(data >> 32);
        return epoll_ctl(epoll, EPOLL_CTL_ADD, watched, added);
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_ctl(FileDescriptor epoll, int operation, FileDescriptor watched, byte* added);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_wait(FileDescriptor epoll, byte* events, int room, int timeoutMillis);

    /// <summary>epoll_pwait2(2) through syscall(2): C libraries have had a face for it only for a few years.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint epoll_pwait2(
        nint number, FileDescriptor epoll, byte* events, nint room, LinuxNative.Timespec* timeout, void* signals, nint signalsLength);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ppoll(PollDescriptor* descriptors, nuint count, LinuxNative.Timespec* timeout, void* signals);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(FileDescriptor descriptor, void* to, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(FileDescriptor descriptor, void* from, nuint length);

    [LibraryImport("libc")]
    internal static partial int prctl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);
}
