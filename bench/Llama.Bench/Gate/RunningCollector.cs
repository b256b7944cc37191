using System.Net.Sockets;
using System.Text.Json;

namespace Llama.Benchmarks.Gate;

/// <summary>A `llama collector` at work, and what it says of it.</summary>
internal sealed class RunningCollector : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;

    private RunningCollector(RunningProgram program, int apiPort)
    {
        Program = program;
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}/"), Timeout = StartDeadline };
    }

    public RunningProgram Program { get; }

    /// <summary>Starts a collector and waits until its API answers.</summary>
    public static async Task<RunningCollector> StartAsync(
        Workbench bench, CollectorPlan plan, double seconds, CancellationToken cancellation, string? executable = null)
    {
        int apiPort = Workbench.FreePort();
        string file = Path.Combine(bench.Directory, $"collector-{apiPort}.yaml");
        await File.WriteAllTextAsync(file, plan.ToYaml(), cancellation).ConfigureAwait(false);
        RunningProgram program = await RunningProgram.StartAsync(
            bench.Cores.Sending, seconds, executable ?? bench.Llama, "collector", "--config", file, "--api", $"127.0.0.1:{apiPort}").ConfigureAwait(false);
        var collector = new RunningCollector(program, apiPort);
        try
        {
            await collector.UntilUpAsync(cancellation).ConfigureAwait(false);
            return collector;
        }
        catch
        {
            await collector.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What it has counted up to its last interval.</summary>
    public async Task<CollectorCounts> CountsAsync(CancellationToken cancellation) =>
        CollectorCounts.Parse(await _http.GetStringAsync("metrics", cancellation).ConfigureAwait(false));

    /// <summary>The report of its last interval.</summary>
    public async Task<JsonElement> ReportAsync(CancellationToken cancellation)
    {
        using Stream body = await _http.GetStreamAsync("api/v2/summaries?flows=false&buckets=false", cancellation).ConfigureAwait(false);
        using JsonDocument document = await JsonDocument.ParseAsync(body, cancellationToken: cancellation).ConfigureAwait(false);
        return document.RootElement.Clone();
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return Program.DisposeAsync();
    }

    private async Task UntilUpAsync(CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(StartDeadline);
        while (true)
        {
            if (Program.HasExited) throw new InvalidOperationException($"the collector ended: {Program.Error}");
            try
            {
                await _http.GetStringAsync("status", deadline.Token).ConfigureAwait(false);
                return;
            }
            catch (HttpRequestException error) when (error.InnerException is SocketException)
            {
                await Task.Delay(Beat, deadline.Token).ConfigureAwait(false);
            }
        }
    }
}

/// <summary>Counters of a collector, up to the end of its last interval.</summary>
/// <param name="Sent">Datagrams whose fate is known.</param>
/// <param name="Lost">Those not answered in time.</param>
/// <param name="Skipped">Datagrams of the schedule that were not sent.</param>
/// <param name="ReceiveDrops">Replies that its kernel dropped.</param>
/// <param name="UntilSeconds">End of the last interval, since the epoch.</param>
internal readonly record struct CollectorCounts(double Sent, double Lost, double Skipped, double ReceiveDrops, double UntilSeconds)
{
    /// <summary>Reads the Prometheus text of the collector.</summary>
    public static CollectorCounts Parse(string metrics)
    {
        double Sum(string name) => metrics
            .Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is ' ' or '{')
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]));
        return new CollectorCounts(
            Sum("llama_datagrams_sent_total"),
            Sum("llama_datagrams_lost_total"),
            Sum("llama_skipped_sends_total"),
            Sum("llama_receive_drops_total"),
            Sum("llama_interval_end_timestamp_seconds"));
    }

    public static CollectorCounts operator -(CollectorCounts later, CollectorCounts earlier) => new(
        later.Sent - earlier.Sent,
        later.Lost - earlier.Lost,
        later.Skipped - earlier.Skipped,
        later.ReceiveDrops - earlier.ReceiveDrops,
        later.UntilSeconds - earlier.UntilSeconds);
}
