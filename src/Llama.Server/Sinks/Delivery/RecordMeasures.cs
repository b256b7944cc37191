using Llama.Engine.Summaries;
using Llama.Server.Intake;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Delivery;

/// <summary>What a collector measured, as the numbers of a record. Pure; allocates nothing.</summary>
internal static class RecordMeasures
{
    // What is longer was not measured: it came from elsewhere. 31 years.
    private const double MostNanos = 1e18;

    /// <summary>The numbers of a pair.</summary>
    public static Measures Of(Summary summary)
    {
        Measures measures = Of(summary.Counts, summary.Path);
        Set(ref measures, new PushedRtt
        {
            Count = summary.Rtt.Count,
            SumNanos = summary.Rtt.SumNanos,
            MinNanos = summary.Rtt.MinNanos,
            MeanNanos = summary.Rtt.MeanNanos,
            P50Nanos = summary.Rtt.Percentile(0.5),
            P90Nanos = summary.Rtt.Percentile(0.9),
            P99Nanos = summary.Rtt.Percentile(0.99),
            MaxNanos = summary.Rtt.MaxNanos,
        });
        measures[Measure.Jitter] = Whole(summary.JitterNanos);
        measures[Measure.DelayVariation] = summary.DelayVariationNanos;
        measures[Measure.ForwardDelayVariation] = summary.ForwardDelayVariationNanos;
        measures[Measure.ReverseDelayVariation] = summary.ReverseDelayVariationNanos;
        return measures;
    }

    /// <summary>The numbers of a pair that was pushed.</summary>
    public static Measures Of(in PushedPair pair)
    {
        Measures measures = Of(pair.Counts, pair.Path);
        Set(ref measures, pair.Rtt);
        measures[Measure.Jitter] = Whole(pair.JitterNanos);
        measures[Measure.DelayVariation] = pair.DelayVariationNanos;
        measures[Measure.ForwardDelayVariation] = pair.ForwardDelayVariationNanos;
        measures[Measure.ReverseDelayVariation] = pair.ReverseDelayVariationNanos;
        return measures;
    }

    /// <summary>The numbers of a flow.</summary>
    public static Measures Of(FlowSummary flow)
    {
        Measures measures = Of(flow.Counts, flow.Path);
        measures[Measure.RttMin] = flow.RttMinNanos;
        measures[Measure.RttMean] = Whole(flow.RttMeanNanos);
        measures[Measure.RttMax] = flow.RttMaxNanos;
        return measures;
    }

    /// <summary>The numbers of a flow that was pushed.</summary>
    public static Measures Of(in PushedFlow flow)
    {
        Measures measures = Of(flow.Counts, flow.Path);
        measures[Measure.RttMin] = flow.Rtt.MinNanos;
        measures[Measure.RttMean] = Whole(flow.Rtt.MeanNanos);
        measures[Measure.RttMax] = flow.Rtt.MaxNanos;
        return measures;
    }

    private static Measures Of(DatagramCounts counts, PathMarks path)
    {
        Measures measures = default;
        measures[Measure.Sent] = counts.Sent;
        measures[Measure.Received] = counts.Received;
        measures[Measure.Lost] = counts.Lost;
        measures[Measure.LostForward] = counts.LostForward;
        measures[Measure.LostReverse] = counts.LostReverse;
        measures[Measure.Late] = counts.Late;
        measures[Measure.Duplicates] = counts.Duplicates;
        measures[Measure.Reordered] = counts.Reordered;
        measures[Measure.SendErrors] = counts.SendErrors;
        measures[Measure.ForwardTtl] = path.ForwardTtl;
        measures[Measure.ReverseTtl] = path.ReverseTtl;
        measures[Measure.ForwardTos] = path.ForwardTos;
        measures[Measure.ReverseTos] = path.ReverseTos;
        measures[Measure.ForwardRemarked] = path.ForwardRemarked;
        measures[Measure.ReverseRemarked] = path.ReverseRemarked;
        measures[Measure.ForwardTtlChanges] = path.ForwardTtlChanges;
        return measures;
    }

    private static void Set(ref Measures measures, in PushedRtt rtt)
    {
        measures[Measure.RttCount] = rtt.Count;
        measures[Measure.RttSum] = rtt.Count > 0 ? rtt.SumNanos : null;
        measures[Measure.RttMin] = rtt.MinNanos;
        measures[Measure.RttMean] = Whole(rtt.MeanNanos);
        measures[Measure.RttP50] = rtt.P50Nanos;
        measures[Measure.RttP90] = rtt.P90Nanos;
        measures[Measure.RttP99] = rtt.P99Nanos;
        measures[Measure.RttMax] = rtt.MaxNanos;
    }

    private static long? Whole(double? nanos) => nanos is >= 0 and <= MostNanos ? (long)Math.Round(nanos.Value) : null;
}
