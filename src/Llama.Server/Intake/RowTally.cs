namespace Llama.Server.Intake;

/// <summary>What the pairs of a source and class come to. Immutable.</summary>
internal sealed record RowTally
{
    /// <summary>That of no pairs.</summary>
    public static RowTally Nothing { get; } = new();

    /// <summary>Pairs with a result that is not stale.</summary>
    public int Measured { get; private init; }

    /// <summary>Of these, those that lose something.</summary>
    public int Lossy { get; private init; }

    /// <summary>Of these, those whose collector does not trust its report.</summary>
    public int Suspect { get; private init; }

    /// <summary>Pairs whose result is stale.</summary>
    public int Stale { get; private init; }

    /// <summary>Datagrams of the measured pairs.</summary>
    public long Sent { get; private init; }

    /// <summary>Of these, those that were lost.</summary>
    public long Lost { get; private init; }

    /// <summary>The largest share that a measured pair loses, in parts of <see cref="MatrixMetrics.RatioUnit"/>.</summary>
    public long WorstLoss { get; private init; }

    /// <summary>The most datagrams that a measured pair lost.</summary>
    public long MostLost { get; private init; }

    // From when to when it is right, in ticks of UTC: then the next pair becomes stale.
    private long From { get; init; } = long.MinValue;

    private long Until { get; init; } = long.MaxValue;

    /// <summary>True when it is the same at another time, as long as no result changes.</summary>
    public bool HoldsAt(DateTimeOffset now) => now.UtcTicks >= From && now.UtcTicks <= Until;

    /// <summary>Counts. A pair that nothing could be sent to has not been measured.</summary>
    public static RowTally Of(ReadOnlySpan<PairResult> pairs, DateTimeOffset now)
    {
        (int measured, int lossy, int suspect, int stale) = (0, 0, 0, 0);
        (long sent, long lost, long worst, long most, long until) = (0, 0, 0, 0, long.MaxValue);

        // Nearly all pairs of a row are of one report.
        ReportMark? report = null;
        bool isStale = false;
        foreach (ref readonly PairResult pair in pairs)
        {
            if (!ReferenceEquals(pair.Report, report))
            {
                report = pair.Report;
                isStale = report.IsStale(now);
                if (!isStale) until = Math.Min(until, report.FreshUntilTicks);
            }

            if (pair.Sent == 0) continue;
            if (isStale)
            {
                stale++;
                continue;
            }

            measured++;
            if (report.IsSuspect) suspect++;
            sent += pair.Sent;
            if (pair.Lost == 0) continue;
            lossy++;
            lost += pair.Lost;
            worst = Math.Max(worst, PairValues.Ratio(pair.Lost, pair.Sent));
            most = Math.Max(most, pair.Lost);
        }

        return new RowTally
        {
            Measured = measured,
            Lossy = lossy,
            Suspect = suspect,
            Stale = stale,
            Sent = sent,
            Lost = lost,
            WorstLoss = worst,
            MostLost = most,
            From = now.UtcTicks,
            Until = until,
        };
    }
}
