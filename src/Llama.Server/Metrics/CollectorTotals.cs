using System.Net;
using Llama.Engine.Summaries;

namespace Llama.Server.Metrics;

/// <summary>What a collector has counted since it started. Immutable.</summary>
internal sealed record CollectorTotals
{
    /// <summary>Nothing counted yet.</summary>
    public static CollectorTotals Zero { get; } = new();

    /// <summary>The pairs and classes, in the order in which they first came.</summary>
    public IReadOnlyList<PairTotals> Pairs { get; private init; } = [];

    /// <summary>Intervals reported.</summary>
    public long Intervals { get; private init; }

    /// <summary>Intervals marked suspect, by <see cref="SuspectReason"/>.</summary>
    public IReadOnlyList<long> Suspect { get; private init; } = new long[Enum.GetValues<SuspectReason>().Length];

    /// <inheritdoc cref="CollectorHealth.SkippedSends"/>
    public long SkippedSends { get; private init; }

    /// <inheritdoc cref="CollectorHealth.ReceiveDrops"/>
    public long ReceiveDrops { get; private init; }

    /// <inheritdoc cref="CollectorHealth.UnmatchedReplies"/>
    public long UnmatchedReplies { get; private init; }

    /// <inheritdoc cref="CollectorHealth.ClockSteps"/>
    public long ClockSteps { get; private init; }

    /// <inheritdoc cref="CollectorHealth.UntimedReplies"/>
    public long UntimedReplies { get; private init; }

    /// <inheritdoc cref="CollectorHealth.MissedTransmitTimes"/>
    public long MissedTransmitTimes { get; private init; }

    /// <summary>The totals with a report added.</summary>
    /// <param name="report">What is added.</param>
    /// <param name="planned">Where the plan in force sends to: pairs with these are kept, results or not.</param>
    /// <param name="now">The moment the report came.</param>
    /// <param name="forgetBefore">Other pairs are dropped when nothing has been heard of them since then.</param>
    public CollectorTotals With(IntervalReport report, IReadOnlySet<IPEndPoint> planned, TimeSpan now, TimeSpan forgetBefore)
    {
        CollectorHealth health = report.Health;
        return this with
        {
            Pairs = AddPairs(report.Summaries, planned, now, forgetBefore),
            Intervals = Intervals + 1,
            Suspect = [.. Suspect.Select((count, reason) => count + (health.Suspect.Contains((SuspectReason)reason) ? 1 : 0))],
            SkippedSends = SkippedSends + health.SkippedSends,
            ReceiveDrops = ReceiveDrops + health.ReceiveDrops,
            UnmatchedReplies = UnmatchedReplies + health.UnmatchedReplies,
            ClockSteps = ClockSteps + health.ClockSteps,
            UntimedReplies = UntimedReplies + health.UntimedReplies,
            MissedTransmitTimes = MissedTransmitTimes + health.MissedTransmitTimes,
        };
    }

    private List<PairTotals> AddPairs(
        IReadOnlyList<Summary> summaries, IReadOnlySet<IPEndPoint> planned, TimeSpan now, TimeSpan forgetBefore)
    {
        var pairs = new OrderedDictionary<PairKey, PairTotals>(Pairs.Count);
        foreach (PairTotals pair in Pairs)
            if (pair.HeardOf >= forgetBefore || planned.Contains(pair.Key.Destination)) pairs.Add(pair.Key, pair);

        var heard = new HashSet<PairTotals>(summaries.Count, ReferenceEqualityComparer.Instance);
        foreach (Summary summary in summaries)
        {
            PairKey key = PairKey.Of(summary);
            PairTotals pair = (pairs.TryGetValue(key, out PairTotals? former) ? former : new PairTotals(key)).With(summary, now);
            pairs[key] = pair;
            heard.Add(pair);
        }

        return
        [
            .. pairs.Values.Select(pair => heard.Contains(pair)
                ? pair
                : pair.WithoutLatest(planned.Contains(pair.Key.Destination) ? now : pair.HeardOf)),
        ];
    }
}
