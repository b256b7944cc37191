using System.Runtime.InteropServices;
using Llama.Engine.Summaries;

namespace Llama.Storage.History;

/// <summary>
/// What happened to one pair and class, or to many of them together, over a span. Null is what was not measured. Filled again and
/// again; belongs to one thread at a time.
/// </summary>
public sealed class PairTotals
{
    private List<LatencyBucket> _buckets = [];
    private List<LatencyBucket> _spare = [];
    private readonly List<FlowTotals> _flows = [];
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
        long count = 0;
        foreach (LatencyBucket bucket in Buckets) count += bucket.Count;
        long rank = Math.Max(1, (long)Math.Ceiling(share * count));
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
        _jitterWeight = nanos is null ? 0 : Math.Max(1, weight);
        _jitterSum = nanos.GetValueOrDefault() * _jitterWeight;
    }

    /// <summary>Takes over a distribution: in the order of the indices, each index once, no empty ones.</summary>
    public void SetBuckets(ReadOnlySpan<LatencyBucket> buckets)
    {
        _buckets.Clear();
        _buckets.AddRange(buckets);
    }

    /// <summary>Adds a flow; they are added in the order of their source ports, each once.</summary>
    public void AddFlow(in FlowTotals flow) => _flows.Add(flow);

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        (Start, End, Intervals, SuspectIntervals) = (default, default, 0, 0);
        (Counts, RttCount, RttSumNanos, RttMinNanos, RttMaxNanos) = (default, 0, 0, null, null);
        (_jitterSum, _jitterWeight, ForwardDelayVariationNanos, ReverseDelayVariationNanos, Path) = (0, 0, null, null, default);
        _buckets.Clear();
        _flows.Clear();
    }

    /// <summary>Adds what is in the other one.</summary>
    public void Add(PairTotals other)
    {
        bool isLater = Intervals == 0 || other.Start >= Start;
        Path = isLater ? Merge(Path, other.Path) : Merge(other.Path, Path);
        if (Intervals == 0 || other.Start < Start) Start = other.Start;
        if (Intervals == 0 || other.End > End) End = other.End;
        Intervals += other.Intervals;
        SuspectIntervals += other.SuspectIntervals;
        Counts += other.Counts;
        RttCount += other.RttCount;
        RttSumNanos += other.RttSumNanos;
        RttMinNanos = Least(RttMinNanos, other.RttMinNanos);
        RttMaxNanos = Largest(RttMaxNanos, other.RttMaxNanos);
        _jitterSum += other._jitterSum;
        _jitterWeight += other._jitterWeight;
        ForwardDelayVariationNanos = Largest(ForwardDelayVariationNanos, other.ForwardDelayVariationNanos);
        ReverseDelayVariationNanos = Largest(ReverseDelayVariationNanos, other.ReverseDelayVariationNanos);
        MergeBuckets(other.Buckets);
        MergeFlows(other.Flows);
    }

    private void MergeBuckets(ReadOnlySpan<LatencyBucket> others)
    {
        if (others.IsEmpty) return;
        _spare.Clear();
        ReadOnlySpan<LatencyBucket> own = Buckets;
        int left = 0, right = 0;
        while (left < own.Length || right < others.Length)
        {
            int leftIndex = left < own.Length ? own[left].Index : int.MaxValue;
            int rightIndex = right < others.Length ? others[right].Index : int.MaxValue;
            long count = 0;
            if (leftIndex <= rightIndex) count += own[left++].Count;
            if (rightIndex <= leftIndex) count += others[right++].Count;
            _spare.Add(new LatencyBucket(Math.Min(leftIndex, rightIndex), count));
        }

        (_buckets, _spare) = (_spare, _buckets);
    }

    private void MergeFlows(ReadOnlySpan<FlowTotals> others)
    {
        int place = 0;
        foreach (ref readonly FlowTotals other in others)
        {
            while (place < _flows.Count && _flows[place].SourcePort < other.SourcePort) place++;
            if (place < _flows.Count && _flows[place].SourcePort == other.SourcePort) _flows[place] = _flows[place].With(other);
            else _flows.Insert(place, other);
        }
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
