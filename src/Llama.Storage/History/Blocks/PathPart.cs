using Llama.Engine.Summaries;

namespace Llama.Storage.History.Blocks;

/// <summary>What a point consists of in the path marks of a block.</summary>
/// <remarks>
/// <code>
/// known     level     bit n for the one in place n of: forward TTL, reverse TTL, forward ToS, reverse ToS, forward re-marked,
///                     reverse re-marked, forward TTL changes
/// each one  level, when known, in the same order; a ToS is expected to be the class at first, changes are unsigned
/// </code>
/// </remarks>
internal static class PathPart
{
    public const int BasedColumns = 7;
    public const int Columns = 15;

    private const int Known = 0;
    private const int ForwardTtl = 1;
    private const int ReverseTtl = 2;
    private const int ForwardTos = 3;
    private const int ReverseTos = 4;
    private const int ForwardRemarked = 5;
    private const int ReverseRemarked = 6;

    // The columns in between are those of levels, behind their first values.
    private const int ForwardTtlChanges = 14;

    /// <summary>Writes or reads a point.</summary>
    public static void Transfer<TSymbols>(ref TSymbols symbols, ref PathBefore before, ref PathMarks path)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        long known = symbols.Level(Known, BasedColumns, TSymbols.IsReading ? 0 : KnownOf(path), ref before.Known);
        path = new PathMarks
        {
            ForwardTtl = (known & 1) == 0 ? null : Octet(symbols.Level(ForwardTtl, BasedColumns, path.ForwardTtl.GetValueOrDefault(), ref before.ForwardTtl)),
            ReverseTtl = (known & 2) == 0 ? null : Octet(symbols.Level(ReverseTtl, BasedColumns, path.ReverseTtl.GetValueOrDefault(), ref before.ReverseTtl)),
            ForwardTos = (known & 4) == 0 ? null : Octet(symbols.Level(ForwardTos, BasedColumns, path.ForwardTos.GetValueOrDefault(), ref before.ForwardTos)),
            ReverseTos = (known & 8) == 0 ? null : Octet(symbols.Level(ReverseTos, BasedColumns, path.ReverseTos.GetValueOrDefault(), ref before.ReverseTos)),
            ForwardRemarked = (known & 16) == 0 ? null
                : symbols.Level(ForwardRemarked, BasedColumns, path.ForwardRemarked.GetValueOrDefault(), ref before.ForwardRemarked),
            ReverseRemarked = (known & 32) == 0 ? null
                : symbols.Level(ReverseRemarked, BasedColumns, path.ReverseRemarked.GetValueOrDefault(), ref before.ReverseRemarked),
            ForwardTtlChanges = (known & 64) == 0 ? null
                : (long)symbols.Unsigned(ForwardTtlChanges, (ulong)path.ForwardTtlChanges.GetValueOrDefault()),
        };
    }

    private static long KnownOf(in PathMarks path) =>
        (path.ForwardTtl is null ? 0 : 1) | (path.ReverseTtl is null ? 0 : 2) | (path.ForwardTos is null ? 0 : 4) | (path.ReverseTos is null ? 0 : 8)
        | (path.ForwardRemarked is null ? 0 : 16) | (path.ReverseRemarked is null ? 0 : 32) | (path.ForwardTtlChanges is null ? 0 : 64);

    private static byte Octet(long value) => value is >= 0 and <= byte.MaxValue ? (byte)value : throw BitReader.Damaged();
}

/// <summary>What is expected of the next point of a pair; new for each pair.</summary>
internal struct PathBefore(byte trafficClass)
{
    public Level Known;
    public Level ForwardTtl;
    public Level ReverseTtl;
    public Level ForwardTos = new() { Value = trafficClass, IsSet = true };
    public Level ReverseTos = new() { Value = trafficClass, IsSet = true };
    public Level ForwardRemarked;
    public Level ReverseRemarked;
}
