using Llama.Benchmarks.Gate.History;
using Llama.Benchmarks.Gate.Page;

namespace Llama.Benchmarks.Gate;

/// <summary>One run of `make bench`, from the compiler to the page.</summary>
internal static class BenchRun
{
    /// <summary>Measures, prints the table, and writes docs/benchmarks.md unless it was only a try.</summary>
    /// <param name="root">The repository.</param>
    /// <param name="isQuick">One short round of everything.</param>
    /// <param name="only">Just the measurements whose name has this in it; null for all.</param>
    /// <param name="output">Where progress and table go.</param>
    /// <param name="cancellation">Ends it early, and whatever it started.</param>
    public static async Task RunAsync(string root, bool isQuick, string? only, TextWriter output, CancellationToken cancellation)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("llama-bench-");
        try
        {
            var bench = new Workbench
            {
                Llama = Path.Combine(root, "artifacts/bin/Llama.Cli/release/llama"),
                PublishedLlama = Path.Combine(root, "artifacts/publish/llama"),
                Echo = Path.Combine(directory.FullName, "echo"),
                Load = Path.Combine(directory.FullName, "load"),
                Cores = Cores.Find(),
                Directory = directory.FullName,
                IsQuick = isQuick,
            };
            await References.CompileAsync(Path.Combine(root, "bench/reference/echo.c"), bench.Echo, cancellation).ConfigureAwait(false);
            await References.CompileAsync(Path.Combine(root, "bench/reference/load.c"), bench.Load, cancellation).ConfigureAwait(false);
            Machine machine = await Machine.DescribeAsync(root, cancellation).ConfigureAwait(false);
            CpuShares before = CpuShares.Now();
            var run = new GateRun([.. Measurements(bench, root).Where(measurement => Wants(measurement, only))], output);
            IReadOnlyList<ResultRow> rows = await run.RunAsync(cancellation).ConfigureAwait(false);
            machine = machine.With("Stolen by the hypervisor during the run", $"{CpuShares.Now().StolenSince(before):P1}");

            var report = new Report(machine, rows);
            await output.WriteLineAsync($"\n{report.ToText()}").ConfigureAwait(false);
            if (isQuick || only is not null) return;
            string notes = await File.ReadAllTextAsync(Path.Combine(root, "bench/notes.md"), cancellation).ConfigureAwait(false);
            string page = Path.Combine(root, "docs/benchmarks.md");
            await File.WriteAllTextAsync(page, report.ToMarkdown(notes), cancellation).ConfigureAwait(false);
            await output.WriteLineAsync($"written to {page}").ConfigureAwait(false);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static IEnumerable<IMeasurement> Measurements(Workbench bench, string root) =>
    [
        new ReflectorThroughput(bench),
        new CollectorCost(bench),
        new ReportedRoundTrips(bench, isBusy: false),
        new OtherTools(bench),
        new ReportedRoundTrips(bench, isBusy: true),
        new TargetCounts(bench),
        new WorkerScaling(bench),
        new QuietWork(bench),
        new Allocation(bench),
        new DiscoveryThroughput(bench, Path.Combine(root, "bench/reference/register.lua")),
        new ManyProbes(bench),
        new OneChange(bench, "full plan", "full"),
        new OneChange(bench, "sample of 8", "{sample: {degree: 8}}"),
        new MatrixAnswers(bench),
        new HistoryPushes(bench),
        new HistoryStorage(bench),
        new HistoryMonth(bench),
        new PageSpeed(bench),
        new LineProtocolRate(bench),
        new ScrapeThroughput(bench, "VictoriaMetrics 1.79", ScrapeThroughput.StartVictoriaMetricsAsync, "/health"),
        new ScrapeThroughput(bench, "InfluxDB 1.6", ScrapeThroughput.StartInfluxAsync, "/ping"),
    ];

    private static bool Wants(IMeasurement measurement, string? only) =>
        only is null || measurement.Name.Contains(only, StringComparison.OrdinalIgnoreCase);
}
