using System.Globalization;

namespace Llama.Benchmarks.Gate;

/// <summary>What the C load generator counted, and what the programs it loaded used meanwhile.</summary>
/// <param name="Received">Round trips.</param>
/// <param name="Seconds">The time it counted for.</param>
/// <param name="CpuNanos">CPU time of the loaded programs.</param>
internal sealed record LoadRun(double Received, double Seconds, double CpuNanos)
{
    public double PerSecond => Received / Seconds;

    public double CpuMicrosPerDatagram => CpuNanos / Received / 1e3;

    /// <summary>Loads a port with 1028-byte datagrams and as many round trips as it gives.</summary>
    /// <param name="bench">The programs.</param>
    /// <param name="core">Where the load generators run; null for anywhere.</param>
    /// <param name="generators">How many of them, eight flows each.</param>
    /// <param name="port">Where they send.</param>
    /// <param name="warmup">Seconds before counting begins.</param>
    /// <param name="seconds">Seconds to count.</param>
    /// <param name="loaded">The programs whose CPU time counts.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static async Task<LoadRun> RunAsync(
        Workbench bench,
        int? core,
        int generators,
        int port,
        double warmup,
        double seconds,
        IReadOnlyList<RunningProgram> loaded,
        CancellationToken cancellation)
    {
        const int flows = 8, window = 64, size = 1028;
        var loads = new List<RunningProgram>();
        try
        {
            for (int i = 0; i < generators; i++)
            {
                loads.Add(await RunningProgram.StartAsync(
                    core, warmup + seconds + 10, bench.Load, "127.0.0.1", $"{port}", $"{flows}", $"{window}", $"{size}", $"{warmup}", $"{seconds}")
                    .ConfigureAwait(false));
            }

            foreach (RunningProgram load in loads) await load.LineAsync("begin", cancellation).ConfigureAwait(false);
            CpuReading[] before = [.. loaded.Select(program => CpuReading.Of(program.Id))];
            var counts = new List<Dictionary<string, double>>();
            foreach (RunningProgram load in loads) counts.Add(Parse(await load.LineAsync("end", cancellation).ConfigureAwait(false)));
            double cpu = loaded.Zip(before, (program, earlier) => CpuReading.Of(program.Id).NanosSince(earlier)).Sum();
            return new LoadRun(counts.Sum(count => count["received"]), counts.Average(count => count["seconds"]), cpu);
        }
        finally
        {
            foreach (RunningProgram load in loads) await load.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static Dictionary<string, double> Parse(string line) => line
        .Split(' ')
        .Skip(1)
        .Select(pair => pair.Split('='))
        .ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));
}
