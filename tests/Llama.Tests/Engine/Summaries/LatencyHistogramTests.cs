using FsCheck;
using FsCheck.Fluent;
using Llama.Engine.Summaries;

namespace Llama.Tests.Engine.Summaries;

public sealed class LatencyHistogramTests
{
    private static readonly Arbitrary<long[]> Durations =
        Gen.Choose(0, 40).SelectMany(bits => Gen.Choose(0, int.MaxValue).Select(value => (1L << Math.Min(bits, 39)) + value % (1L << Math.Min(bits, 30))))
            .NonEmptyListOf().Select(list => list.ToArray()).ToArbitrary();

    [Fact]
    public void Every_duration_lies_in_its_bucket_and_buckets_follow_each_other()
    {
        Assert.Equal(0, LogLinear.LowerNanos(0));
        for (int index = 0; index < LogLinear.BucketCount; index++)
        {
            Assert.Equal(index, LogLinear.IndexOf(LogLinear.LowerNanos(index)));
            Assert.Equal(index, LogLinear.IndexOf(LogLinear.LowerNanos(index + 1) - 1));
        }

        Assert.Equal(LogLinear.MaxNanos + 1, LogLinear.LowerNanos(LogLinear.BucketCount));
        Assert.Equal(LogLinear.BucketCount - 1, LogLinear.IndexOf(long.MaxValue));
        Assert.Equal(0, LogLinear.IndexOf(-5));
    }

    [Fact]
    public void Percentiles_are_within_one_percent_of_the_exact_ones()
    {
        Prop.ForAll(Durations, durations =>
        {
            LatencyHistogram histogram = Of(durations);
            long[] sorted = [.. durations.Order()];
            foreach (double share in (double[])[0, 0.01, 0.5, 0.9, 0.99, 1])
            {
                long exact = sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
                Assert.InRange(histogram.Percentile(share)!.Value, exact * 0.99, exact * 1.01);
            }

            Assert.Equal(sorted[0], histogram.MinNanos);
            Assert.Equal(sorted[^1], histogram.MaxNanos);
            Assert.Equal(durations.Length, histogram.Count);
            Assert.Equal(durations.Average(), histogram.MeanNanos!.Value, durations.Average() * 1e-9);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Merging_is_the_same_as_counting_together()
    {
        Prop.ForAll(Durations, Durations, (left, right) =>
        {
            LatencyHistogram together = Of([.. left, .. right]);
            foreach (LatencyHistogram merged in (LatencyHistogram[])[Of(left).Merge(Of(right)), Of(right).Merge(Of(left))])
            {
                Assert.Equal(together.Buckets, merged.Buckets);
                Assert.Equal(together.SumNanos, merged.SumNanos);
                Assert.Equal(together.MinNanos, merged.MinNanos);
                Assert.Equal(together.MaxNanos, merged.MaxNanos);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Nothing_measured_is_null_and_not_zero()
    {
        Assert.Null(LatencyHistogram.Empty.MinNanos);
        Assert.Null(LatencyHistogram.Empty.MeanNanos);
        Assert.Null(LatencyHistogram.Empty.Percentile(0.5));
        Assert.Same(LatencyHistogram.Empty, LatencyHistogram.Empty.Merge(LatencyHistogram.Empty));
    }

    [Fact]
    public void Cleared_pool_holds_nothing_and_serves_again()
    {
        var pool = new HistogramPool();
        var random = new Random(1);
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 10_000; i++) pool.Record(i % 3, random.NextInt64(1, 1L << 38));
            Assert.Equal(3334, pool.Read().Histogram(0, 0, 0, 0).Count);
            pool.Clear();
            Assert.Empty(pool.Read().Histogram(0, 0, 0, 0).Buckets);
        }
    }

    private static LatencyHistogram Of(long[] durations)
    {
        var pool = new HistogramPool();
        foreach (long duration in durations) pool.Record(1, duration);
        return pool.Read().Histogram(1, durations.Sum(), durations.Min(), durations.Max());
    }
}
