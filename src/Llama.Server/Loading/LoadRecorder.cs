using Llama.Engine.Summaries;

namespace Llama.Server.Loading;

/// <summary>Counts the requests of one worker, which alone may write.</summary>
internal sealed class LoadRecorder
{
    private readonly StepCounts[] _steps = [.. Enum.GetValues<LoadStep>().Select(_ => new StepCounts())];

    /// <summary>The answer that is being read; always the same memory, so that its size costs the clock nothing.</summary>
    public MemoryStream Body { get; } = new();

    /// <summary>What went wrong first; null when nothing did.</summary>
    public string? FirstProblem { get; private set; }

    /// <summary>Requests that failed.</summary>
    public long Failed => _steps.Sum(step => Volatile.Read(ref step.Failed));

    /// <summary>An answer as hoped for.</summary>
    public void Succeed(LoadStep step, long nanos, long bytes)
    {
        StepCounts counts = _steps[(int)step];
        counts.Buckets[LogLinear.IndexOf(nanos)]++;
        counts.SumNanos += nanos;
        counts.MinNanos = Math.Min(counts.MinNanos, nanos);
        counts.MaxNanos = Math.Max(counts.MaxNanos, nanos);
        counts.Bytes += bytes;
    }

    /// <summary>No answer, or another than hoped for.</summary>
    public void Fail(LoadStep step, string problem)
    {
        FirstProblem ??= problem;
        Interlocked.Increment(ref _steps[(int)step].Failed);
    }

    /// <summary>All workers together.</summary>
    /// <param name="workers">Those that have ended.</param>
    /// <param name="elapsed">How long the phase of a step took.</param>
    public static LoadTestResult Sum(IReadOnlyList<LoadRecorder> workers, Func<LoadStep, TimeSpan> elapsed)
    {
        var steps = new List<LoadStepResult>();
        foreach (LoadStep step in Enum.GetValues<LoadStep>())
        {
            StepCounts[] counts = [.. workers.Select(worker => worker._steps[(int)step])];
            LatencyHistogram times = counts.Aggregate(LatencyHistogram.Empty, (sum, one) => sum.Merge(one.Histogram()));
            long failed = counts.Sum(one => one.Failed);
            if (times.Count + failed > 0) steps.Add(new LoadStepResult(step, times, failed, counts.Sum(one => one.Bytes), elapsed(step)));
        }

        return new LoadTestResult(steps, workers.Select(worker => worker.FirstProblem).FirstOrDefault(problem => problem is not null));
    }

    private sealed class StepCounts
    {
        public readonly long[] Buckets = new long[LogLinear.BucketCount];
        public long SumNanos;
        public long MinNanos = long.MaxValue;
        public long MaxNanos;
        public long Bytes;
        public long Failed;

        public LatencyHistogram Histogram() => new(
            Buckets.Index().Where(bucket => bucket.Item > 0).Select(bucket => new LatencyBucket(bucket.Index, bucket.Item)), SumNanos, MinNanos, MaxNanos);
    }
}
