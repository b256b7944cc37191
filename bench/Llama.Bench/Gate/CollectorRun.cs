namespace Llama.Benchmarks.Gate;

/// <summary>A stretch of a collector's work: what it counted and what it used.</summary>
/// <param name="Counts">Over the whole intervals of the stretch.</param>
/// <param name="CpuNanosPerSecond">CPU time of the process in a second.</param>
/// <param name="EchoDrops">Datagrams that the echo's socket had no room for: lost, but not by the collector.</param>
internal sealed record CollectorRun(CollectorCounts Counts, double CpuNanosPerSecond, double EchoDrops)
{
    /// <summary>Datagrams per second, as it really sent them.</summary>
    public double PerSecond => Counts.Sent / Counts.UntilSeconds;

    public double CpuMicrosPerDatagram => CpuNanosPerSecond / PerSecond / 1e3;

    /// <summary>Share of what was due that the collector lost to itself: sent and not seen to come back, or not sent at all.</summary>
    public double SelfLoss => Math.Max(0, Counts.Lost - EchoDrops + Counts.Skipped) / (Counts.Sent + Counts.Skipped);

    /// <summary>Lets a collector work against the C echo for a while.</summary>
    public static async Task<CollectorRun> RunAsync(
        Workbench bench, CollectorPlan plan, double warmup, double seconds, CancellationToken cancellation)
    {
        double allowed = warmup + seconds + 60;
        await using EchoingProgram echo = await EchoingProgram.StartEchoAsync(
            bench, bench.Cores.Reflecting, allowed, cancellation, plan.Port).ConfigureAwait(false);
        await using RunningCollector collector = await RunningCollector.StartAsync(bench, plan, allowed, cancellation).ConfigureAwait(false);
        await Task.Delay(TimeSpan.FromSeconds(warmup), cancellation).ConfigureAwait(false);

        // Counters move when an interval is over, CPU time always does: so one is read around the other, and both come down to a rate.
        CollectorCounts before = await collector.CountsAsync(cancellation).ConfigureAwait(false);
        double dropsBefore = SocketDrops(plan.Port);
        long begin = System.Diagnostics.Stopwatch.GetTimestamp();
        CpuReading cpuBefore = CpuReading.Of(collector.Program.Id);
        await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation).ConfigureAwait(false);
        double cpu = CpuReading.Of(collector.Program.Id).NanosSince(cpuBefore);
        double elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(begin).TotalSeconds;
        CollectorCounts after = await collector.CountsAsync(cancellation).ConfigureAwait(false);
        return new CollectorRun(after - before, cpu / elapsed, SocketDrops(plan.Port) - dropsBefore);
    }

    /// <summary>Datagrams dropped at the sockets of a local port so far: the last column of /proc/net/udp (proc_net(5)).</summary>
    private static double SocketDrops(int port) => File
        .ReadLines("/proc/net/udp")
        .Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(fields => fields[1].EndsWith($":{port:X4}", StringComparison.Ordinal))
        .Sum(fields => double.Parse(fields[^1]));
}
