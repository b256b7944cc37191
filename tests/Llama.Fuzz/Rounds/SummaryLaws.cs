using Llama.Engine.Summaries;

namespace Llama.Fuzz.Rounds;

/// <summary>What holds for every summary, whatever the network and the reflectors did.</summary>
internal static class SummaryLaws
{
    private static readonly double[] Shares = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1];

    /// <summary>Holds a report against the laws.</summary>
    /// <param name="report">The report.</param>
    /// <param name="timeout">The longest that any reply was waited for.</param>
    /// <param name="steppedClock">True where the wall clock was stepped, so that some replies have no time.</param>
    public static void Check(IntervalReport report, TimeSpan timeout, bool steppedClock = false)
    {
        foreach (Summary summary in report.Summaries)
        {
            try
            {
                Check(summary, (long)timeout.TotalNanoseconds, steppedClock || report.Health.ClockSteps > 0);
            }
            catch (Violation violation)
            {
                throw new Violation($"{violation.Message}, in {summary} of {report.Start:O}");
            }
        }
    }

    private static void Check(Summary summary, long timeoutNanos, bool steppedClock)
    {
        Check(summary.Counts);
        foreach (FlowSummary flow in summary.Flows)
        {
            Check(flow.Counts);
            Violation.If(flow.RttMinNanos < 0 || flow.RttMaxNanos > timeoutNanos, "a flow's RTT is negative or longer than was waited for");
            Violation.If(flow.RttMinNanos > flow.RttMeanNanos || flow.RttMeanNanos > flow.RttMaxNanos, "a flow's RTTs are not in order");
        }

        DatagramCounts sum = summary.Counts;
        Violation.If(sum.Sent != summary.Flows.Sum(flow => flow.Counts.Sent), "flows do not add up: sent");
        Violation.If(sum.Received != summary.Flows.Sum(flow => flow.Counts.Received), "flows do not add up: received");
        Violation.If(sum.Lost != summary.Flows.Sum(flow => flow.Counts.Lost), "flows do not add up: lost");

        LatencyHistogram rtt = summary.Rtt;
        Violation.If(rtt.Count > sum.Received || (rtt.Count != sum.Received && !steppedClock), "not every reply in time has a time");
        Violation.If(rtt.Count != rtt.Buckets.Sum(bucket => bucket.Count), "the histogram's buckets do not add up");
        if (rtt.Count > 0) CheckTimes(rtt, timeoutNanos);

        Violation.If(summary.JitterNanos is < 0 or double.NaN || summary.JitterNanos > timeoutNanos, "jitter is impossible");
        Violation.If(summary.DelayVariationNanos < 0 || summary.DelayVariationNanos > timeoutNanos, "delay variation is impossible");
        Violation.If(summary.ForwardDelayVariationNanos is < 0 or > LogLinear.MaxNanos, "forward delay variation is impossible");
        Violation.If(summary.ReverseDelayVariationNanos is < 0 or > LogLinear.MaxNanos, "reverse delay variation is impossible");
        Violation.If(summary.Path.ForwardRemarked > sum.Received || summary.Path.ReverseRemarked > sum.Received, "more re-marked than received");
        Violation.If(summary.Path.ForwardTtlChanges > sum.Received, "more TTL changes than replies");
    }

    private static void Check(in DatagramCounts counts)
    {
        Violation.If(counts.Sent != counts.Received + counts.Lost, "sent is not received + lost");
        Violation.If(Math.Min(counts.Sent, Math.Min(counts.Received, counts.Lost)) < 0, "a count is negative");
        Violation.If(Math.Min(counts.Late, Math.Min(counts.Duplicates, counts.Reordered)) < 0, "a count of replies is negative");
        Violation.If(counts.Reordered > counts.Received, "more reordered than received");
        Violation.If(counts.LossRatio is < 0 or > 1, "the loss ratio is impossible");
        Violation.If(counts.LostForward is null != counts.LostReverse is null, "only one direction of loss is known");
        if (counts.LostForward is not { } forward || counts.LostReverse is not { } reverse) return;
        Violation.If(forward < 0 || reverse < 0 || forward + reverse != counts.Lost, "losses by direction do not add up");
    }

    private static void CheckTimes(LatencyHistogram rtt, long timeoutNanos)
    {
        Violation.If(rtt.MinNanos < 0 || rtt.MaxNanos > timeoutNanos || rtt.MinNanos > rtt.MaxNanos, "RTT is negative or longer than was waited for");
        Violation.If(rtt.SumNanos < rtt.MinNanos * rtt.Count || rtt.SumNanos > rtt.MaxNanos * rtt.Count, "the sum of RTTs is impossible");
        long last = rtt.MinNanos!.Value;
        foreach (double share in Shares)
        {
            long percentile = rtt.Percentile(share)!.Value;
            Violation.If(percentile < last || percentile > rtt.MaxNanos, "percentiles are not in order");
            last = percentile;
        }
    }
}
