using System.Runtime.InteropServices;

namespace Llama.Wire;

/// <summary>The system calls of Linux that .NET has no face for.</summary>
internal static unsafe partial class LinuxNative
{
    [StructLayout(LayoutKind.Sequential)]
    internal struct Timespec
    {
        public long Seconds;
        public long Nanos;
    }

    /// <summary>A clock of clock_gettime(2), in nanoseconds.</summary>
    internal static long ClockNanos(int clock)
    {
        Timespec time;
        _ = clock_gettime(clock, &time);
        return time.Seconds * 1_000_000_000 + time.Nanos;
    }

    [LibraryImport("libc")]
    [SuppressGCTransition]
    private static partial int clock_gettime(int clock, Timespec* time);
}
