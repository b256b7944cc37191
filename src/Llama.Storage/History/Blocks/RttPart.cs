using Llama.Engine.Summaries;

namespace Llama.Storage.History.Blocks;

/// <summary>What a point consists of in the round-trip times of a block. Sum, minimum, maximum and buckets are exact.</summary>
/// <remarks>
/// <code>
/// known             level      1 minimum, 2 maximum, 4 buckets, 8 jitter, 16 forward, 32 reverse delay variation
/// in buckets        less received                          signed, when there are buckets
/// replies           less those in buckets, or received     signed
/// minimum           level, when known
/// maximum           less the minimum, or 0                 unsigned, when known
/// buckets           until all that are in buckets have been counted:
///                   the first    index less the bucket of the minimum       signed
///                   others       index less the one before, less 1          unsigned
///                   datagrams    less 1                    unsigned; not written when one is left
/// sum               less what the buckets let expect       signed
/// jitter            level, when known; a coarse step when it is of one interval, else a fine one
/// jitter's replies  less replies                           signed, when jitter is known
/// forward, reverse  level, when known; coarse steps
///
/// steps             of RoundedNanos
/// </code>
/// </remarks>
internal static class RttPart
{
    public const int BasedColumns = 6;
    public const int Columns = 21;

    private const int Known = 0;
    private const int Min = 1;
    private const int Jitter = 2;
    private const int JitterFine = 3;
    private const int Forward = 4;
    private const int Reverse = 5;

    // The columns in between are those of levels, behind their first values.
    private const int Max = 12;
    private const int MaxAlone = 13;
    private const int InBuckets = 14;
    private const int Replies = 15;
    private const int FirstIndex = 16;
    private const int Gap = 17;
    private const int InBucket = 18;
    private const int Sum = 19;
    private const int JitterReplies = 20;

    private const long MinKnown = 1;
    private const long MaxKnown = 2;
    private const long BucketsKnown = 4;
    private const long JitterKnown = 8;
    private const long ForwardKnown = 16;
    private const long ReverseKnown = 32;

    /// <summary>Writes or reads a point, all but its buckets; those go from or to the totals.</summary>
    /// <param name="symbols">Where to or from.</param>
    /// <param name="before">What is expected.</param>
    /// <param name="counts">The counts of the point.</param>
    /// <param name="point">The point.</param>
    /// <param name="totals">Has the buckets when writing; when reading they are added to it.</param>
    /// <returns>How many buckets there are.</returns>
    public static int Transfer<TSymbols>(
        ref TSymbols symbols, ref RttBefore before, in CountsPoint counts, ref RttPoint point, PairTotals totals)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        long known = symbols.Level(Known, BasedColumns, TSymbols.IsReading ? 0 : KnownOf(point, totals), ref before.Known);
        bool hasBuckets = (known & BucketsKnown) != 0;
        long received = counts.Counts.Received;
        if (hasBuckets) point.InBuckets = symbols.Signed(InBuckets, point.InBuckets, received);
        point.Count = symbols.Signed(Replies, point.Count, hasBuckets ? point.InBuckets : received);
        point.MinNanos = (known & MinKnown) == 0 ? null
            : symbols.Level(Min, BasedColumns, point.MinNanos.GetValueOrDefault(), ref before.Min);
        long min = point.MinNanos.GetValueOrDefault();
        point.MaxNanos = (known & MaxKnown) == 0 ? null
            : min + (long)symbols.Unsigned((known & MinKnown) == 0 ? MaxAlone : Max, (ulong)(point.MaxNanos.GetValueOrDefault() - min));

        var expectedSum = new ExpectedSum(point.Count, min, point.MaxNanos ?? min);
        int buckets = hasBuckets ? TransferBuckets(ref symbols, point.InBuckets, ref expectedSum, totals) : 0;
        point.SumNanos = symbols.Signed(Sum, point.SumNanos, expectedSum.Nanos);

        point.JitterNanos = (known & JitterKnown) == 0 ? null
            : TransferJitter(ref symbols, ref before.Jitter, point.JitterNanos.GetValueOrDefault(), counts.Intervals == 1);
        if (point.JitterNanos is not null) point.JitterWeight = symbols.Signed(JitterReplies, point.JitterWeight, point.Count);
        point.ForwardNanos = (known & ForwardKnown) == 0 ? null
            : TransferRounded(ref symbols, Forward, ref before.Forward, point.ForwardNanos.GetValueOrDefault());
        point.ReverseNanos = (known & ReverseKnown) == 0 ? null
            : TransferRounded(ref symbols, Reverse, ref before.Reverse, point.ReverseNanos.GetValueOrDefault());
        return buckets;
    }

    /// <summary>Goes past a point: what <see cref="Transfer"/> reads, less what the points behind it have no use for.</summary>
    /// <param name="symbols">Where from.</param>
    /// <param name="before">What is expected.</param>
    /// <param name="received">What the counts of the point say that came back.</param>
    /// <param name="intervals">How many intervals there are in it.</param>
    /// <returns>How many buckets there are.</returns>
    public static int Pass(ref StripReader symbols, ref RttBefore before, long received, long intervals)
    {
        long known = symbols.Level(Known, BasedColumns, 0, ref before.Known);
        bool hasBuckets = (known & BucketsKnown) != 0;
        long inBuckets = hasBuckets ? symbols.Signed(InBuckets, 0, received) : 0;
        symbols.Pass(Replies);
        if ((known & MinKnown) != 0) symbols.Level(Min, BasedColumns, 0, ref before.Min);
        if ((known & MaxKnown) != 0) symbols.Pass((known & MinKnown) == 0 ? MaxAlone : Max);
        int buckets = 0;
        if (hasBuckets)
        {
            if (inBuckets <= 0) throw BitReader.Damaged();
            symbols.Pass(FirstIndex);
            buckets = symbols.PassCounted(InBucket, Gap, inBuckets, LogLinear.BucketCount);
        }

        symbols.Pass(Sum);
        if ((known & JitterKnown) != 0)
        {
            TransferJitterStep(ref symbols, ref before.Jitter, 0, intervals == 1);
            symbols.Pass(JitterReplies);
        }

        if ((known & ForwardKnown) != 0) symbols.Level(Forward, BasedColumns, 0, ref before.Forward);
        if ((known & ReverseKnown) != 0) symbols.Level(Reverse, BasedColumns, 0, ref before.Reverse);
        return buckets;
    }

    private static long KnownOf(in RttPoint point, PairTotals totals) =>
        (point.MinNanos is null ? 0 : MinKnown) | (point.MaxNanos is null ? 0 : MaxKnown) | (totals.Buckets.IsEmpty ? 0 : BucketsKnown)
        | (point.JitterNanos is null ? 0 : JitterKnown) | (point.ForwardNanos is null ? 0 : ForwardKnown)
        | (point.ReverseNanos is null ? 0 : ReverseKnown);

    private static int TransferBuckets<TSymbols>(ref TSymbols symbols, long inBuckets, ref ExpectedSum expectedSum, PairTotals totals)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        ReadOnlySpan<LatencyBucket> buckets = TSymbols.IsReading ? [] : totals.Buckets;
        if (TSymbols.IsReading && inBuckets <= 0) throw BitReader.Damaged();
        int place = 0, number = 0;
        long index = -1;
        for (long left = inBuckets; left > 0; number++)
        {
            LatencyBucket bucket = TSymbols.IsReading ? default : buckets[number];
            index = number == 0
                ? symbols.Signed(FirstIndex, bucket.Index, LogLinear.IndexOf(expectedSum.MinNanos))
                : index + 1 + (long)symbols.Unsigned(Gap, (ulong)(bucket.Index - index - 1));
            long count = left == 1 ? 1 : 1 + (long)symbols.Unsigned(InBucket, (ulong)bucket.Count - 1);
            if (TSymbols.IsReading)
            {
                if ((ulong)index >= LogLinear.BucketCount || count < 1 || count > left) throw BitReader.Damaged();
                totals.AddBucket(new LatencyBucket((int)index, count), ref place);
            }

            left -= count;
            expectedSum.Add((int)index, count, isFirst: number == 0, isLast: left == 0);
        }

        return number;
    }

    private static double TransferJitter<TSymbols>(ref TSymbols symbols, ref Level before, double nanos, bool isCoarse)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        int bits = isCoarse ? RoundedNanos.CoarseBits : RoundedNanos.FineBits;
        return RoundedNanos.Nanos(TransferJitterStep(ref symbols, ref before, TSymbols.IsReading ? 0 : RoundedNanos.Round(nanos, bits), isCoarse), bits);
    }

    private static long TransferJitterStep<TSymbols>(ref TSymbols symbols, ref Level before, long step, bool isCoarse)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        if (!isCoarse) return symbols.Level(JitterFine, BasedColumns, step, ref before);
        var coarse = new Level { Value = before.Value >> RoundedNanos.FineShift, IsSet = before.IsSet };
        step = symbols.Level(Jitter, BasedColumns, step, ref coarse);
        before = new Level { Value = RoundedNanos.ToFine(step), IsSet = true };
        return step;
    }

    private static long TransferRounded<TSymbols>(ref TSymbols symbols, int column, ref Level before, long nanos)
        where TSymbols : struct, ISymbols, allows ref struct =>
        RoundedNanos.WholeNanos(symbols.Level(column, BasedColumns, RoundedNanos.Round(nanos, RoundedNanos.CoarseBits), ref before));

    /// <summary>
    /// What round-trip times add up to as far as one can tell: one of them is the minimum, one the maximum, the others are in the
    /// middle of their buckets.
    /// </summary>
    private struct ExpectedSum(long replies, long minNanos, long maxNanos)
    {
        public readonly long MinNanos = minNanos;

        /// <summary>The sum. Without buckets, that of minimum and maximum and their middles.</summary>
        public long Nanos = replies <= 1 ? replies * minNanos : replies * (minNanos / 2 + maxNanos / 2);

        public void Add(int index, long count, bool isFirst, bool isLast)
        {
            if (isFirst) Nanos = 0;
            long from = Math.Max(LogLinear.LowerNanos(index), isFirst ? MinNanos : 0);
            long to = isLast ? maxNanos : LogLinear.LowerNanos(index + 1);
            if (isFirst && count > 0)
            {
                Nanos += MinNanos;
                count--;
            }

            if (isLast && count > 0)
            {
                Nanos += maxNanos;
                count--;
            }

            Nanos += count * (from + (to - from) / 2);
        }
    }
}

/// <summary>Round-trip times of a point, without buckets.</summary>
internal struct RttPoint
{
    public long InBuckets;
    public long Count;
    public long SumNanos;
    public long? MinNanos;
    public long? MaxNanos;
    public double? JitterNanos;
    public long JitterWeight;
    public long? ForwardNanos;
    public long? ReverseNanos;
}

/// <summary>What is expected of the next point of a pair; new for each pair.</summary>
internal struct RttBefore
{
    public Level Known;
    public Level Min;
    public Level Jitter;
    public Level Forward;
    public Level Reverse;
}
