using Llama.EndToEnd.Collecting;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Llama.EndToEnd.Reflecting;
using Llama.EndToEnd.Scraping;

namespace Llama.EndToEnd.Deploy;

/// <summary>A role that shows metrics, and how to have it measure something.</summary>
/// <param name="Name">The role.</param>
/// <param name="Start">Starts it beside a reflector; gives it and the port of its /metrics.</param>
internal sealed record MetricsRole(string Name, Func<RunningReflector, TemporaryDirectory, Task<(IAsyncDisposable Process, int Port)>> Start)
{
    public static IReadOnlyList<MetricsRole> All { get; } =
    [
        new("reflector", (reflector, _) => Task.FromResult(((IAsyncDisposable)reflector, reflector.MetricsPort))),
        new("collector", StartCollector),
        new("server", (_, directory) => StartMesh(directory, (server, _) => server.Port)),
        new("probe", (_, directory) => StartMesh(directory, (_, probe) => probe.Port)),
        new("scraper", StartScraper),
    ];

    private static async Task<(IAsyncDisposable Process, int Port)> StartCollector(RunningReflector reflector, TemporaryDirectory directory)
    {
        RunningCollector collector = await RunningCollector.Start(
            directory.Write("collector.yml", SmallConfiguration.With(reflector.Port, ["127.0.0.1"], sourcePorts: 2)));
        await collector.PointsWhen(points => points.Count > 0, TimeSpan.FromSeconds(30), "a first report");
        return (collector, collector.ApiPort);
    }

    /// <summary>With two sinks, one of which shows the pairs.</summary>
    private static async Task<(IAsyncDisposable Process, int Port)> StartScraper(RunningReflector reflector, TemporaryDirectory directory)
    {
        (IAsyncDisposable collector, int port) = await StartCollector(reflector, directory);
        RunningScraper scraper = await RunningScraper.Start(
            directory, "--collector-hosts", $"127.0.0.1:{port}", "--interval", "1", "--sink", $"jsonl:{Path.Combine(directory.FullName, "lines")}", "--sink", "prometheus");
        await Eventually.Get(
            async () => await Web.Metric(scraper.Port, "llama_sink_rows_total", "jsonl") > 0 ? "" : null, TimeSpan.FromSeconds(30), "rows in a file", () => scraper.Process.Transcript);
        return (new Several([scraper, collector]), scraper.Port);
    }

    private static async Task<(IAsyncDisposable Process, int Port)> StartMesh(TemporaryDirectory directory, Func<RunningServer, RunningProbe, int> port)
    {
        RunningServer server = await RunningServer.Start(directory);
        RunningProbe other = await RunningProbe.Start(server.Url, "other", directory);
        RunningProbe probe = await RunningProbe.Start(server.Url, "one", directory);
        await probe.Measures([other.Port], TimeSpan.FromSeconds(60));
        return (new Several([probe, other, server]), port(server, probe));
    }

    private sealed class Several(IReadOnlyList<IAsyncDisposable> processes) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (IAsyncDisposable process in processes) await process.DisposeAsync();
        }
    }
}
