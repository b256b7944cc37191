using Llama.Storage.History;

namespace Llama.Tests.Storage.History.Blocks;

/// <summary>Compares totals with what a block gave back.</summary>
internal static class TotalsAssert
{
    // What a block rounds, it rounds to the middle of a 64th of a power of two.
    private const double Rounding = 0.01;

    /// <summary>All that is exact is the same, all that is rounded is within 1 %, and nothing is known on one side alone.</summary>
    public static void Same(PairTotals expected, PairTotals actual, double rounding = Rounding)
    {
        Assert.Equal(Exact(expected), Exact(actual));
        Assert.Equal(expected.Buckets.ToArray(), actual.Buckets.ToArray());
        Close(expected.JitterNanos, actual.JitterNanos, rounding);
        Close(expected.ForwardDelayVariationNanos, actual.ForwardDelayVariationNanos, rounding);
        Close(expected.ReverseDelayVariationNanos, actual.ReverseDelayVariationNanos, rounding);
        Assert.Equal(expected.Flows.ToArray().Select(Exact), actual.Flows.ToArray().Select(Exact));
        for (int i = 0; i < expected.Flows.Length; i++)
        {
            Close(expected.Flows[i].RttMinNanos, actual.Flows[i].RttMinNanos, rounding);
            Close(expected.Flows[i].RttMeanNanos, actual.Flows[i].RttMeanNanos, rounding);
        }
    }

    private static object Exact(PairTotals totals) => (
        (totals.Start, totals.End, totals.Intervals, totals.SuspectIntervals, totals.Counts),
        (totals.RttCount, totals.RttSumNanos, totals.RttMinNanos, totals.RttMaxNanos, totals.JitterWeight, totals.Path));

    private static FlowTotals Exact(FlowTotals flow) => flow with { RttMinNanos = null, RttMeanNanos = null };

    private static void Close(double? expected, double? actual, double rounding)
    {
        Assert.Equal(expected is null, actual is null);
        if (expected is not { } value) return;
        if (value == 0) Assert.Equal(0, actual);
        else Assert.InRange(actual!.Value, value * (1 - rounding), value * (1 + rounding));
    }
}
