using System.Runtime.InteropServices;
using Llama.Wire.Sockets.Linux;

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

    /// <summary>Random octets of getrandom(2).</summary>
    /// <returns>False where the kernel gives none.</returns>
    internal static bool TryGetRandom(Span<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            nint filled;
            fixed (byte* to = octets) filled = getrandom(to, (nuint)octets.Length, 0);
            if (filled <= 0 && Errno.Last != Errno.EINTR) return false;
            octets = octets[(int)Math.Max(0, filled)..];
        }

        return true;
    }

    /// <summary>A file of memfd_create(2): it has no name in any directory, and is gone once nobody has it open or mapped.</summary>
    /// <returns>Its descriptor; negative where the kernel makes none.</returns>
    internal static int MemoryFile(string name, uint flags) => memfd_create(name, flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getrandom(byte* to, nuint length, uint flags);

    [LibraryImport("libc")]
    [SuppressGCTransition]
    private static partial int clock_gettime(int clock, Timespec* time);
}
