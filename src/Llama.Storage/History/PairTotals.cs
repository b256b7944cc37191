using System.Runtime.InteropServices;
using Llama.Engine.Summaries;

namespace Llama.Storage.History;

/// <summary>
/// What happened to one pair and class, or to many of them together, over a span. Null is what was not measured. Filled again and
/// again; belongs to one thread at a time.
/// </summary>
public sealed class PairTotals
{
    // A distribution that is added mostly has what is there already: it is looked for close by before it is searched for.
    private const int LinearTries = 8;

    private readonly List<LatencyBucket> _buckets = [];
    private readonly List<FlowTotals> _flows = [];
    private long _inBuckets;
    private double _jitterSum;
    private long _jitterWeight;

    /// <summary>Start of the first interval in it.</summary>
    public DateTimeOffset Start { get; set; }

    /// <summary>End of the last interval in it.</summary>
    public DateTimeOffset End { get; set; }

    /// <summary>How many intervals of pairs are in it.</summary>
    public long Intervals { get; set; }

    /// <summary>How many of them their collectors did not trust.</summary>
    public long SuspectIntervals { get; set; }

    /// <summary>The datagrams' fates. Exact.</summary>
    public DatagramCounts Counts { get; set; }

    /// <summary>How many replies were timed.</summary>
    public long RttCount { get; set; }

    /// <summary>Sum of their round-trip times, in nanoseconds.</summary>
    public long RttSumNanos { get; set; }

    /// <summary>The shortest of them, in nanoseconds.</summary>
    public long? RttMinNanos { get; set; }

    /// <summary>The longest of them, in nanoseconds.</summary>
    public long? RttMaxNanos { get; set; }

    /// <summary>Their distribution, laid out as <see cref="LogLinear"/> says, in the order of the indices. Empty where only sum and count are known.</summary>
    public ReadOnlySpan<LatencyBucket> Buckets => CollectionsMarshal.AsSpan(_buckets);

    /// <summary>RFC 3550 interarrival jitter in nanoseconds, within 1 %; over several intervals, their mean weighted by replies.</summary>
    public double? JitterNanos => _jitterWeight > 0 ? _jitterSum / _jitterWeight : null;

    /// <summary>How many replies <see cref="JitterNanos"/> is the mean over.</summary>
    public long JitterWeight => _jitterWeight;

    /// <summary>Delay variation on the way there, in nanoseconds, within 1 %; over several intervals, the largest of theirs.</summary>
    public long? ForwardDelayVariationNanos { get; set; }

    /// <summary>The same on the way back.</summary>
    public long? ReverseDelayVariationNanos { get; set; }

    /// <summary>What the path did to the IP header: what was seen last, and sums of what is counted.</summary>
    public PathMarks Path { get; set; }

    /// <summary>The flows in the order of their source ports; empty where they were not asked for.</summary>
    public ReadOnlySpan<FlowTotals> Flows => CollectionsMarshal.AsSpan(_flows);

    /// <summary>Mean round-trip time in nanoseconds.</summary>
    public double? RttMeanNanos => RttCount > 0 ? (double)RttSumNanos / RttCount : null;

    /// <summary>RFC 5481 delay variation of round-trip times: p99 less minimum; nanoseconds. Null below two replies.</summary>
    public long? DelayVariationNanos => RttCount > 1 && Percentile(0.99) - RttMinNanos is { } variation ? Math.Max(0, variation) : null;

    /// <summary>
    /// The round-trip time that a share of all are not longer than (nearest rank), in nanoseconds, within 1 %; null when their
    /// distribution is not known.
    /// </summary>
    /// <param name="share">0 to 1: 0.99 is the 99th percentile.</param>
    public long? Percentile(double share)
    {
        if (_buckets.Count == 0 || RttMinNanos is not { } min || RttMaxNanos is not { } max) return null;
        if (share <= 0) return min;
        if (share >= 1) return max;
        long rank = Math.Max(1, (long)Math.Ceiling(share * _inBuckets));
        foreach (LatencyBucket bucket in Buckets)
        {
            rank -= bucket.Count;
            if (rank <= 0) return Math.Clamp(LogLinear.MiddleNanos(bucket.Index), min, max);
        }

        return max;
    }

    /// <summary>Sets the jitter of what is in it so far.</summary>
    /// <param name="nanos">The jitter; null where it was not measured.</param>
    /// <param name="weight">Over how many replies.</param>
    public void SetJitter(double? nanos, long weight)
    {
        bool isKnown = nanos is { } known && double.IsFinite(known);
        _jitterWeight = isKnown ? Math.Max(1, weight) : 0;
        _jitterSum = isKnown ? Math.Max(0, nanos.GetValueOrDefault()) * _jitterWeight : 0;
    }

    /// <summary>Takes over a distribution: in the order of the indices, each index once, no empty ones.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An index is none of <see cref="LogLinear"/>.</exception>
    public void SetBuckets(ReadOnlySpan<LatencyBucket> buckets)
    {
        _buckets.Clear();
        _inBuckets = 0;
        int place = 0;
        foreach (ref readonly LatencyBucket bucket in buckets) AddBucket(bucket, ref place);
    }

    /// <summary>Adds a flow, to what is there of its source port if there is something. In the order of the ports it is found fastest.</summary>
    public void AddFlow(in FlowTotals flow)
    {
        int place = _flows.Count > 0 && _flows[^1].SourcePort < flow.SourcePort ? _flows.Count : 0;
        AddFlow(flow, ref place);
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        (Start, End, Intervals, SuspectIntervals) = (default, default, 0, 0);
        (Counts, RttCount, RttSumNanos, RttMinNanos, RttMaxNanos) = (default, 0, 0, null, null);
        (_jitterSum, _jitterWeight, ForwardDelayVariationNanos, ReverseDelayVariationNanos, Path) = (0, 0, null, null, default);
        _inBuckets = 0;
        _buckets.Clear();
        _flows.Clear();
    }

    /// <summary>Adds what is in the other one.</summary>
    public void Add(PairTotals other)
    {
        bool isLater = AddCounts(other.Start, other.End, other.Intervals, other.SuspectIntervals, other.Counts);
        AddRtt(other.RttCount, other.RttSumNanos, other.RttMinNanos, other.RttMaxNanos);
        AddVariation(other._jitterSum, other._jitterWeight, other.ForwardDelayVariationNanos, other.ReverseDelayVariationNanos);
        AddPath(other.Path, isLater);
        int place = 0;
        foreach (ref readonly LatencyBucket bucket in other.Buckets) AddBucket(bucket, ref place);
        place = 0;
        foreach (ref readonly FlowTotals flow in other.Flows) AddFlow(flow, ref place);
    }

    /// <summary>How many datagrams are in <see cref="Buckets"/>.</summary>
    internal long InBuckets => _inBuckets;

    /// <summary>Adds counts; true when they are of a later time than what is there, which <see cref="AddPath"/> wants to know.</summary>
    internal bool AddCounts(DateTimeOffset start, DateTimeOffset end, long intervals, long suspectIntervals, in DatagramCounts counts)
    {
        bool isFirst = Intervals == 0, isLater = isFirst || end >= End;
        if (isFirst || start < Start) Start = start;
        if (isFirst || end > End) End = end;
        Intervals += intervals;
        SuspectIntervals += suspectIntervals;
        Counts += counts;
        return isLater;
    }

    /// <summary>Adds round-trip times without their distribution.</summary>
    internal void AddRtt(long count, long sumNanos, long? minNanos, long? maxNanos)
    {
        RttCount = Total(RttCount, count);
        RttSumNanos = Total(RttSumNanos, sumNanos);
        RttMinNanos = Least(RttMinNanos, minNanos);
        RttMaxNanos = Largest(RttMaxNanos, maxNanos);
    }

    /// <summary>Adds jitter and delay variation.</summary>
    internal void AddVariation(double jitterSum, long jitterWeight, long? forwardNanos, long? reverseNanos)
    {
        _jitterSum += jitterSum;
        _jitterWeight = Total(_jitterWeight, jitterWeight);
        ForwardDelayVariationNanos = Largest(ForwardDelayVariationNanos, forwardNanos);
        ReverseDelayVariationNanos = Largest(ReverseDelayVariationNanos, reverseNanos);
    }

    /// <summary>Adds path marks.</summary>
    internal void AddPath(in PathMarks path, bool isLater) => Path = isLater ? Merge(Path, path) : Merge(path, Path);

    /// <summary>Adds a bucket.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="place">Where to look first; then behind it. 0 for the first one of a distribution.</param>
    internal void AddBucket(in LatencyBucket bucket, ref int place)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)bucket.Index, (uint)LogLinear.BucketCount, nameof(bucket));
        long count = Math.Min(bucket.Count, long.MaxValue - _inBuckets);
        if (count <= 0) return;
        _inBuckets += count;
        Span<LatencyBucket> own = CollectionsMarshal.AsSpan(_buckets);
        if (place > 0 && own[place - 1].Index >= bucket.Index) place = 0;
        for (int tries = 0; place < own.Length && own[place].Index < bucket.Index; place++)
        {
            if (++tries < LinearTries) continue;
            place = FirstNotBelow(own, place, bucket.Index);
            break;
        }

        if (place < own.Length && own[place].Index == bucket.Index) own[place] = new LatencyBucket(bucket.Index, own[place].Count + count);
        else _buckets.Insert(place, new LatencyBucket(bucket.Index, count));
        place++;
    }

    /// <summary>Adds a flow, looking from a place on; then that is behind it.</summary>
    internal void AddFlow(in FlowTotals flow, ref int place)
    {
        Span<FlowTotals> own = CollectionsMarshal.AsSpan(_flows);
        while (place < own.Length && own[place].SourcePort < flow.SourcePort) place++;
        if (place < own.Length && own[place].SourcePort == flow.SourcePort) own[place] = own[place].With(flow);
        else _flows.Insert(place, flow);
        place++;
    }

    private static int FirstNotBelow(ReadOnlySpan<LatencyBucket> buckets, int from, int index)
    {
        int to = buckets.Length;
        while (from < to)
        {
            int middle = (from + to) >>> 1;
            if (buckets[middle].Index < index) from = middle + 1;
            else to = middle;
        }

        return from;
    }

    private static PathMarks Merge(PathMarks earlier, PathMarks later) => new()
    {
        ForwardTtl = later.ForwardTtl ?? earlier.ForwardTtl,
        ReverseTtl = later.ReverseTtl ?? earlier.ReverseTtl,
        ForwardTos = later.ForwardTos ?? earlier.ForwardTos,
        ReverseTos = later.ReverseTos ?? earlier.ReverseTos,
        ForwardRemarked = Sum(earlier.ForwardRemarked, later.ForwardRemarked),
        ReverseRemarked = Sum(earlier.ReverseRemarked, later.ReverseRemarked),
        ForwardTtlChanges = Sum(earlier.ForwardTtlChanges, later.ForwardTtlChanges),
    };

    internal static long? Sum(long? left, long? right) => left is null ? right : left + (right ?? 0);

    /// <summary>A sum that stays at the largest number instead of turning negative: nanoseconds of a million pairs over years come near it.</summary>
    private static long Total(long left, long right)
    {
        long sum = left + right;
        return left >= 0 && right >= 0 && sum < 0 ? long.MaxValue : sum;
    }

    internal static long? Least(long? left, long? right) => left is null || right < left ? right ?? left : left;

    private static long? Largest(long? left, long? right) => left is null || right > left ? right ?? left : left;
}

/// <summary>What happened to one flow of a pair over a span. Null is what was not measured.</summary>
public readonly record struct FlowTotals
{
    /// <summary>The UDP source port.</summary>
    public int SourcePort { get; init; }

    /// <summary>Datagrams sent. Exact, like those lost.</summary>
    public long Sent { get; init; }

    /// <summary>Of these, lost.</summary>
    public long Lost { get; init; }

    /// <summary>Of the lost, those that never reached the reflector.</summary>
    public long? LostForward { get; init; }

    /// <summary>Of the lost, those that the reflector answered.</summary>
    public long? LostReverse { get; init; }

    /// <summary>Shortest round-trip time in nanoseconds, within 1 %.</summary>
    public long? RttMinNanos { get; init; }

    /// <summary>Mean round-trip time in nanoseconds, within 1 %; over several intervals, weighted by replies.</summary>
    public double? RttMeanNanos { get; init; }

    /// <summary>Datagrams that came back in time.</summary>
    public long Received => Sent - Lost;

    /// <summary>Both together.</summary>
    internal FlowTotals With(in FlowTotals other)
    {
        long replies = (RttMeanNanos is null ? 0 : Received) + (other.RttMeanNanos is null ? 0 : other.Received);
        double sum = RttMeanNanos.GetValueOrDefault() * Received + other.RttMeanNanos.GetValueOrDefault() * other.Received;
        return this with
        {
            Sent = Sent + other.Sent,
            Lost = Lost + other.Lost,
            LostForward = PairTotals.Sum(LostForward, other.LostForward),
            LostReverse = PairTotals.Sum(LostReverse, other.LostReverse),
            RttMinNanos = PairTotals.Least(RttMinNanos, other.RttMinNanos),
            RttMeanNanos = replies > 0 ? sum / replies : RttMeanNanos ?? other.RttMeanNanos,
        };
    }
}
