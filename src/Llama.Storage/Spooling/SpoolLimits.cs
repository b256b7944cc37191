namespace Llama.Storage.Spooling;

/// <summary>How much may wait in a spool, and for how long. Segments are dropped whole, the oldest first.</summary>
public sealed record SpoolLimits
{
    /// <summary>Octets of all segments together. One record that is longer is kept all the same, alone.</summary>
    public long MaxBytes { get; init; } = 1L << 30;

    /// <summary>A segment goes when its newest record is older than this.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Octets after which the next segment begins, an eighth of <see cref="MaxBytes"/> at the most. A longer record has one of its own.</summary>
    public int SegmentBytes { get; init; } = 8 << 20;
}
