namespace Llama.Storage.History.Blocks;

/// <summary>What the directory of a block says of each pair: which one it is, and how many points it has. All numbers are based.</summary>
/// <remarks>
/// <code>
/// first pair   destination          class
/// others       destination less the one before, 0 or above     class: less the one before and above 0 when the destination is the same
/// all          points, above 0
/// </code>
/// </remarks>
internal static class DirectoryPart
{
    public const int Columns = 5;

    private const int First = 0;
    private const int Next = 1;
    private const int Class = 2;
    private const int NextClass = 3;
    private const int Points = 4;

    /// <summary>Writes or reads a pair.</summary>
    /// <param name="symbols">Where to or from.</param>
    /// <param name="isFirst">True for the first one.</param>
    /// <param name="before">The pair before.</param>
    /// <param name="pair">The pair.</param>
    public static void Transfer<TSymbols>(ref TSymbols symbols, bool isFirst, in BlockPair before, ref BlockPair pair)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        int destination = isFirst
            ? Whole(symbols.Based(First, pair.Destination), 0)
            : Whole(before.Destination + symbols.Based(Next, (long)pair.Destination - before.Destination), before.Destination);
        pair.Class = isFirst || destination != before.Destination
            ? Octet(symbols.Based(Class, pair.Class), 0)
            : Octet(before.Class + symbols.Based(NextClass, pair.Class - before.Class), before.Class + 1);
        pair.Destination = destination;
        pair.Points = Whole(symbols.Based(Points, pair.Points), 1);
    }

    /// <summary>How many pairs come next that have one point each, and destinations one behind the other; there may be more.</summary>
    /// <param name="symbols">Where from, behind the first pair.</param>
    /// <param name="most">How many at most.</param>
    public static int PlainAhead(ref StripReader symbols, int most) =>
        symbols.IsZero(Class) && symbols.IsZero(Points) && symbols.Base(Points) == 1 && symbols.Base(Next) == 1 ? symbols.ZerosAhead(Next, most) : 0;

    /// <summary>Goes past so many of them.</summary>
    public static void PassPlain(ref StripReader symbols, int pairs, ref BlockPair pair)
    {
        symbols.PassZeros(Next, pairs);
        pair = new BlockPair { Destination = Whole((long)pair.Destination + pairs, 0), Class = Octet(symbols.Base(Class), 0), Points = 1 };
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
}
