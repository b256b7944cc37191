namespace Llama.Storage.History.Reading;

/// <summary>The rows that a piece is read from.</summary>
/// <param name="Piece">The piece.</param>
/// <param name="First">Their first row span.</param>
/// <param name="Last">Their last one; before the first where there are none.</param>
internal readonly record struct Extent(Piece Piece, int First, int Last)
{
    /// <summary>The rows of a piece, as far as its level has any.</summary>
    public static Extent Of(Piece piece, (int First, int Last) spans)
    {
        long row = piece.Level.RowSpan().Ticks;
        return new Extent(piece, Math.Max(spans.First, (int)(piece.FromTicks / row)), Math.Min(spans.Last, (int)((piece.ToTicks - 1) / row)));
    }

    /// <summary>How much of the piece there may be something of.</summary>
    public long Ticks
    {
        get
        {
            long row = Piece.Level.RowSpan().Ticks;
            return Math.Min(Piece.ToTicks, (Last + 1) * row) - Math.Max(Piece.FromTicks, First * row);
        }
    }
}
