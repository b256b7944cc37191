using Llama.Engine.Summaries;
using Llama.Storage.History;

namespace Llama.Server.Intake;

/// <summary>
/// The values of metrics: whole numbers of the unit, ratios in parts of <see cref="MatrixMetrics.RatioUnit"/>, 1 for true; what was not
/// measured is <see cref="MatrixMetrics.NotMeasured"/>. Pure.
/// </summary>
internal static class PairValues
{
    private const long NotMeasured = MatrixMetrics.NotMeasured;

    /// <summary>Of a newest interval; of a pair without a report, nothing was measured.</summary>
    public static long Of(MatrixMetric metric, in PairResult pair, DateTimeOffset now) => pair.Report is null ? NotMeasured : metric switch
    {
        MatrixMetric.Loss => Ratio(pair.Lost, pair.Sent),
        MatrixMetric.LossForward => Ratio(pair.LostForward, pair.Sent),
        MatrixMetric.LossReverse => Ratio(pair.LostReverse, pair.Sent),
        MatrixMetric.RttMin => pair.RttMinNanos,
        MatrixMetric.RttP50 => pair.RttP50Nanos,
        MatrixMetric.RttP90 => pair.RttP90Nanos,
        MatrixMetric.RttP99 => pair.RttP99Nanos,
        MatrixMetric.RttMax => pair.RttMaxNanos,
        MatrixMetric.Jitter => pair.JitterNanos,
        MatrixMetric.Sent => pair.Sent,
        MatrixMetric.Age => (long)pair.Report.Age(now).TotalSeconds,
        MatrixMetric.Suspect => pair.Report.IsSuspect ? 1 : 0,
        MatrixMetric.Received => pair.Sent - pair.Lost,
        MatrixMetric.Lost => pair.Lost,
        MatrixMetric.LostForward => pair.LostForward,
        MatrixMetric.LostReverse => pair.LostReverse,
        MatrixMetric.Late => pair.Late,
        MatrixMetric.Duplicates => pair.Duplicates,
        MatrixMetric.Reordered => pair.Reordered,
        MatrixMetric.SendErrors => pair.SendErrors,
        MatrixMetric.RttMean => pair.RttMeanNanos,
        MatrixMetric.DelayVariation => (long)pair.DelayVariationNanos,
        MatrixMetric.ForwardDelayVariation => (long)pair.ForwardDelayVariationNanos,
        MatrixMetric.ReverseDelayVariation => (long)pair.ReverseDelayVariationNanos,
        MatrixMetric.ForwardTtl => pair.ForwardTtl,
        MatrixMetric.ReverseTtl => pair.ReverseTtl,
        MatrixMetric.ForwardTos => pair.ForwardTos,
        MatrixMetric.ReverseTos => pair.ReverseTos,
        MatrixMetric.ForwardRemarked => pair.ForwardRemarked,
        MatrixMetric.ReverseRemarked => pair.ReverseRemarked,
        MatrixMetric.ForwardTtlChanges => pair.ForwardTtlChanges,
        MatrixMetric.Intervals => 1,
        MatrixMetric.SuspectShare => pair.Report.IsSuspect ? MatrixMetrics.RatioUnit : 0,
        _ => pair.Report.IsStale(now) ? 1 : 0,
    };

    /// <summary>Of a span, or of many pairs together.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="totals">What happened.</param>
    /// <param name="now">The moment that ages go by.</param>
    public static long Of(MatrixMetric metric, PairTotals totals, DateTimeOffset now)
    {
        DatagramCounts counts = totals.Counts;
        PathMarks path = totals.Path;
        return metric switch
        {
            MatrixMetric.Loss => Ratio(counts.Lost, counts.Sent),
            MatrixMetric.LossForward => Ratio(counts.LostForward ?? NotMeasured, counts.Sent),
            MatrixMetric.LossReverse => Ratio(counts.LostReverse ?? NotMeasured, counts.Sent),
            MatrixMetric.RttMin => totals.RttMinNanos ?? NotMeasured,
            MatrixMetric.RttP50 => totals.Percentile(0.5) ?? NotMeasured,
            MatrixMetric.RttP90 => totals.Percentile(0.9) ?? NotMeasured,
            MatrixMetric.RttP99 => totals.Percentile(0.99) ?? NotMeasured,
            MatrixMetric.RttMax => totals.RttMaxNanos ?? NotMeasured,
            MatrixMetric.Jitter => Whole(totals.JitterNanos),
            MatrixMetric.Sent => counts.Sent,
            MatrixMetric.Age => (long)Mark(totals).Age(now).TotalSeconds,
            MatrixMetric.Suspect => totals.SuspectIntervals > 0 && totals.SuspectIntervals >= totals.Intervals - totals.SuspectIntervals ? 1 : 0,
            MatrixMetric.Received => counts.Received,
            MatrixMetric.Lost => counts.Lost,
            MatrixMetric.LostForward => counts.LostForward ?? NotMeasured,
            MatrixMetric.LostReverse => counts.LostReverse ?? NotMeasured,
            MatrixMetric.Late => counts.Late,
            MatrixMetric.Duplicates => counts.Duplicates,
            MatrixMetric.Reordered => counts.Reordered,
            MatrixMetric.SendErrors => counts.SendErrors,
            MatrixMetric.RttMean => Whole(totals.RttMeanNanos),
            MatrixMetric.DelayVariation => totals.DelayVariationNanos ?? NotMeasured,
            MatrixMetric.ForwardDelayVariation => totals.ForwardDelayVariationNanos ?? NotMeasured,
            MatrixMetric.ReverseDelayVariation => totals.ReverseDelayVariationNanos ?? NotMeasured,
            MatrixMetric.ForwardTtl => path.ForwardTtl ?? NotMeasured,
            MatrixMetric.ReverseTtl => path.ReverseTtl ?? NotMeasured,
            MatrixMetric.ForwardTos => path.ForwardTos ?? NotMeasured,
            MatrixMetric.ReverseTos => path.ReverseTos ?? NotMeasured,
            MatrixMetric.ForwardRemarked => path.ForwardRemarked ?? NotMeasured,
            MatrixMetric.ReverseRemarked => path.ReverseRemarked ?? NotMeasured,
            MatrixMetric.ForwardTtlChanges => path.ForwardTtlChanges ?? NotMeasured,
            MatrixMetric.Intervals => totals.Intervals,
            MatrixMetric.SuspectShare => Ratio(totals.SuspectIntervals, totals.Intervals),
            _ => Mark(totals).IsStale(now) ? 1 : 0,
        };
    }

    /// <summary>What a history has to read for some metrics.</summary>
    public static HistoryDetail DetailOf(IEnumerable<MatrixMetric> metrics)
    {
        HistoryDetail detail = HistoryDetail.Counts;
        foreach (MatrixMetric metric in metrics)
        {
            detail |= metric switch
            {
                >= MatrixMetric.RttMin and <= MatrixMetric.Jitter or >= MatrixMetric.RttMean and <= MatrixMetric.ReverseDelayVariation => HistoryDetail.Rtt,
                >= MatrixMetric.ForwardTtl and <= MatrixMetric.ForwardTtlChanges => HistoryDetail.Path,
                _ => HistoryDetail.Counts,
            };
        }

        return detail;
    }

    /// <summary>A share in parts. Only nothing is 0 and only all is <see cref="MatrixMetrics.RatioUnit"/>.</summary>
    public static long Ratio(long part, long whole)
    {
        if (part < 0 || whole <= 0) return NotMeasured;
        if (part == 0 || part >= whole) return part == 0 ? 0 : MatrixMetrics.RatioUnit;
        return Math.Clamp((long)Math.Round((double)part / whole * MatrixMetrics.RatioUnit), 1, MatrixMetrics.RatioUnit - 1);
    }

    /// <summary>A duration in whole nanoseconds.</summary>
    public static long Whole(double? nanos) => nanos is { } known ? (long)Math.Round(Math.Min(known, 1e18)) : NotMeasured;

    private static ReportMark Mark(PairTotals totals) => new(totals.Start, totals.End, false, 0);
}
