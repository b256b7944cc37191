using FsCheck;
using FsCheck.Fluent;
using Llama.Benchmarks.Gate.History;
using Llama.Storage.History;
using Llama.Storage.History.Blocks;

namespace Llama.Tests.Storage.History.Blocks;

/// <summary>What goes into a block comes out of it, whichever part of it is asked for.</summary>
public sealed class BlockRoundTripTests
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(150);

    [Fact]
    public void What_was_put_in_comes_out_in_order() => Prop.ForAll(ArbitraryTotals.Points, points =>
    {
        List<Point> read = Block.Of(points).Read(HistoryDetail.All);

        Assert.Equal(Ordered(points).Select(Key), read.Select(Key));
        foreach ((Point expected, Point actual) in Ordered(points).Zip(read)) TotalsAssert.Same(expected.Totals, actual.Totals);
    }).Check(Many);

    [Fact]
    public void What_was_read_and_written_again_is_the_same_octets() => Prop.ForAll(ArbitraryTotals.Points, points =>
    {
        Block block = Block.Of(points);
        var builder = new BlockBuilder();
        builder.Add(block.Counts, block.Detail);

        Assert.Equal(points.Length, builder.Count);
        Block again = Block.Of(builder);
        Assert.Equal(block.Counts, again.Counts);
        Assert.Equal(block.Detail, again.Detail);
    }).Check(Many);

    [Fact]
    public void A_part_is_the_same_without_the_others() => Prop.ForAll(
        ArbitraryTotals.Points,
        Gen.Choose(0, 7).Select(part => (HistoryDetail)part).ToArbitrary(),
        (points, part) =>
        {
            Block block = Block.Of(points);
            foreach ((Point whole, Point actual) in block.Read(HistoryDetail.All).Zip(block.Read(part)))
                TotalsAssert.Same(Only(whole.Totals, part), actual.Totals, rounding: 0);
        }).Check(Many);

    [Fact]
    public void Without_detail_the_counts_are_the_same() => Prop.ForAll(ArbitraryTotals.Points, points =>
    {
        Block block = Block.Of(points);
        foreach ((Point whole, Point actual) in block.Read(HistoryDetail.Counts).Zip((block with { Detail = [] }).Read(HistoryDetail.All)))
            TotalsAssert.Same(whole.Totals, actual.Totals, rounding: 0);
    }).Check(Many);

    [Fact]
    public void Points_can_be_left_out_and_read_twice() => Prop.ForAll(
        ArbitraryTotals.Points,
        Gen.Choose(0, 7).Select(part => (HistoryDetail)part).ListOf().Resize(20).ToArbitrary(),
        (points, parts) =>
        {
            Block block = Block.Of(points);
            List<Point> all = block.Read(HistoryDetail.All);
            var reader = new BlockReader(block.Counts, block.Detail);
            int place = 0, turn = 0;
            while (reader.NextPair())
            {
                for (; reader.NextPoint(); place++)
                {
                    for (int times = turn % 3; times > 0 && parts.Count > 0; times--)
                    {
                        HistoryDetail part = parts[(turn + times) % parts.Count];
                        var totals = new PairTotals();
                        reader.AddTo(totals, part);
                        TotalsAssert.Same(Only(all[place].Totals, part), totals, rounding: 0);
                    }

                    turn++;
                }
            }

            Assert.Equal(all.Count, place);
        }).Check(Many);

    [Fact]
    public void Newest_point_of_a_span_is_the_last_one_that_reading_all_comes_upon() => Prop.ForAll(
        ArbitraryTotals.Points,
        Gen.Zip(Gen.Choose(-100, 1000), Gen.Choose(0, 600)).Select(span => (From: ArbitraryTotals.Noon.AddSeconds(span.Item1), Length: span.Item2)).ToArbitrary(),
        Gen.Choose(0, 7).Select(part => (HistoryDetail)part).ToArbitrary(),
        (points, span, part) =>
        {
            Block block = Block.Of(points);
            DateTimeOffset to = span.From.AddSeconds(span.Length);
            var reader = new BlockReader(block.Counts, block.Detail);
            foreach (IEnumerable<Point> pair in block.Read(HistoryDetail.All).GroupBy(point => (point.Destination, point.Class)))
            {
                Assert.True(reader.NextPair());
                Point[] wanted = [.. pair.Where(point => point.Moment >= span.From && point.Moment < to)];
                Assert.Equal(wanted.Length > 0, reader.SeekNewest(HistoryTime.Of(span.From), HistoryTime.Of(to), part));
                if (wanted.Length == 0) continue;
                var totals = new PairTotals();
                reader.AddTo(totals, part);
                Assert.Equal(wanted[^1].Moment, reader.Moment);
                TotalsAssert.Same(Only(wanted[^1].Totals, part), totals, rounding: 0);
            }
        }).Check(Many);

    [Fact]
    public void Seeking_finds_what_reading_all_comes_upon() => Prop.ForAll(
        ArbitraryTotals.Points,
        Gen.Zip(Gen.Choose(0, 180), Gen.Elements<byte>(0, 46, 100, 184, 255)).ArrayOf().Resize(8).ToArbitrary(),
        (points, wanted) =>
        {
            Block block = Block.Of(points);
            List<Point> all = block.Read(HistoryDetail.All);
            var reader = new BlockReader(block.Counts, block.Detail);
            foreach ((int destination, byte trafficClass) in wanted.Order())
            {
                IEnumerable<Point> expected = all.Where(point => (point.Destination, point.Class).CompareTo((destination, trafficClass)) >= 0)
                    .GroupBy(point => (point.Destination, point.Class)).FirstOrDefault() ?? Enumerable.Empty<Point>();
                var found = new List<Point>();
                if (reader.Seek(destination, trafficClass)) Block.ReadPair(ref reader, HistoryDetail.All, found);
                Assert.Equal(expected.Select(Key), found.Select(Key));
                foreach ((Point one, Point other) in expected.Zip(found)) TotalsAssert.Same(one.Totals, other.Totals, rounding: 0);
            }
        }).Check(Many);

    [Fact]
    public void Loss_alone_adds_up_to_what_reading_all_does() => Prop.ForAll(
        ArbitraryTotals.Points,
        Gen.Choose(-100, 1000).Select(seconds => ArbitraryTotals.Noon.AddSeconds(seconds)).Two().ToArbitrary(),
        (points, span) =>
        {
            (DateTimeOffset from, DateTimeOffset to) = span;
            Block block = Block.Of(points);
            var reader = new CountsReader(block.Counts, out _);
            long begin = HistoryTime.Of(from), end = HistoryTime.Of(to);
            var found = new List<(int Destination, byte Class, LossSum Sum)>();
            while (reader.NextPair())
            {
                if (reader.Destination % 2 == 0) reader.NextPoint();
                var sum = new LossSum();
                reader.TellLoss(begin, end, ref sum);
                found.Add((reader.Destination, reader.Class, sum));
                for (int left = reader.NextPlainPairs() - 1, last = reader.Destination; left >= 0; left--)
                {
                    sum = new LossSum();
                    if (reader.Point.Moment >= begin && reader.Point.Moment < end) sum.Add(LossRun.Of(reader.Point));
                    found.Add((last - left, reader.Class, sum));
                }
            }

            var expected = Ordered(points).GroupBy(point => (point.Destination, point.Class)).ToList();
            Assert.Equal(expected.Select(pair => pair.Key), found.Select(pair => (pair.Destination, pair.Class)));
            foreach ((IEnumerable<Point> all, var actual) in expected.Zip(found))
            {
                Point[] wanted = [.. all.Where(point => point.Moment >= from && point.Moment < to)];
                Assert.Equal(wanted.Length, actual.Sum.Points);
                Assert.Equal(Sum(wanted, point => point.Totals.Counts.Sent), actual.Sum.Sent);
                Assert.Equal(Sum(wanted, point => point.Totals.Counts.Lost), actual.Sum.Lost);
                Assert.Equal(wanted.Select(point => HistoryTime.Of(point.Totals.Start)).DefaultIfEmpty(long.MaxValue).Min(), actual.Sum.Start);
                Assert.Equal(wanted.Select(point => HistoryTime.Of(point.Totals.End)).DefaultIfEmpty(long.MinValue).Max(), actual.Sum.End);
            }
        }).Check(Many);

    [Fact]
    public void A_block_of_nothing_can_be_read()
    {
        Block block = Block.Of(new BlockBuilder());

        Assert.Empty(block.Read(HistoryDetail.All));
    }

    [Fact]
    public void Nothing_that_was_not_measured_comes_back_as_zero_and_no_zero_as_nothing()
    {
        var nothing = new PairTotals { Intervals = 1 };
        var zeros = new PairTotals
        {
            Intervals = 1,
            Counts = new() { LostForward = 0, LostReverse = 0 },
            RttMinNanos = 0,
            RttMaxNanos = 0,
            ForwardDelayVariationNanos = 0,
            ReverseDelayVariationNanos = 0,
            Path = new()
            {
                ForwardTtl = 0,
                ReverseTtl = 0,
                ForwardTos = 0,
                ReverseTos = 0,
                ForwardRemarked = 0,
                ReverseRemarked = 0,
                ForwardTtlChanges = 0,
            },
        };
        zeros.SetJitter(0, 3);
        zeros.AddFlow(new FlowTotals { SourcePort = 1, LostForward = 0, LostReverse = 0, RttMinNanos = 0, RttMeanNanos = 0 });
        zeros.AddFlow(new FlowTotals { SourcePort = 2 });
        DateTimeOffset noon = ArbitraryTotals.Noon;

        List<Point> read = Block.Of(
            new Point(1, 0, noon, nothing), new Point(1, 0, noon.AddSeconds(1), zeros), new Point(2, 0, noon, zeros), new Point(2, 0, noon.AddSeconds(1), nothing))
            .Read(HistoryDetail.All);

        Assert.All([read[0], read[3]], point => TotalsAssert.Same(nothing, point.Totals, rounding: 0));
        Assert.All([read[1], read[2]], point => TotalsAssert.Same(zeros, point.Totals, rounding: 0));
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        var reports = new RealisticReports(seed: 1, pairs: 20, flows: 4, datagrams: 30);
        HistoryReport report = reports.NewReport();
        reports.Fill(report, ArbitraryTotals.Noon, TimeSpan.FromSeconds(30));
        Block block = Block.Of(report.Pairs.Select((pair, i) => new Point(i, 0, report.Start, pair.Totals)));
        var totals = new PairTotals();

        long allocated = 0;
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var reader = new BlockReader(block.Counts, block.Detail);
            while (reader.NextPair())
            {
                while (reader.NextPoint())
                {
                    totals.Clear();
                    reader.AddTo(totals, HistoryDetail.All);
                }
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    /// <summary>As much of totals as a part gives.</summary>
    private static PairTotals Only(PairTotals totals, HistoryDetail part)
    {
        var only = new PairTotals
        {
            Start = totals.Start,
            End = totals.End,
            Intervals = totals.Intervals,
            SuspectIntervals = totals.SuspectIntervals,
            Counts = totals.Counts,
        };
        if ((part & HistoryDetail.Path) != 0) only.Path = totals.Path;
        if ((part & HistoryDetail.Flows) != 0)
            foreach (FlowTotals flow in totals.Flows) only.AddFlow(flow);
        if ((part & HistoryDetail.Rtt) == 0) return only;
        (only.RttCount, only.RttSumNanos, only.RttMinNanos, only.RttMaxNanos) =
            (totals.RttCount, totals.RttSumNanos, totals.RttMinNanos, totals.RttMaxNanos);
        (only.ForwardDelayVariationNanos, only.ReverseDelayVariationNanos) = (totals.ForwardDelayVariationNanos, totals.ReverseDelayVariationNanos);
        only.SetJitter(totals.JitterNanos, totals.JitterWeight);
        only.SetBuckets(totals.Buckets);
        return only;
    }

    // As the totals do: beyond the largest number it goes on with the smallest.
    private static long Sum(IEnumerable<Point> points, Func<Point, long> number) => points.Aggregate(0L, (sum, point) => unchecked(sum + number(point)));

    private static IEnumerable<Point> Ordered(IEnumerable<Point> points) =>
        points.OrderBy(point => point.Destination).ThenBy(point => point.Class).ThenBy(point => point.Moment);

    private static (int Destination, byte Class, DateTimeOffset Moment) Key(Point point) => (point.Destination, point.Class, point.Moment);
}
