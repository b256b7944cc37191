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
    public bool IsStale(DateTimeOffset now) => Age(now) > 3 * (End - Start) + MostClockSkew;

    /// <summary>
    /// True when this is what a pair shows that showed the other one: the newer interval, save that one from the future, by a clock
    /// that was wrong, gives way to one that is not.
    /// </summary>
    public bool Supersedes(ReportMark other, DateTimeOffset now) =>
        IsOfTheFuture(now) == other.IsOfTheFuture(now) ? Start >= other.Start : other.IsOfTheFuture(now);

    private bool IsOfTheFuture(DateTimeOffset now) => End > now + MostClockSkew;
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
    public static PairResult Of(in PushedPair pair, ReportMark report) => new()
    {
        Report = report,
        Sent = pair.Counts.Sent,
        Lost = pair.Counts.Lost,
        LostForward = pair.Counts.LostForward ?? -1,
        LostReverse = pair.Counts.LostReverse ?? -1,
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
        Late = Small(pair.Counts.Late),
        Duplicates = Small(pair.Counts.Duplicates),
        Reordered = Small(pair.Counts.Reordered),
        SendErrors = Small(pair.Counts.SendErrors),
        ForwardRemarked = Small(pair.Path.ForwardRemarked),
        ReverseRemarked = Small(pair.Path.ReverseRemarked),
        ForwardTtlChanges = Small(pair.Path.ForwardTtlChanges),
        ForwardTtl = Octet(pair.Path.ForwardTtl),
        ReverseTtl = Octet(pair.Path.ReverseTtl),
        ForwardTos = Octet(pair.Path.ForwardTos),
        ReverseTos = Octet(pair.Path.ReverseTos),
    };

    /// <summary>The same of what a history has of it.</summary>
    public static PairResult Of(PairTotals totals, ReportMark report) => new()
    {
        Report = report,
        Sent = totals.Counts.Sent,
        Lost = totals.Counts.Lost,
        LostForward = totals.Counts.LostForward ?? -1,
        LostReverse = totals.Counts.LostReverse ?? -1,
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
        Late = Small(totals.Counts.Late),
        Duplicates = Small(totals.Counts.Duplicates),
        Reordered = Small(totals.Counts.Reordered),
        SendErrors = Small(totals.Counts.SendErrors),
        ForwardRemarked = Small(totals.Path.ForwardRemarked),
        ReverseRemarked = Small(totals.Path.ReverseRemarked),
        ForwardTtlChanges = Small(totals.Path.ForwardTtlChanges),
        ForwardTtl = Octet(totals.Path.ForwardTtl),
        ReverseTtl = Octet(totals.Path.ReverseTtl),
        ForwardTos = Octet(totals.Path.ForwardTos),
        ReverseTos = Octet(totals.Path.ReverseTos),
    };

    private static short Octet(byte? octet) => (short)(octet ?? -1);

    private static int Small(long? count) => (int)Math.Min(count ?? -1, int.MaxValue);
}
