namespace Llama.Storage.Spooling;

/// <summary>A place between two records of a spool. Those that are compared come from one spool.</summary>
/// <param name="Segment">The number of the file; rises.</param>
/// <param name="Offset">Octets from its start.</param>
public readonly record struct SpoolPosition(long Segment, long Offset) : IComparable<SpoolPosition>
{
    /// <summary>The number of the record that comes next here.</summary>
    internal long Number { get; init; }

    /// <summary>Earlier is less.</summary>
    public static bool operator <(SpoolPosition left, SpoolPosition right) => left.CompareTo(right) < 0;

    /// <summary>Later is more.</summary>
    public static bool operator >(SpoolPosition left, SpoolPosition right) => left.CompareTo(right) > 0;

    /// <summary>Earlier is less.</summary>
    public static bool operator <=(SpoolPosition left, SpoolPosition right) => left.CompareTo(right) <= 0;

    /// <summary>Later is more.</summary>
    public static bool operator >=(SpoolPosition left, SpoolPosition right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(SpoolPosition other) => (Segment, Offset).CompareTo((other.Segment, other.Offset));

    /// <inheritdoc/>
    public bool Equals(SpoolPosition other) => (Segment, Offset) == (other.Segment, other.Offset);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Segment, Offset);
}
