using Llama.Engine.Summaries;
using Llama.Storage.History;

namespace Llama.Tests.Storage.History;

public sealed class PairTotalsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_was_never_measured_is_null()
    {
        var totals = new PairTotals();
        totals.Add(new PairTotals { Intervals = 1, Counts = new DatagramCounts { Sent = 3, Lost = 3 } });

        Assert.Null(totals.Counts.LostForward);
        Assert.Null(totals.RttMinNanos);
        Assert.Null(totals.RttMeanNanos);
        Assert.Null(totals.JitterNanos);
        Assert.Null(totals.DelayVariationNanos);
        Assert.Null(totals.ForwardDelayVariationNanos);
        Assert.Null(totals.Percentile(0.5));
        Assert.Equal(default, totals.Path);
    }

    [Fact]
    public void The_path_is_that_of_the_later_interval_in_whatever_order_they_come()
    {
        PairTotals early = Interval(0), late = Interval(1);
        early.Path = new PathMarks { ForwardTtl = 60, ReverseTtl = 50, ForwardRemarked = 1 };
        late.Path = new PathMarks { ForwardTtl = 58, ForwardRemarked = 2 };
        var expected = new PathMarks { ForwardTtl = 58, ReverseTtl = 50, ForwardRemarked = 3 };

        Assert.Equal(expected, Sum(early, late).Path);
        Assert.Equal(expected, Sum(late, early).Path);
    }

    [Fact]
    public void The_span_reaches_from_the_first_start_to_the_last_end()
    {
        PairTotals sum = Sum(Interval(3), Interval(1), Interval(2));

        Assert.Equal((Noon.AddSeconds(30), Noon.AddSeconds(120), 3), (sum.Start, sum.End, sum.Intervals));
    }

    [Fact]
    public void Jitter_is_the_mean_by_replies()
    {
        PairTotals few = Interval(0), many = Interval(1), none = Interval(2);
        few.SetJitter(100, 1);
        many.SetJitter(200, 3);
        none.SetJitter(null, 50);

        Assert.Equal(175, Sum(few, many, none).JitterNanos);
    }

    [Fact]
    public void A_jitter_that_is_no_number_is_not_measured()
    {
        var totals = new PairTotals();
        totals.SetJitter(double.NaN, 5);

        Assert.Null(totals.JitterNanos);
        Assert.Equal(0, totals.JitterWeight);
    }

    [Fact]
    public void Buckets_are_merged_in_the_order_of_their_indices()
    {
        PairTotals one = Interval(0), other = Interval(1);
        one.SetBuckets([new(5, 1), new(7, 2), new(900, 3)]);
        other.SetBuckets([new(1, 10), new(7, 20), new(8, 30), new(2000, 40)]);
        LatencyBucket[] expected = [new(1, 10), new(5, 1), new(7, 22), new(8, 30), new(900, 3), new(2000, 40)];

        Assert.Equal(expected, Sum(one, other).Buckets.ToArray());
        Assert.Equal(expected, Sum(other, one).Buckets.ToArray());
    }

    [Fact]
    public void Many_distributions_merge_to_what_is_in_all_of_them()
    {
        var random = new Random(1);
        var truth = new SortedDictionary<int, long>();
        var sum = new PairTotals();
        for (int i = 0; i < 300; i++)
        {
            int[] indices = [.. Enumerable.Range(0, random.Next(30)).Select(_ => random.Next(LogLinear.BucketCount)).Distinct().Order()];
            PairTotals totals = Interval(i);
            totals.SetBuckets([.. indices.Select(index => new LatencyBucket(index, 1 + index % 3))]);
            foreach (int index in indices) truth[index] = truth.GetValueOrDefault(index) + 1 + index % 3;
            sum.Add(totals);
        }

        Assert.Equal(truth.Select(bucket => new LatencyBucket(bucket.Key, bucket.Value)), sum.Buckets.ToArray());
    }

    [Fact]
    public void Flows_are_merged_by_port_and_kept_in_order_however_they_come()
    {
        PairTotals one = Interval(0), other = Interval(1);
        one.AddFlow(new FlowTotals { SourcePort = 9, Sent = 2, RttMinNanos = 30, RttMeanNanos = 100 });
        one.AddFlow(new FlowTotals { SourcePort = 3, Sent = 1 });
        other.AddFlow(new FlowTotals { SourcePort = 9, Sent = 4, Lost = 1, LostForward = 1, RttMinNanos = 20, RttMeanNanos = 200 });
        other.AddFlow(new FlowTotals { SourcePort = 5, Sent = 7 });

        FlowTotals[] flows = Sum(one, other).Flows.ToArray();

        Assert.Equal([3, 5, 9], flows.Select(flow => flow.SourcePort));
        Assert.Equal(
            new FlowTotals { SourcePort = 9, Sent = 6, Lost = 1, LostForward = 1, RttMinNanos = 20, RttMeanNanos = 160 }, flows[2]);
    }

    [Fact]
    public void Sums_of_time_that_grow_too_large_stay_the_largest_number()
    {
        PairTotals one = Interval(0), other = Interval(1);
        (one.RttSumNanos, other.RttSumNanos) = (long.MaxValue - 1, 2);
        one.SetBuckets([new(4, long.MaxValue - 1)]);
        other.SetBuckets([new(4, 1), new(5, 5)]);

        PairTotals sum = Sum(one, other);

        Assert.Equal(long.MaxValue, sum.RttSumNanos);
        Assert.Equal([new LatencyBucket(4, long.MaxValue)], sum.Buckets.ToArray());
    }

    [Fact]
    public void Clearing_forgets_all()
    {
        PairTotals totals = Interval(0);
        (totals.RttMinNanos, totals.RttMaxNanos) = (1, 2);
        totals.SetJitter(5, 5);
        totals.SetBuckets([new(1, 1)]);
        totals.AddFlow(new FlowTotals { SourcePort = 1 });

        totals.Clear();

        Assert.Equal((0, 0, 0), (totals.Intervals, totals.Buckets.Length, totals.Flows.Length));
        Assert.Equal((null, null, null), (totals.JitterNanos, totals.RttMinNanos, totals.Percentile(0.5)));
        totals.SetBuckets([new(1, 1)]);
        (totals.RttMinNanos, totals.RttMaxNanos) = (1, 1);
        Assert.Equal(1, totals.Percentile(0.5));
    }

    private static PairTotals Interval(int number) =>
        new() { Start = Noon.AddSeconds(30 * number), End = Noon.AddSeconds(30 * (number + 1)), Intervals = 1 };

    private static PairTotals Sum(params PairTotals[] all)
    {
        var sum = new PairTotals();
        foreach (PairTotals totals in all) sum.Add(totals);
        return sum;
    }
}
