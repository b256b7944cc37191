using Llama.Engine.Summaries;
using Llama.Storage.History;

namespace Llama.Server.Intake;

/// <summary>A report that was taken, as its pairs remember it. Immutable.</summary>
/// <param name="Start">Start of the interval.</param>
/// <param name="End">End of the interval.</param>
/// <param name="IsSuspect">True when the collector does not trust it.</param>
/// <param name="TakenAt">When it was taken, as a timestamp of the server's monotonic clock.</param>
internal sealed record ReportMark(DateTimeOffset Start, DateTimeOffset End, bool IsSuspect, long TakenAt)
{
    private static readonly TimeSpan MostClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>How long the interval has been over; never negative, whatever the clocks say.</summary>
    public TimeSpan Age(DateTimeOffset now) => now > End ? now - End : TimeSpan.Zero;

    /// <summary>True when pairs that have a next interval by now should have shown it.</summary>
    public bool IsStale(DateTimeOffset now) => now.UtcTicks > FreshUntilTicks;

    /// <summary>Until when it is not stale, in ticks of UTC: past the last of all dates where a clock was wrong.</summary>
    public long FreshUntilTicks => End.UtcTicks + (3 * (End - Start) + MostClockSkew).Ticks;

    /// <summary>
    /// True when this is what a pair shows that showed the other one: the newer interval, save that one from the future, by a clock
    /// that was wrong, gives way to one that is not.
    /// </summary>
    public bool Supersedes(ReportMark other, DateTimeOffset now) =>
        IsOfTheFuture(now) == other.IsOfTheFuture(now) ? Start >= other.Start : other.IsOfTheFuture(now);

    /// <summary>True when a clock is wrong: its own, or the server's.</summary>
    public bool IsOfTheFuture(DateTimeOffset now) => End - now > MostClockSkew;
}

/// <summary>The newest result of a pair and class, as small as it goes: -1 is what was not measured.</summary>
internal struct PairResult
{
    /// <summary>The report it is from.</summary>
    public ReportMark Report;

    public long Sent;
    public long Lost;
    public long LostForward;
    public long LostReverse;
    public long RttMinNanos;
    public long RttP50Nanos;
    public long RttP90Nanos;
    public long RttP99Nanos;
    public long RttMaxNanos;
    public long RttMeanNanos;
    public long JitterNanos;

    // Within 1 % anyway, so a float holds them.
    public float DelayVariationNanos;
    public float ForwardDelayVariationNanos;
    public float ReverseDelayVariationNanos;
    public int Late;
    public int Duplicates;
    public int Reordered;
    public int SendErrors;
    public int ForwardRemarked;
    public int ReverseRemarked;
    public int ForwardTtlChanges;
    public short ForwardTtl;
    public short ReverseTtl;
    public short ForwardTos;
    public short ReverseTos;

    /// <summary>What is kept of a summary.</summary>
    public static PairResult Of(in PushedPair pair, ReportMark report) => Of(report, pair.Counts, pair.Path) with
    {
        RttMinNanos = pair.Rtt.MinNanos ?? -1,
        RttP50Nanos = pair.Rtt.P50Nanos ?? -1,
        RttP90Nanos = pair.Rtt.P90Nanos ?? -1,
        RttP99Nanos = pair.Rtt.P99Nanos ?? -1,
        RttMaxNanos = pair.Rtt.MaxNanos ?? -1,
        RttMeanNanos = PairValues.Whole(pair.Rtt.MeanNanos),
        JitterNanos = PairValues.Whole(pair.JitterNanos),
        DelayVariationNanos = pair.DelayVariationNanos ?? -1,
        ForwardDelayVariationNanos = pair.ForwardDelayVariationNanos ?? -1,
        ReverseDelayVariationNanos = pair.ReverseDelayVariationNanos ?? -1,
    };

    /// <summary>The same of what a history has of it.</summary>
    public static PairResult Of(PairTotals totals, ReportMark report) => Of(report, totals.Counts, totals.Path) with
    {
        RttMinNanos = totals.RttMinNanos ?? -1,
        RttP50Nanos = totals.Percentile(0.5) ?? -1,
        RttP90Nanos = totals.Percentile(0.9) ?? -1,
        RttP99Nanos = totals.Percentile(0.99) ?? -1,
        RttMaxNanos = totals.RttMaxNanos ?? -1,
        RttMeanNanos = PairValues.Whole(totals.RttMeanNanos),
        JitterNanos = PairValues.Whole(totals.JitterNanos),
        DelayVariationNanos = totals.DelayVariationNanos ?? -1,
        ForwardDelayVariationNanos = totals.ForwardDelayVariationNanos ?? -1,
        ReverseDelayVariationNanos = totals.ReverseDelayVariationNanos ?? -1,
    };

    private static PairResult Of(ReportMark report, in DatagramCounts counts, in PathMarks path) => new()
    {
        Report = report,
        Sent = counts.Sent,
        Lost = counts.Lost,
        LostForward = counts.LostForward ?? -1,
        LostReverse = counts.LostReverse ?? -1,
        Late = Small(counts.Late),
        Duplicates = Small(counts.Duplicates),
        Reordered = Small(counts.Reordered),
        SendErrors = Small(counts.SendErrors),
        ForwardRemarked = Small(path.ForwardRemarked),
        ReverseRemarked = Small(path.ReverseRemarked),
        ForwardTtlChanges = Small(path.ForwardTtlChanges),
        ForwardTtl = Octet(path.ForwardTtl),
        ReverseTtl = Octet(path.ReverseTtl),
        ForwardTos = Octet(path.ForwardTos),
        ReverseTos = Octet(path.ReverseTos),
    };

    private static short Octet(byte? octet) => (short)(octet ?? -1);

    private static int Small(long? count) => (int)Math.Min(count ?? -1, int.MaxValue);
}
