using System.Diagnostics;

namespace Llama.Wire.Clocks;

/// <summary>
/// The two clocks a measurement needs, and never mixes up: one that only goes forward, for schedules and deadlines, and one
/// that tells the date, for timestamps that others compare. Any thread may call it; reading takes some tens of nanoseconds.
/// </summary>
public abstract class Clock
{
    /// <summary>The machine's own clocks.</summary>
    public static Clock System { get; } = OperatingSystem.IsLinux() ? new LinuxClock() : new PortableClock();

    /// <summary>Now, on the clock that only goes forward.</summary>
    public abstract MonotonicTime Monotonic { get; }

    /// <summary>Now, on the clock that tells the date and may be stepped by whoever sets it.</summary>
    public abstract WallTime Wall { get; }

    /// <summary>CLOCK_MONOTONIC and CLOCK_REALTIME, which the kernel's receive timestamps use too (clock_gettime(2)).</summary>
    private sealed class LinuxClock : Clock
    {
        private const int Realtime = 0;
        private const int MonotonicId = 1;

        public override MonotonicTime Monotonic => new(LinuxNative.ClockNanos(MonotonicId));

        public override WallTime Wall => new(LinuxNative.ClockNanos(Realtime));
    }

    private sealed class PortableClock : Clock
    {
        public override MonotonicTime Monotonic =>
            new((long)(Stopwatch.GetTimestamp() * (1_000_000_000.0 / Stopwatch.Frequency)));

        public override WallTime Wall => WallTime.From(TimeProvider.System.GetUtcNow());
    }
}
