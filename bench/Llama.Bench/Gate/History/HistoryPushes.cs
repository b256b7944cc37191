using System.Collections.Concurrent;
using System.Diagnostics;

namespace Llama.Benchmarks.Gate.History;

/// <summary>
/// A `llama server` on one core that takes what a mesh of 1,000 probes pushes every 30 s into its history, while somebody looks at its
/// page: the newest matrix, a pair, the worst. The probes are in this process, on the other core.
/// </summary>
internal sealed class HistoryPushes(Workbench bench) : IMeasurement
{
    private const double RateBar = 33_000, CoreBar = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly Samples _rate = new(), _core = new(), _mebibytes = new(), _p99 = new(), _longest = new(), _kilobytes = new();
    private readonly Samples _matrix = new(), _pair = new(), _worst = new(), _past = new();

    public string Name => "history: pushes";

    public int Rounds => 1;

    private int Probes => bench.IsQuick ? 100 : 1_000;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        double seconds = bench.Seconds(4 * Interval.TotalSeconds, Interval.TotalSeconds);
        var mesh = new PushingMesh(Probes, Interval);
        await using RunningServer server = await RunningServer.StartAsync(
            bench, bench.Cores.Reflecting, seconds + 240, cancellation).ConfigureAwait(false);
        await mesh.JoinAsync(server.Http, cancellation).ConfigureAwait(false);

        // One interval beforehand: what is new to the server is made then, and the runtime compiles what is used often.
        var begin = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 30 * 30 - (long)seconds - 60);
        await Parallel.ForAsync(0, Probes, Options(cancellation), async (probe, token) =>
            await mesh.PushAsync(server.Http, probe, begin - Interval, token).ConfigureAwait(false)).ConfigureAwait(false);

        CpuReading before = CpuReading.Of(server.Program.Id);
        long began = Stopwatch.GetTimestamp();
        var times = new ConcurrentBag<double>();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task asking = AskAsync(server, ending.Token);
        int pushes = (int)(seconds / Interval.TotalSeconds * Probes);
        await Parallel.ForAsync(0, pushes, Options(cancellation), async (push, token) =>
        {
            // Evenly over the interval, as probes spread what they report.
            TimeSpan due = push * Interval / Probes - Stopwatch.GetElapsedTime(began);
            if (due > TimeSpan.Zero) await Task.Delay(due, token).ConfigureAwait(false);
            long from = Stopwatch.GetTimestamp();
            await mesh.PushAsync(server.Http, push % Probes, begin + push / Probes * Interval, token).ConfigureAwait(false);
            times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
        }).ConfigureAwait(false);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        _core.Add(CpuReading.Of(server.Program.Id).NanosSince(before) / elapsed.TotalNanoseconds * 100);
        _mebibytes.Add(server.Program.ResidentMebibytes());
        await ending.CancelAsync().ConfigureAwait(false);
        await asking.ConfigureAwait(false);
        _rate.Add((double)pushes * Probes / elapsed.TotalSeconds);
        _p99.Add(Samples.Percentile(times, 0.99));
        _longest.Add(times.Max());
        _kilobytes.Add(mesh.PushOctets / 1000.0);
    }

    public IEnumerable<ResultRow> Rows()
    {
        string who = $"server on one core, {Probes:N0} probes push {Probes:N0} pairs each every {Interval.TotalSeconds:0} s into its history";
        double rateBar = RateBar * Probes * Probes / 1e6;
        yield return ResultRow.Of($"{who}: summaries taken, each on disk before its answer", $">= {rateBar:N0}/s", _rate, "N0", "/s", rate => rate >= rateBar);
        yield return ResultRow.Of($"{who}: of the core, queries included", $"< {CoreBar} %", _core, "0.0", "%", core => core < CoreBar);
        yield return ResultRow.Of($"{who}: push answered, p99", "", _p99, "N0", "ms");
        yield return ResultRow.Of($"{who}: push answered, longest", "", _longest, "N0", "ms");
        yield return ResultRow.Of($"{who}: newest matrix, beside", "", _matrix, "0.0", "ms");
        yield return ResultRow.Of($"{who}: matrix of a minute ago, one site's rows, beside", "", _past, "0.0", "ms");
        yield return ResultRow.Of($"{who}: one pair, beside", "", _pair, "0.0", "ms");
        yield return ResultRow.Of($"{who}: worst 50, beside", "", _worst, "0.0", "ms");
        yield return ResultRow.Of($"{who}: resident", "", _mebibytes, "N0", "MiB");
        yield return ResultRow.Of($"{who}: a push, packed", "", _kilobytes, "N0", "kB");
    }

    private static ParallelOptions Options(CancellationToken cancellation) => new() { MaxDegreeOfParallelism = 8, CancellationToken = cancellation };

    /// <summary>Asks what a page asks, every second.</summary>
    private async Task AskAsync(RunningServer server, CancellationToken cancellation)
    {
        try
        {
            using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1));
            while (await beat.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                await TimeAsync(_matrix, "api/v2/matrix?group=mesh").ConfigureAwait(false);
                await TimeAsync(_past, "api/v2/matrix?group=mesh&at=now-1m&window=10m&source=site=s07").ConfigureAwait(false);
                await TimeAsync(_pair, $"api/v2/series?group=mesh&source={PushingMesh.NameOf(1)}&destination={PushingMesh.NameOf(2)}&from=now-1h&step=0").ConfigureAwait(false);
                await TimeAsync(_worst, "api/v2/worst?group=mesh&limit=50&from=now-1h").ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The pushes are done.
        }

        async Task TimeAsync(Samples samples, string path)
        {
            long from = Stopwatch.GetTimestamp();
            using HttpResponseMessage reply = await server.Http.GetAsync(new Uri(path, UriKind.Relative), cancellation).ConfigureAwait(false);
            reply.EnsureSuccessStatusCode();
            samples.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
        }
    }
}
