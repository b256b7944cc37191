using FsCheck;
using FsCheck.Fluent;
using Llama.Engine.Summaries;
using Llama.Storage.History;

namespace Llama.Tests.Storage.History.Blocks;

/// <summary>A point that a test puts into a block.</summary>
internal sealed record Point(int Destination, byte Class, DateTimeOffset Moment, PairTotals Totals);

/// <summary>Totals of every kind: plain ones, ones with holes, and ones as large as numbers get.</summary>
internal static class ArbitraryTotals
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<long> Count = Gen.Frequency(
        (8, Gen.Choose(0, 20).Select(n => (long)n)),
        (3, Gen.Choose(0, 1_000_000).Select(n => (long)n)),
        (1, Gen.Elements(long.MaxValue, long.MaxValue - 1, 1L << 62, 1L << 40)));

    private static readonly Gen<long> Nanos = Gen.Frequency(
        (10, Gen.Choose(1, 2_000_000).Select(n => (long)n * 101)),
        (1, Gen.Elements(0L, 1, 127, 128, LogLinear.MaxNanos, LogLinear.MaxNanos + 1, long.MaxValue)));

    private static readonly Gen<DatagramCounts> Counts =
        from sent in Count
        from lost in Count
        from received in Gen.Frequency((6, Gen.Constant(sent - lost)), (1, Count))
        from forward in Maybe(Count)
        from reverse in Maybe(Count)
        from rare in Gen.Frequency((3, Gen.Constant(0L)), (1, Count)).ArrayOf(4)
        select new DatagramCounts
        {
            Sent = sent,
            Received = received,
            Lost = lost,
            LostForward = forward,
            LostReverse = reverse,
            Late = rare[0],
            Duplicates = rare[1],
            Reordered = rare[2],
            SendErrors = rare[3],
        };

    private static readonly Gen<PathMarks> Path =
        from octets in Maybe(Gen.Choose(0, 255).Select(n => (byte)n)).ArrayOf(4)
        from counts in Maybe(Count).ArrayOf(3)
        select new PathMarks
        {
            ForwardTtl = octets[0],
            ReverseTtl = octets[1],
            ForwardTos = octets[2],
            ReverseTos = octets[3],
            ForwardRemarked = counts[0],
            ReverseRemarked = counts[1],
            ForwardTtlChanges = counts[2],
        };

    private static readonly Gen<LatencyBucket[]> Buckets =
        from indices in Gen.Choose(0, LogLinear.BucketCount - 1).ArrayOf()
        from counts in Gen.Frequency((5, Gen.Choose(1, 30).Select(n => (long)n)), (1, Gen.Elements(1L << 40, 1L << 55))).ArrayOf(indices.Length)
        select indices.Distinct().Order().Select((index, i) => new LatencyBucket(index, counts[i])).ToArray();

    private static readonly Gen<FlowTotals[]> Flows =
        from ports in Gen.Frequency((4, Gen.Choose(0, 6)), (1, Gen.Choose(30, 40))).SelectMany(count => Gen.Choose(0, 70).Select(n => n * 900).ArrayOf(count))
        from flows in Flow.ArrayOf(ports.Length)
        select ports.Distinct().Order().Select((port, i) => flows[i] with { SourcePort = port }).ToArray();

    private static Gen<FlowTotals> Flow =>
        from counts in Count.ArrayOf(2)
        from directions in Maybe(Count).ArrayOf(2)
        from min in Maybe(Nanos)
        from mean in Maybe(Nanos.Select(nanos => nanos * 1.3))
        select new FlowTotals
        {
            Sent = counts[0],
            Lost = counts[1],
            LostForward = directions[0],
            LostReverse = directions[1],
            RttMinNanos = min,
            RttMeanNanos = mean,
        };

    /// <summary>Totals that begin within a step of a moment.</summary>
    public static Gen<PairTotals> At(DateTimeOffset moment) =>
        from late in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(0, 500)))
        from length in Gen.Frequency((3, Gen.Constant(30_000)), (1, Gen.Choose(1, 100_000)))
        from intervals in Gen.Frequency((3, Gen.Constant(1L)), (1, Gen.Choose(2, 3000).Select(n => (long)n)))
        from suspect in Gen.Frequency((3, Gen.Constant(0L)), (1, Gen.Constant(intervals)))
        from counts in Counts
        from rtt in Count.ArrayOf(2)
        from times in Maybe(Nanos).ArrayOf(4)
        from jitter in Maybe(Nanos.Select(nanos => nanos * 0.7))
        from weight in Gen.Frequency((2, Gen.Constant(rtt[0])), (1, Count))
        from path in Path
        from buckets in Buckets
        from flows in Flows
        select Totals(moment.AddMilliseconds(late), length, intervals, suspect, counts, rtt, times, jitter, weight, path, buckets, flows);

    private static readonly Gen<Point[]> IrregularPoints = (
        from pairs in Gen.Zip(Gen.Choose(0, 5), Gen.Elements<byte>(0, 46, 184)).ArrayOf()
        from steps in Gen.Choose(0, 12).ArrayOf(pairs.Length)
        from points in Gen.CollectToArray(pairs.Zip(steps).Distinct().Select(key => PointOf(key.First.Item1, key.First.Item2, key.Second)))
        select points).Resize(25);

    // As a network that is well gives them: alike but for a few, some of them not there.
    private static readonly Gen<Point[]> RegularPoints =
        from shape in Gen.OneOf(Gen.Zip(Gen.Choose(1, 8), Gen.Choose(1, 80)), Gen.Zip(Gen.Choose(1, 150), Gen.Constant(1)))
        let pairs = shape.Item1
        let steps = shape.Item2
        from there in Gen.Frequency((30, Gen.Constant(true)), (1, Gen.Constant(false))).ArrayOf(pairs * steps)
        from odd in Gen.Choose(0, (pairs * steps) - 1).SelectMany(place => At(Noon).Select(totals => (Place: place, Totals: totals))).ArrayOf(3)
        select Enumerable.Range(0, pairs * steps)
            .Where(place => there[place])
            .Select(place => RegularPoint(place / steps, place % steps, odd.FirstOrDefault(one => one.Place == place).Totals))
            .ToArray();

    /// <summary>Points of some pairs at some moments, each of them once, in any order.</summary>
    public static readonly Arbitrary<Point[]> Points = Gen.OneOf(IrregularPoints, RegularPoints).ToArbitrary();

    private static Point RegularPoint(int destination, int step, PairTotals? odd)
    {
        DateTimeOffset moment = Noon.AddSeconds(10 * step);
        var totals = new PairTotals();
        totals.Add(odd ?? new PairTotals { Counts = new DatagramCounts { Sent = 30, Received = 30, LostForward = 0 } });
        (totals.Start, totals.End, totals.Intervals) = (moment, moment.AddSeconds(10), 1);
        return new Point(destination, 0, moment, totals);
    }

    private static Gen<Point> PointOf(int place, byte trafficClass, int step) =>
        At(Noon.AddSeconds(30 * step)).Select(totals => new Point(place * place * 7, trafficClass, Noon.AddSeconds(30 * step), totals));

    private static PairTotals Totals(
        DateTimeOffset start,
        int lengthMillis,
        long intervals,
        long suspect,
        DatagramCounts counts,
        long[] rtt,
        long?[] times,
        double? jitter,
        long weight,
        PathMarks path,
        LatencyBucket[] buckets,
        FlowTotals[] flows)
    {
        var totals = new PairTotals
        {
            Start = start,
            End = start.AddMilliseconds(lengthMillis),
            Intervals = intervals,
            SuspectIntervals = suspect,
            Counts = counts,
            RttCount = rtt[0],
            RttSumNanos = rtt[1],
            RttMinNanos = times[0],
            RttMaxNanos = times[1],
            ForwardDelayVariationNanos = times[2],
            ReverseDelayVariationNanos = times[3],
            Path = path,
        };
        totals.SetJitter(jitter, weight);
        totals.SetBuckets(buckets);
        foreach (FlowTotals flow in flows) totals.AddFlow(flow);
        return totals;
    }

    private static Gen<T?> Maybe<T>(Gen<T> gen)
        where T : struct => Gen.Frequency((3, gen.Select(value => (T?)value)), (1, Gen.Constant((T?)null)));
}
