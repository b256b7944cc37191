namespace Llama.Benchmarks.Gate;

/// <summary>What a datagram costs the collector at several rates, and how many of its own it loses.</summary>
internal sealed class CollectorCost(Workbench bench) : IMeasurement
{
    private const int SourcePorts = 4, Targets = 4;
    private const double CostBarMicros = 5, SelfLossBar = 1e-5;
    private const int JudgedRate = 50_000;

    private readonly Rate[] _rates = [new(4_000), new(50_000), new(200_000)];

    public string Name => "collector against the C echo";

    public int Rounds => bench.IsQuick ? 1 : 3;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        foreach (Rate rate in _rates)
        {
            var plan = new CollectorPlan
            {
                Targets = CollectorPlan.Loopback(Targets),
                Port = Workbench.FreePort(),
                SourcePorts = SourcePorts,
                CyclesPerSecond = rate.PerSecond / (double)(SourcePorts * Targets),
            };
            double seconds = rate.PerSecond >= JudgedRate ? bench.Seconds(10, 4) : bench.Seconds(6, 3);
            CollectorRun run = await CollectorRun.RunAsync(bench, plan, bench.Seconds(5, 4), seconds, cancellation).ConfigureAwait(false);
            rate.Add(run);
        }
    }

    public IEnumerable<ResultRow> Rows()
    {
        foreach (Rate rate in _rates)
        {
            bool isJudged = rate.PerSecond == JudgedRate;
            yield return ResultRow.Of(
                $"collector: CPU per datagram at {rate.PerSecond:N0}/s",
                isJudged ? $"<= {CostBarMicros} us" : "",
                rate.CpuMicros,
                "0.00",
                "us",
                isJudged ? micros => micros <= CostBarMicros : null);
        }

        foreach (Rate rate in _rates.Where(rate => rate.PerSecond >= JudgedRate))
        {
            yield return ResultRow.Of(
                $"collector: lost to itself at {rate.PerSecond:N0}/s", "< 1 in 100,000", rate.LostPerMillion, "0.##", "in 1,000,000",
                perMillion => perMillion < SelfLossBar * 1e6);
            yield return ResultRow.Of($"collector: really sent at {rate.PerSecond:N0}/s", "", rate.ReallyPerSecond, "N0", "/s");
        }
    }

    private sealed record Rate(int PerSecond)
    {
        public Samples CpuMicros { get; } = new();

        public Samples LostPerMillion { get; } = new();

        public Samples ReallyPerSecond { get; } = new();

        public void Add(CollectorRun run)
        {
            CpuMicros.Add(run.CpuMicrosPerDatagram);
            LostPerMillion.Add(run.SelfLoss * 1e6);
            ReallyPerSecond.Add(run.PerSecond);
        }
    }
}
