using Llama.Wire.Clocks;

namespace Llama.Engine.Probing;

/// <summary>
/// Watches the distance between the two clocks. It drifts slowly while the wall clock is being disciplined, and jumps when that
/// clock is stepped: then a new epoch begins, and timestamps of different epochs are not to be subtracted. Belongs to one thread.
/// </summary>
internal sealed class ClockWatch
{
    /// <summary>The distance may change by this at any time: two reads are never quite simultaneous.</summary>
    private const long SlackNanos = 100_000;

    /// <summary>And by a thousandth of the time passed: adjtimex(2) slews by half of that at the most.</summary>
    private const long DriftDivisor = 1000;

    /// <summary>Two reads further apart than this were interrupted, and tell nothing.</summary>
    private const long SimultaneousNanos = 20_000;

    private readonly Clock _clock;
    private MonotonicTime _checked;

    /// <summary>Begins to watch.</summary>
    public ClockWatch(Clock clock)
    {
        _clock = clock;
        _checked = clock.Monotonic;
        OffsetNanos = clock.Wall.Nanos - _checked.Nanos;
    }

    /// <summary>Changes with each step; wraps.</summary>
    public byte Epoch { get; private set; }

    /// <summary>The wall clock less the one that only goes forward, when last looked at.</summary>
    public long OffsetNanos { get; private set; }

    /// <summary>Looks at both clocks.</summary>
    /// <param name="now">The time on the clock that only goes forward.</param>
    /// <returns>True when the wall clock has been stepped since the last call.</returns>
    public bool HasStepped(out MonotonicTime now)
    {
        now = _clock.Monotonic;
        for (int attempt = 0; attempt < 3; attempt++)
        {
            WallTime wall = _clock.Wall;
            MonotonicTime after = _clock.Monotonic;
            if (after - now <= SimultaneousNanos) return Compare(wall, now);
            now = after;
        }

        return false;
    }

    private bool Compare(WallTime wall, MonotonicTime now)
    {
        long offset = wall.Nanos - now.Nanos;
        long change = Math.Abs(offset - OffsetNanos);
        bool stepped = change > SlackNanos + (now - _checked) / DriftDivisor;
        OffsetNanos = offset;
        _checked = now;
        if (stepped) Epoch++;
        return stepped;
    }
}
