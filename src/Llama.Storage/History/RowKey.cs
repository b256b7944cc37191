namespace Llama.Storage.History;

/// <summary>
/// Where a row of a level stands: rows of a time are together, in it those of a source, in it parts of 64 destinations each. As one
/// number it is the row's integer key, so that rows are written in order and nothing else is indexed.
/// </summary>
/// <remarks>
/// <code>
/// bit 62        39 38        15 14      0
///     span         source       part          span: row spans of the level since the Unix epoch
/// </code>
/// </remarks>
/// <param name="Span">Which row span of its level since the Unix epoch; 0 to 2^24 - 1.</param>
/// <param name="Source">The source's number; 0 to 2^24 - 1.</param>
/// <param name="Part">The destinations' numbers, divided by <see cref="DestinationsPerPart"/>; 0 to 2^15 - 1.</param>
internal readonly record struct RowKey(int Span, int Source, int Part)
{
    /// <summary>How many destinations share a row.</summary>
    public const int DestinationsPerPart = 64;

    /// <summary>First source number that is too large.</summary>
    public const int SourceLimit = 1 << SourceBits;

    /// <summary>First destination number that is too large.</summary>
    public const int DestinationLimit = (1 << PartBits) * DestinationsPerPart;

    private const int PartBits = 15;
    private const int SourceBits = 24;

    /// <summary>The key as stored.</summary>
    public long Value => ((long)Span << (SourceBits + PartBits)) | ((long)Source << PartBits) | (uint)Part;

    /// <summary>The key of a stored number.</summary>
    public static RowKey Of(long value) =>
        new((int)(value >> (SourceBits + PartBits)), (int)(value >> PartBits) & (SourceLimit - 1), (int)value & ((1 << PartBits) - 1));

    /// <summary>The row span of a level that a moment is in.</summary>
    public static int SpanOf(HistoryLevel level, DateTimeOffset at) => (int)((at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / level.RowSpan().Ticks);

    /// <summary>When a row span begins.</summary>
    public static DateTimeOffset StartOf(HistoryLevel level, int span) => DateTimeOffset.UnixEpoch + span * level.RowSpan();
}
