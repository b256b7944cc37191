using System.Numerics;

namespace Llama.Engine.Summaries;

/// <summary>
/// Buckets for durations: 64 of equal width to each power of two. A bucket's middle is at most 1/128 (0.8 %) off any value
/// in it, and below 128 ns every value has a bucket of its own. The layout is fixed, so histograms made anywhere can be merged.
/// </summary>
public static class LogLinear
{
    private const int SubBits = 6;

    /// <summary>How finely a power of two is divided.</summary>
    public const int BucketsPerPowerOfTwo = 1 << SubBits;

    /// <summary>Values from here on (about 18 minutes) fall into the last bucket.</summary>
    public const long MaxNanos = (1L << 40) - 1;

    /// <summary>How many buckets there are: indices are 0 to this less 1.</summary>
    public const int BucketCount = ((40 - SubBits - 1) << SubBits) + (2 << SubBits);

    /// <summary>The bucket of a duration; negative ones count as 0.</summary>
    public static int IndexOf(long nanos)
    {
        ulong value = (ulong)Math.Clamp(nanos, 0, MaxNanos);
        int shift = Math.Max(0, BitOperations.Log2(value | 1) - SubBits);
        return (shift << SubBits) + (int)(value >> shift);
    }

    /// <summary>The smallest duration of a bucket, in nanoseconds. That of index + 1 is the end of this one.</summary>
    public static long LowerNanos(int index)
    {
        int shift = Math.Max(0, (index >> SubBits) - 1);
        return (long)(index - (shift << SubBits)) << shift;
    }

    /// <summary>The duration that stands for a bucket: its middle, in nanoseconds.</summary>
    public static long MiddleNanos(int index)
    {
        long lower = LowerNanos(index);
        return lower + (LowerNanos(index + 1) - lower) / 2;
    }
}
