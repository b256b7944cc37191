namespace Llama.Wire.Clocks;

/// <summary>A moment on a clock that only goes forward. Its zero means nothing; only differences do.</summary>
/// <param name="Nanos">Nanoseconds since that zero.</param>
public readonly record struct MonotonicTime(long Nanos) : IComparable<MonotonicTime>
{
    /// <summary>The moment <paramref name="nanos"/> nanoseconds after <paramref name="time"/>.</summary>
    public static MonotonicTime operator +(MonotonicTime time, long nanos) => new(time.Nanos + nanos);

    /// <summary>Nanoseconds from <paramref name="earlier"/> to <paramref name="later"/>.</summary>
    public static long operator -(MonotonicTime later, MonotonicTime earlier) => later.Nanos - earlier.Nanos;

    /// <inheritdoc cref="IComparable{T}.CompareTo"/>
    public static bool operator <(MonotonicTime left, MonotonicTime right) => left.Nanos < right.Nanos;

    /// <inheritdoc cref="IComparable{T}.CompareTo"/>
    public static bool operator >(MonotonicTime left, MonotonicTime right) => left.Nanos > right.Nanos;

    /// <inheritdoc cref="IComparable{T}.CompareTo"/>
    public static bool operator <=(MonotonicTime left, MonotonicTime right) => left.Nanos <= right.Nanos;

    /// <inheritdoc cref="IComparable{T}.CompareTo"/>
    public static bool operator >=(MonotonicTime left, MonotonicTime right) => left.Nanos >= right.Nanos;

    /// <inheritdoc/>
    public int CompareTo(MonotonicTime other) => Nanos.CompareTo(other.Nanos);
}
