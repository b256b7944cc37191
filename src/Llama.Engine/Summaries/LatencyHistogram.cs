namespace Llama.Engine.Summaries;

/// <summary>One bucket of a <see cref="LatencyHistogram"/> that holds something.</summary>
/// <param name="Index">Its place in <see cref="LogLinear"/>.</param>
/// <param name="Count">How many durations fell into it.</param>
public readonly record struct LatencyBucket(int Index, long Count);

/// <summary>
/// A distribution of durations, small when they are alike: only buckets that hold something are kept. Count, sum, minimum and
/// maximum are exact, percentiles are within 1 %, and merging loses nothing. Immutable, so any thread may read it.
/// </summary>
public sealed class LatencyHistogram
{
    private readonly LatencyBucket[] _buckets;

    /// <summary>A histogram of what was counted elsewhere.</summary>
    /// <param name="buckets">In the order of their indices, each index once, no empty ones.</param>
    /// <param name="sumNanos">Sum of all durations.</param>
    /// <param name="minNanos">Smallest of them; 0 when there are none.</param>
    /// <param name="maxNanos">Largest of them; 0 when there are none.</param>
    public LatencyHistogram(IEnumerable<LatencyBucket> buckets, long sumNanos, long minNanos, long maxNanos)
        : this([.. buckets], sumNanos, minNanos, maxNanos)
    {
    }

    /// <summary>The same with an array that nobody else keeps.</summary>
    internal LatencyHistogram(LatencyBucket[] buckets, long sumNanos, long minNanos, long maxNanos)
    {
        _buckets = buckets;
        foreach (LatencyBucket bucket in _buckets) Count += bucket.Count;
        SumNanos = sumNanos;
        MinNanos = Count == 0 ? null : minNanos;
        MaxNanos = Count == 0 ? null : maxNanos;
    }

    /// <summary>The histogram of nothing.</summary>
    public static LatencyHistogram Empty { get; } = new([], 0, 0, 0);

    /// <summary>How many durations it holds.</summary>
    public long Count { get; }

    /// <summary>Their sum in nanoseconds.</summary>
    public long SumNanos { get; }

    /// <summary>The smallest, in nanoseconds; null when there are none.</summary>
    public long? MinNanos { get; }

    /// <summary>The largest, in nanoseconds; null when there are none.</summary>
    public long? MaxNanos { get; }

    /// <summary>Their mean in nanoseconds; null when there are none.</summary>
    public double? MeanNanos => Count == 0 ? null : (double)SumNanos / Count;

    /// <summary>The buckets that hold something, smallest durations first.</summary>
    public IReadOnlyList<LatencyBucket> Buckets => _buckets;

    /// <summary>
    /// The duration that a share of all are not longer than (nearest rank), in nanoseconds; null when there are none.
    /// </summary>
    /// <param name="share">0 to 1: 0.99 is the 99th percentile.</param>
    public long? Percentile(double share)
    {
        if (Count == 0) return null;
        if (share <= 0) return MinNanos;
        if (share >= 1) return MaxNanos;
        long rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        foreach (LatencyBucket bucket in _buckets)
        {
            seen += bucket.Count;
            if (seen >= rank) return Math.Clamp(LogLinear.MiddleNanos(bucket.Index), MinNanos!.Value, MaxNanos!.Value);
        }

        return MaxNanos;
    }

    /// <summary>How many durations are at most <paramref name="nanos"/>, within the width of one bucket.</summary>
    public long CountUpTo(long nanos)
    {
        int last = LogLinear.IndexOf(nanos);
        long count = 0;
        foreach (LatencyBucket bucket in _buckets)
        {
            if (bucket.Index > last) break;
            count += bucket.Count;
        }

        return count;
    }

    /// <summary>The histogram of everything in both.</summary>
    public LatencyHistogram Merge(LatencyHistogram other)
    {
        if (other.Count == 0) return this;
        if (Count == 0) return other;
        var merged = new List<LatencyBucket>(_buckets.Length + other._buckets.Length);
        int left = 0, right = 0;
        while (left < _buckets.Length || right < other._buckets.Length)
        {
            int leftIndex = left < _buckets.Length ? _buckets[left].Index : int.MaxValue;
            int rightIndex = right < other._buckets.Length ? other._buckets[right].Index : int.MaxValue;
            long count = 0;
            if (leftIndex <= rightIndex) count += _buckets[left++].Count;
            if (rightIndex <= leftIndex) count += other._buckets[right++].Count;
            merged.Add(new LatencyBucket(Math.Min(leftIndex, rightIndex), count));
        }

        return new LatencyHistogram(
            merged,
            SumNanos + other.SumNanos,
            Math.Min(MinNanos!.Value, other.MinNanos!.Value),
            Math.Max(MaxNanos!.Value, other.MaxNanos!.Value));
    }
}
