using Llama.Benchmarks.Gate.History;
using Llama.Engine.Summaries;
using Llama.Storage.History;
using Llama.Storage.History.Blocks;

namespace Llama.Tests.Storage.History.Blocks;

/// <summary>Points that are brought together are what they would be had they never been apart.</summary>
public sealed class BlockMergeTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Blocks_add_up_to_what_their_totals_add_up_to_in_any_order(int seed)
    {
        List<Point> points = Realistic(seed, intervals: 60, step: TimeSpan.FromMinutes(10));
        var random = new Random(seed);
        var builder = new BlockBuilder();
        foreach (Point[] part in points.OrderBy(_ => random.Next()).Chunk(37))
        {
            Block block = Block.Of(part);
            builder.Add(block.Counts, block.Detail);
        }

        List<Point> read = Block.Of(builder).Read(HistoryDetail.All);

        var sums = points.GroupBy(point => (point.Destination, point.Class, point.Moment)).OrderBy(group => group.Key).ToList();
        Assert.Equal(sums.Select(sum => sum.Key), read.Select(point => (point.Destination, point.Class, point.Moment)));
        foreach ((var sum, Point actual) in sums.Zip(read)) TotalsAssert.Same(Sum(sum.Select(point => point.Totals)), actual.Totals);
    }

    [Fact]
    public void Percentiles_of_what_was_merged_are_those_of_all_round_trip_times_together()
    {
        List<Point> points = Realistic(seed: 4, intervals: 40, step: TimeSpan.FromDays(1));

        foreach (Point merged in Block.Of(points).Read(HistoryDetail.Rtt))
        {
            IEnumerable<PairTotals> all = points.Where(point => point.Destination == merged.Destination).Select(point => point.Totals);
            LatencyHistogram histogram = all.Aggregate(LatencyHistogram.Empty, (sum, totals) => sum.Merge(new LatencyHistogram(
                totals.Buckets.ToArray(), totals.RttSumNanos, totals.RttMinNanos.GetValueOrDefault(), totals.RttMaxNanos.GetValueOrDefault())));
            foreach (double share in new[] { 0, 0.01, 0.5, 0.9, 0.99, 0.999, 1 }) Assert.Equal(histogram.Percentile(share), merged.Totals.Percentile(share));
            Assert.Equal(histogram.MeanNanos, merged.Totals.RttMeanNanos);
        }
    }

    [Fact]
    public void Means_of_a_day_that_is_written_again_for_each_new_interval_are_those_of_the_whole_day()
    {
        var builder = new BlockBuilder();
        var truth = new PairTotals();
        for (int i = 0; i < 500; i++)
        {
            var totals = new PairTotals { Start = ArbitraryTotals.Noon + i * Interval, End = ArbitraryTotals.Noon + (i + 1) * Interval, Intervals = 1 };
            double nanos = i < 50 ? 100_000 : 200_000 + i;
            totals.SetJitter(nanos, 12);
            totals.AddFlow(new FlowTotals { SourcePort = 7, Sent = 12, RttMinNanos = (long)nanos, RttMeanNanos = nanos });
            truth.Add(totals);

            builder.At(1, 0, ArbitraryTotals.Noon).Add(totals);
            Block block = Block.Of(builder);
            builder.Clear();
            builder.Add(block.Counts, block.Detail);
        }

        PairTotals day = builder.At(1, 0, ArbitraryTotals.Noon);

        Assert.Equal(truth.JitterWeight, day.JitterWeight);
        Assert.InRange(day.JitterNanos!.Value, truth.JitterNanos!.Value * 0.99, truth.JitterNanos.Value * 1.01);
        double mean = truth.Flows[0].RttMeanNanos!.Value;
        Assert.InRange(day.Flows[0].RttMeanNanos!.Value, mean * 0.99, mean * 1.01);
    }

    [Fact]
    public void A_builder_is_empty_after_clearing_and_writes_what_a_new_one_would()
    {
        List<Point> first = Realistic(seed: 5, intervals: 3, step: Interval), second = Realistic(seed: 6, intervals: 2, step: Interval);
        var builder = new BlockBuilder();
        foreach (Point point in first) builder.At(point.Destination, point.Class, point.Moment).Add(point.Totals);
        Block.Of(builder);
        Assert.Equal(first.Count, builder.Count);

        builder.Clear();

        Assert.Equal(0, builder.Count);
        foreach (Point point in second) builder.At(point.Destination, point.Class, point.Moment).Add(point.Totals);
        Block again = Block.Of(builder), fresh = Block.Of(second);
        Assert.Equal(fresh.Counts, again.Counts);
        Assert.Equal(fresh.Detail, again.Detail);
    }

    [Fact]
    public void A_builder_can_be_added_to_after_it_was_written()
    {
        var builder = new BlockBuilder();
        foreach (int destination in new[] { 5, 3, 9, 1 }) builder.At(destination, 0, ArbitraryTotals.Noon).Intervals = destination;
        Block.Of(builder);

        foreach (int destination in new[] { 9, 1, 4, 5 }) builder.At(destination, 0, ArbitraryTotals.Noon).Intervals += 10;

        Assert.Equal(
            [(1, 11), (3, 3), (4, 10), (5, 15), (9, 19)],
            Block.Of(builder).Read(HistoryDetail.All).Select(point => (point.Destination, point.Totals.Intervals)));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    public void A_row_of_raw_intervals_takes_forty_octets_a_summary_at_most(int flows)
    {
        foreach (int datagrams in new[] { 12, 30, 120 })
        {
            List<Point> points = Realistic(seed: 7, intervals: 20, Interval, pairs: 64, flows, datagrams);
            Block block = Block.Of(points);
            Assert.InRange((double)(block.Counts.Length + block.Detail.Length) / points.Count, 5, 40);
        }
    }

    private static List<Point> Realistic(int seed, int intervals, TimeSpan step, int pairs = 8, int flows = 4, int datagrams = 24)
    {
        var reports = new RealisticReports(seed, pairs, flows, datagrams);
        var points = new List<Point>();
        for (int i = 0; i < intervals; i++)
        {
            HistoryReport report = reports.NewReport();
            reports.Fill(report, ArbitraryTotals.Noon + i * Interval, Interval);
            DateTimeOffset moment = new(report.Start.Ticks - report.Start.Ticks % step.Ticks, TimeSpan.Zero);
            points.AddRange(report.Pairs.Select((pair, place) => new Point(place, pair.Class, moment, pair.Totals)));
        }

        return points;
    }

    private static PairTotals Sum(IEnumerable<PairTotals> all)
    {
        var sum = new PairTotals();
        foreach (PairTotals totals in all) sum.Add(totals);
        return sum;
    }
}
