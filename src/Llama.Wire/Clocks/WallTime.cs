namespace Llama.Wire.Clocks;

/// <summary>A moment on the clock that tells the date. It may be stepped, so differences of it are checked before they are believed.</summary>
/// <param name="Nanos">Nanoseconds since the Unix epoch, UTC.</param>
public readonly record struct WallTime(long Nanos) : IComparable<WallTime>
{
    private const long NanosPerTick = 100;

    /// <summary>The same moment with the 100 ns resolution of <see cref="DateTimeOffset"/>.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch.AddTicks(Nanos / NanosPerTick);

    /// <summary>The moment a <see cref="DateTimeOffset"/> tells.</summary>
    public static WallTime From(DateTimeOffset time) => new((time - DateTimeOffset.UnixEpoch).Ticks * NanosPerTick);

    /// <summary>The moment <paramref name="nanos"/> nanoseconds after <paramref name="time"/>.</summary>
    public static WallTime operator +(WallTime time, long nanos) => new(time.Nanos + nanos);

    /// <summary>Nanoseconds from <paramref name="earlier"/> to <paramref name="later"/>, as the clock told them.</summary>
    public static long operator -(WallTime later, WallTime earlier) => later.Nanos - earlier.Nanos;

    /// <inheritdoc cref="IComparable{T}.CompareTo"/>
    public static bool operator <(WallTime left, WallTime right) => left.Nanos < right.Nanos;

    /// <inheritdoc cref="IComparable{T}.CompareTo"/>
    public static bool operator >(WallTime left, WallTime right) => left.Nanos > right.Nanos;

    /// <inheritdoc cref="IComparable{T}.CompareTo"/>
    public static bool operator <=(WallTime left, WallTime right) => left.Nanos <= right.Nanos;

    /// <inheritdoc cref="IComparable{T}.CompareTo"/>
    public static bool operator >=(WallTime left, WallTime right) => left.Nanos >= right.Nanos;

    /// <inheritdoc/>
    public int CompareTo(WallTime other) => Nanos.CompareTo(other.Nanos);
}
