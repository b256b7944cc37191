namespace Llama.Storage.History.Blocks;

/// <summary>
/// How long the parts of each pair are in the detail of a block, so that a reader goes past those it does not want. They are with the
/// detail: who counts has no use for them.
/// </summary>
/// <remarks>
/// <code>
/// each pair    bits of round-trip times      of path marks      of flows      all based
/// </code>
/// </remarks>
internal static class LengthsPart
{
    public const int Columns = 3;

    private const int Rtt = 0;
    private const int Path = 1;
    private const int Flows = 2;

    /// <summary>Writes or reads a pair.</summary>
    public static void Transfer<TSymbols>(ref TSymbols symbols, ref PartLengths lengths)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        lengths.RttBits = Whole(symbols.Based(Rtt, lengths.RttBits));
        lengths.PathBits = Whole(symbols.Based(Path, lengths.PathBits));
        lengths.FlowsBits = Whole(symbols.Based(Flows, lengths.FlowsBits));
    }

    private static int Whole(long value) => value is >= 0 and <= int.MaxValue ? (int)value : throw BitReader.Damaged();
}

/// <summary>How long the parts of a pair are.</summary>
internal struct PartLengths
{
    public int RttBits;
    public int PathBits;
    public int FlowsBits;
}
