using System.Diagnostics;

namespace Llama.Benchmarks.Gate;

/// <summary>
/// What the published executable takes where there is little to do: a collector with very many targets, and roles that hardly do
/// anything. They use so little that all of them are measured at the same time.
/// </summary>
internal sealed class QuietWork(Workbench bench) : IMeasurement
{
    private const int Targets = 2_500, SourcePorts = 4, IntervalSeconds = 10;
    private const double MegabytesBar = 45, CoreBar = 0.003, IdleBar = 0.001;

    private readonly List<Role> _roles = [];

    public string Name => "footprint and idleness";

    public int Rounds => 1;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        double warmup = bench.Seconds(60, 5), seconds = bench.Seconds(60, 10), allowed = warmup + seconds + 60;
        await using EchoingProgram reflector = await EchoingProgram.StartReflectorAsync(
            bench, bench.Cores.Reflecting, allowed, cancellation).ConfigureAwait(false);
        await using EchoingProgram idle = await EchoingProgram.StartReflectorAsync(
            bench, bench.Cores.Reflecting, allowed, cancellation, executable: bench.PublishedLlama).ConfigureAwait(false);
        await using RunningCollector slow = await CollectAsync(reflector, Targets, SourcePorts, 1.0 / 10 / SourcePorts).ConfigureAwait(false);
        await using RunningCollector fast = await CollectAsync(reflector, Targets, SourcePorts, 1.0 / 10).ConfigureAwait(false);
        await using RunningCollector lone = await CollectAsync(reflector, 1, 1, 1).ConfigureAwait(false);

        string rate = $"{Targets:N0} targets, {SourcePorts} ports, ";
        Role[] roles =
        [
            new(slow.Program, $"collector, {rate}one datagram to each target every 10 s (250/s)", CoreBar, MegabytesBar),
            new(fast.Program, $"collector, {rate}one datagram from each port to each target every 10 s (1,000/s)", null, null),
            new(lone.Program, "collector at 1 datagram/s", IdleBar, null),
            new(idle.Program, "reflector without work", IdleBar, null),
        ];
        await Task.Delay(TimeSpan.FromSeconds(warmup), cancellation).ConfigureAwait(false);
        CpuReading[] before = [.. roles.Select(role => CpuReading.Of(role.Program.Id))];
        long begin = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation).ConfigureAwait(false);
        double elapsed = Stopwatch.GetElapsedTime(begin).TotalNanoseconds;
        foreach ((Role role, CpuReading earlier) in roles.Zip(before))
        {
            role.Core.Add(CpuReading.Of(role.Program.Id).NanosSince(earlier) / elapsed * 100);
            role.Megabytes.Add(ResidentMegabytes(role.Program.Id));
        }

        _roles.AddRange(roles);

        Task<RunningCollector> CollectAsync(EchoingProgram answering, int targets, int ports, double cycles) => RunningCollector.StartAsync(
            bench,
            new CollectorPlan
            {
                Targets = CollectorPlan.Loopback(targets),
                Port = answering.Port,
                SourcePorts = ports,
                CyclesPerSecond = cycles,
                IntervalSeconds = IntervalSeconds,
            },
            allowed,
            cancellation,
            bench.PublishedLlama);
    }

    public IEnumerable<ResultRow> Rows()
    {
        foreach (Role role in _roles)
        {
            yield return ResultRow.Of(
                $"{role.What}: of a core", role.CoreBar is { } core ? $"{(role.MegabytesBar is null ? "<" : "<=")} {core * 100:0.#} %" : "",
                role.Core, "0.000", "%", role.CoreBar is { } bar ? percent => percent <= bar * 100 : null);
            yield return ResultRow.Of(
                $"{role.What}: resident", role.MegabytesBar is { } megabytes ? $"<= {megabytes} MB" : "", role.Megabytes, "0.0", "MB",
                role.MegabytesBar is { } limit ? used => used <= limit : null);
        }
    }

    /// <summary>VmRSS of /proc/PID/status (proc_pid_status(5)), in megabytes of a million bytes.</summary>
    private static double ResidentMegabytes(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024 / 1e6;
    }

    private sealed record Role(RunningProgram Program, string What, double? CoreBar, double? MegabytesBar)
    {
        public Samples Core { get; } = new();

        public Samples Megabytes { get; } = new();
    }
}
