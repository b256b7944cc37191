using System.Numerics;
using Llama.Storage.History;

namespace Llama.Cli.Keeping;

/// <summary>
/// Cuts a span into windows that can be asked for one after the other, as if they were one question: no point reaches from one into the
/// next, however coarse what is kept of its time is, and no window has too many points of a source. Pure.
/// </summary>
internal static class ExportWindows
{
    private const long MostPoints = 50_000;

    // Less often nobody reports; where it is more often, windows have more points.
    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(10);

    // What is about to be dropped may be gone by the time it is read, and what is coarser takes its place.
    private static readonly TimeSpan Margin = TimeSpan.FromDays(1);

    /// <summary>The windows, in the order of time.</summary>
    /// <param name="from">Start of the span.</param>
    /// <param name="to">Its end.</param>
    /// <param name="step">How long points are; zero for each interval by itself.</param>
    /// <param name="destinations">How many pairs and classes a source has at most.</param>
    /// <param name="levels">Of when each level holds something, finest first.</param>
    public static IEnumerable<(DateTimeOffset From, DateTimeOffset To)> Of(
        DateTimeOffset from, DateTimeOffset to, TimeSpan step, int destinations, IReadOnlyList<HistoryLevelSpan> levels)
    {
        while (from < to)
        {
            HistoryLevel level = LevelAt(from, levels);
            long row = Math.Max(level.Step().Ticks, HistoryLevel.TenMinutes.Step().Ticks);
            long unit = step > TimeSpan.Zero ? LeastCommonMultiple(row, step.Ticks) : row;
            TimeSpan point = Longest(step, level.Step(), UsualInterval);
            long points = Math.Max(1, MostPoints / Math.Max(1, destinations));
            long length = Math.Max(1, points * point.Ticks / unit) * unit;
            long start = (from - DateTimeOffset.UnixEpoch).Ticks;
            DateTimeOffset end = DateTimeOffset.UnixEpoch.AddTicks(start / unit * unit + length);
            if (end > to) end = to;
            yield return (from, end);
            from = end;
        }
    }

    private static HistoryLevel LevelAt(DateTimeOffset at, IReadOnlyList<HistoryLevelSpan> levels)
    {
        foreach (HistoryLevelSpan level in levels)
            if (level.Oldest is { } oldest && oldest <= at - Margin) return level.Level;
        return levels.LastOrDefault(level => level.Oldest is not null)?.Level ?? HistoryLevel.Day;
    }

    private static TimeSpan Longest(params ReadOnlySpan<TimeSpan> spans)
    {
        TimeSpan longest = TimeSpan.Zero;
        foreach (TimeSpan span in spans) longest = span > longest ? span : longest;
        return longest;
    }

    private static long LeastCommonMultiple(long one, long other) => one / (long)BigInteger.GreatestCommonDivisor(one, other) * other;
}
