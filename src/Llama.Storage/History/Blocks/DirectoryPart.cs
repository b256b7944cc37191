namespace Llama.Storage.History.Blocks;

/// <summary>
/// What the directory of a block says of each pair: which one it is, and how long its parts are, so that a reader goes past those it
/// does not want. All numbers are based.
/// </summary>
/// <remarks>
/// <code>
/// first pair   destination          class
/// others       destination less the one before, 0 or above     class: less the one before and above 0 when the destination is the same
/// all          points, above 0      bits of the counts      bits of round-trip times      of path marks      of flows
/// </code>
/// </remarks>
internal static class DirectoryPart
{
    public const int Columns = 9;

    private const int First = 0;
    private const int Next = 1;
    private const int Class = 2;
    private const int NextClass = 3;
    private const int Points = 4;
    private const int CountsBits = 5;
    private const int RttBits = 6;
    private const int PathBits = 7;
    private const int FlowsBits = 8;

    /// <summary>Writes or reads a pair.</summary>
    /// <param name="symbols">Where to or from.</param>
    /// <param name="before">The pair before; null in front of the first.</param>
    /// <param name="pair">The pair.</param>
    public static void Transfer<TSymbols>(ref TSymbols symbols, in BlockPair? before, ref BlockPair pair)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        pair.Destination = before is { } last
            ? Whole(last.Destination + symbols.Based(Next, (long)pair.Destination - last.Destination), last.Destination)
            : Whole(symbols.Based(First, pair.Destination), 0);
        pair.Class = before is { } same && same.Destination == pair.Destination
            ? Octet(same.Class + symbols.Based(NextClass, pair.Class - same.Class), same.Class + 1)
            : Octet(symbols.Based(Class, pair.Class), 0);
        pair.Points = Whole(symbols.Based(Points, pair.Points), 1);
        pair.CountsBits = Whole(symbols.Based(CountsBits, pair.CountsBits), 0);
        pair.RttBits = Whole(symbols.Based(RttBits, pair.RttBits), 0);
        pair.PathBits = Whole(symbols.Based(PathBits, pair.PathBits), 0);
        pair.FlowsBits = Whole(symbols.Based(FlowsBits, pair.FlowsBits), 0);
    }

    private static int Whole(long value, int least) => value >= least && value <= int.MaxValue ? (int)value : throw BitReader.Damaged();

    private static byte Octet(long value, int least) => value >= least && value <= byte.MaxValue ? (byte)value : throw BitReader.Damaged();
}

/// <summary>A pair in the directory of a block.</summary>
internal struct BlockPair
{
    public int Destination;
    public byte Class;
    public int Points;
    public int CountsBits;
    public int RttBits;
    public int PathBits;
    public int FlowsBits;
}
