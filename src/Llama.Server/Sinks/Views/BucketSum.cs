using Llama.Engine.Summaries;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Views;

/// <summary>Buckets of many rows added up: room for each power of two that something fell into, so that adding is quick and small.</summary>
internal sealed class BucketSum
{
    private readonly long[]?[] _powers = new long[LogLinear.BucketCount / LogLinear.BucketsPerPowerOfTwo][];

    /// <summary>Adds a row's; says how many durations these hold.</summary>
    public long Add(BucketList buckets)
    {
        long added = 0;
        foreach (LatencyBucket bucket in buckets)
        {
            // Whoever wrote what can't be has its say in the last bucket: it is still one reply.
            int index = Math.Min((uint)bucket.Index, LogLinear.BucketCount - 1) is var place ? (int)place : 0;
            long[] counts = _powers[index / LogLinear.BucketsPerPowerOfTwo] ??= new long[LogLinear.BucketsPerPowerOfTwo];
            long count = Math.Max(0, bucket.Count);
            counts[index % LogLinear.BucketsPerPowerOfTwo] += count;
            added += count;
        }

        return added;
    }

    /// <summary>What it holds, as one histogram with sum and extremes that were kept elsewhere.</summary>
    public LatencyHistogram Read(long sumNanos, long minNanos, long maxNanos) => new(Buckets(), sumNanos, minNanos, maxNanos);

    private IEnumerable<LatencyBucket> Buckets()
    {
        for (int power = 0; power < _powers.Length; power++)
        {
            if (_powers[power] is not { } counts) continue;
            for (int i = 0; i < counts.Length; i++)
                if (counts[i] > 0) yield return new LatencyBucket(power * LogLinear.BucketsPerPowerOfTwo + i, counts[i]);
        }
    }
}
