namespace Llama.Benchmarks.Gate;

/// <summary>What a datagram costs the collector when the same number of them a second goes to ever more targets.</summary>
internal sealed class TargetCounts(Workbench bench) : IMeasurement
{
    private const int PerSecond = 10_000, IntervalSeconds = 10;
    private const double FlatBar = 1.2;

    private readonly Count[] _counts = [new(10), new(100), new(1_000), new(10_000)];

    public string Name => "cost against the number of targets";

    public int Rounds => bench.IsQuick ? 1 : 2;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        foreach (Count count in _counts)
        {
            var plan = new CollectorPlan
            {
                Targets = CollectorPlan.Loopback(count.Targets),
                Port = Workbench.FreePort(),
                SourcePorts = 1,
                CyclesPerSecond = PerSecond / (double)count.Targets,
                IntervalSeconds = bench.IsQuick ? 2 : IntervalSeconds,
            };

            // A whole interval is measured: the report at its end is part of what a target costs.
            CollectorRun run = await CollectorRun.RunAsync(
                bench, plan, bench.Seconds(5, 4), plan.IntervalSeconds, cancellation).ConfigureAwait(false);
            count.CpuMicros.Add(run.CpuNanosPerSecond / PerSecond / 1e3);
        }
    }

    public IEnumerable<ResultRow> Rows()
    {
        foreach (Count count in _counts)
        {
            yield return ResultRow.Of(
                $"collector: CPU per datagram at {PerSecond:N0}/s to {count.Targets:N0} targets", "", count.CpuMicros, "0.00", "us");
        }

        if (_counts.Any(count => count.CpuMicros.Count == 0)) yield break;
        double ratio = _counts.Max(count => count.CpuMicros.Median) / _counts.Min(count => count.CpuMicros.Median);
        yield return new ResultRow(
            "collector: dearest against cheapest of these", "flat within 20 %", $"{ratio:0.00} x", "of the medians", ratio <= FlatBar);
    }

    private sealed record Count(int Targets)
    {
        public Samples CpuMicros { get; } = new();
    }
}
