using System.Runtime.InteropServices;

namespace Llama.Wire.Sockets.Linux;

/// <summary>ppoll(2), and the eventfd(2) that wakes from it.</summary>
internal static unsafe partial class PollCalls
{
    internal const int EFD_CLOEXEC = 0x80000;
    internal const int EFD_NONBLOCK = 0x800;

    internal const short POLLIN = 1;
    internal const short POLLERR = 8;

    internal const int PR_SET_TIMERSLACK = 29;

    /// <summary>struct pollfd of poll(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

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
