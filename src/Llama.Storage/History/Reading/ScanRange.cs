namespace Llama.Storage.History.Reading;

/// <summary>What is read of the file. Immutable.</summary>
/// <param name="Extents">What is read of the levels, in the order of time.</param>
/// <param name="FromTicks">Start of the span, for what is in no level yet; in ticks since the Unix epoch.</param>
/// <param name="ToTicks">Its end.</param>
/// <param name="Class">Of this class; null for all of them.</param>
internal sealed record ScanRange(IReadOnlyList<Extent> Extents, long FromTicks, long ToTicks, byte? Class)
{
    // From the Unix epoch to where numbers of row spans end.
    private static readonly long EndOfTimeTicks = HistoryLevel.Raw.RowSpan().Ticks * ((1 << 24) - 1);

    /// <summary>What is to be read of a span, as the file is now.</summary>
    /// <param name="connection">The file.</param>
    /// <param name="from">Start of the span, within all time.</param>
    /// <param name="to">Its end.</param>
    /// <param name="step">How long points are wanted; null for one point, zero for each interval by itself.</param>
    /// <param name="trafficClass">Of this class; null for all of them.</param>
    public static ScanRange Of(ReadConnection connection, long from, long to, TimeSpan? step, byte? trafficClass)
    {
        (int First, int Last)[] spans = connection.Spans();
        long[] since = [.. HistoryLevels.All.Select(connection.SinceOf)];
        List<Piece> plan = ReadPlan.Of(from, EndOfPlan(to, since, spans), step, since);
        Extent[] extents = [.. plan.Select(piece => Extent.Of(piece, spans[(int)piece.Level])).Where(extent => extent.First <= extent.Last)];
        return new ScanRange(extents, from, to, trafficClass);
    }

    /// <summary>A moment within all time that there is.</summary>
    public static long Clamp(long ticks) => Math.Clamp(ticks, 0, EndOfTimeTicks);

    // Where nothing that is settled begins behind the span, the hour and the day that it ends in can be read as they are. Each level
    // has all that is settled and begins where it is kept: so the least end of them is behind all of it.
    private static long EndOfPlan(long toTicks, long[] since, (int First, int Last)[] spans)
    {
        long settledTicks = HistoryLevels.All.Min(level => Math.Max(since[(int)level], (spans[(int)level].Last + 1) * level.RowSpan().Ticks));
        long day = HistoryLevel.Day.Step().Ticks;
        return toTicks < settledTicks ? toTicks : (toTicks + day - 1) / day * day;
    }
}

