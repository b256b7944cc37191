namespace Llama.Storage.History.Reading;

/// <summary>A part of a span that is read from one level: the points that begin in it. In ticks since the Unix epoch.</summary>
internal readonly record struct Piece(HistoryLevel Level, long FromTicks, long ToTicks);

/// <summary>
/// Cuts a span into pieces so that each interval in it is counted once. A piece comes from the coarsest level that fits its time, and
/// is not coarser than asked for; where that level does not reach back so far, from a finer one; where nothing so fine is left, from the
/// finest that is. A coarse point that begins in the span then counts whole, and what is finer goes on behind its end. Pure.
/// </summary>
internal static class ReadPlan
{
    /// <summary>The pieces in the order of time.</summary>
    /// <param name="fromTicks">Start of the span; in ticks since the Unix epoch, like all times here.</param>
    /// <param name="toTicks">Its end.</param>
    /// <param name="step">How long points are wanted; null for one point, zero for each interval by itself.</param>
    /// <param name="sinceTicks">Since when each level holds all that was settled.</param>
    public static List<Piece> Of(long fromTicks, long toTicks, TimeSpan? step, IReadOnlyList<long> sinceTicks)
    {
        var pieces = new List<Piece>();
        HistoryLevel coarsest = CoarsestFor(step);
        long at = fromTicks;
        while (at < toTicks)
        {
            Piece piece = BestAt(at, toTicks, coarsest, sinceTicks) ?? LeftAt(at, toTicks, sinceTicks);
            if (piece.FromTicks < piece.ToTicks) Add(pieces, piece);
            at = piece.ToTicks;
        }

        return pieces;
    }

    // Each step divides the next coarser one, so what divides by one of them divides by all that are finer.
    private static HistoryLevel CoarsestFor(TimeSpan? step)
    {
        HistoryLevel level = HistoryLevel.Day;
        while (step is { } wanted && level > HistoryLevel.Raw && (wanted == TimeSpan.Zero || wanted.Ticks % level.Step().Ticks != 0)) level--;
        return level;
    }

    /// <summary>The piece from the coarsest level that has a point which begins there and ends in the span; up to where a coarser one can go on.</summary>
    private static Piece? BestAt(long at, long to, HistoryLevel coarsest, IReadOnlyList<long> since)
    {
        for (HistoryLevel level = coarsest; level >= HistoryLevel.Raw; level--)
        {
            long step = level.Step().Ticks;
            if (since[(int)level] > at || (step > 0 && (at % step != 0 || at + step > to))) continue;
            long end = step == 0 ? to : at + (to - at) / step * step;
            for (HistoryLevel coarser = level + 1; coarser <= coarsest; coarser++)
            {
                long next = Up(Math.Max(at + 1, since[(int)coarser]), coarser);
                if (next + coarser.Step().Ticks <= to) end = Math.Min(end, next);
            }

            return new Piece(level, at, end);
        }

        return null;
    }

    /// <summary>What is left of a time that is kept too coarsely, or not at all: an empty piece where no point begins there.</summary>
    private static Piece LeftAt(long at, long to, IReadOnlyList<long> since)
    {
        long finer = long.MaxValue;
        for (HistoryLevel level = HistoryLevel.Raw; level <= HistoryLevel.Day; level++)
        {
            if (since[(int)level] > at)
            {
                finer = Math.Min(finer, since[(int)level]);
                continue;
            }

            long start = Up(at, level);
            long end = Math.Min(to, finer);
            return start > at ? new Piece(level, Math.Min(start, end), Math.Min(start, end)) : new Piece(level, at, Up(end, level));
        }

        return new Piece(HistoryLevel.Day, Math.Min(finer, to), Math.Min(finer, to));
    }

    private static long Up(long at, HistoryLevel level)
    {
        long step = level.Step().Ticks;
        return step == 0 ? at : (at + step - 1) / step * step;
    }

    private static void Add(List<Piece> pieces, Piece piece)
    {
        if (pieces.Count > 0 && pieces[^1].Level == piece.Level && pieces[^1].ToTicks == piece.FromTicks)
            pieces[^1] = pieces[^1] with { ToTicks = piece.ToTicks };
        else pieces.Add(piece);
    }
}
