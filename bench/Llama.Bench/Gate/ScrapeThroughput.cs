using System.Diagnostics;
using System.Globalization;

namespace Llama.Benchmarks.Gate;

/// <summary>
/// A `llama scraper` with 1,000 collectors of 1,000 pairs each that report every 30 s, into a real database; the collectors are in this
/// process. All three share the machine. A point has the original's four fields, since each field is a series of its own to one of them.
/// </summary>
/// <param name="bench">The programs.</param>
/// <param name="database">What it is called in the table.</param>
/// <param name="start">Starts it: port, an empty directory, seconds until it is ended.</param>
/// <param name="ready">A path that it answers once it is up.</param>
internal sealed class ScrapeThroughput(
    Workbench bench, string database, Func<int, string, double, Task<RunningProgram>> start, string ready) : IMeasurement
{
    private const string Fields = "loss,lost,rtt,sent";
    private const double MebibytesBar = 500;

    /// <summary>How long the database may take to make its series, which it does once.</summary>
    private static readonly TimeSpan MostWarmUp = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1), Deadline = TimeSpan.FromSeconds(30);

    private readonly Samples _warmUp = new(), _share = new(), _scraper = new(), _database = new(), _simulated = new(), _mebibytes = new(), _databaseMebibytes = new();
    private readonly Samples _missed = new(), _waiting = new(), _oldest = new(), _points = new(), _kilobytes = new();

    public string Name => $"scraper: {database}";

    public int Rounds => 1;

    private int Collectors => bench.IsQuick ? 100 : 1_000;

    private TimeSpan Interval => TimeSpan.FromSeconds(bench.IsQuick ? 5 : 30);

    private int Intervals => bench.IsQuick ? 2 : 4;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        await using SimulatedCollectors collectors = await SimulatedCollectors.StartAsync(Collectors, 1_000, Interval).ConfigureAwait(false);
        double seconds = (Intervals + 2) * Interval.TotalSeconds + MostWarmUp.TotalSeconds + 60;
        int databasePort = Workbench.FreePort();
        string directory = Path.Combine(bench.Directory, $"database-{databasePort}");
        Directory.CreateDirectory(directory);
        await using RunningProgram running = await start(databasePort, directory, seconds).ConfigureAwait(false);
        await UntilAnswersAsync($"http://127.0.0.1:{databasePort}{ready}", running, cancellation).ConfigureAwait(false);

        int port = Workbench.FreePort();
        string hosts = Path.Combine(bench.Directory, $"collectors-{port}");
        await File.WriteAllTextAsync(hosts, collectors.Hosts, cancellation).ConfigureAwait(false);
        await using RunningProgram scraper = await RunningProgram.StartAsync(
            null, seconds, bench.PublishedLlama, "scraper", "--collector-hosts", $"@{hosts}", "--collector-port", $"{collectors.Port}", "--interval", $"{Interval.TotalSeconds}",
            "--listen", $"127.0.0.1:{port}", "--spool", Path.Combine(bench.Directory, $"spool-{port}"),
            "--sink", $"influx:http://127.0.0.1:{databasePort}/llama?fields={Fields}").ConfigureAwait(false);
        await UntilAnswersAsync($"http://127.0.0.1:{port}/healthz", scraper, cancellation).ConfigureAwait(false);
        var metrics = new Uri($"http://127.0.0.1:{port}/metrics");
        Scrape before = await WarmUpAsync(metrics, cancellation).ConfigureAwait(false);
        (CpuReading scraperCpu, CpuReading databaseCpu, CpuReading ownCpu) = (CpuReading.Of(scraper.Id), CpuReading.Of(running.Id), CpuReading.Of(Environment.ProcessId));
        double mebibytes = 0;
        TimeSpan all = Intervals * Interval;
        for (TimeSpan passed = TimeSpan.Zero; passed < all; passed += Beat)
        {
            await Task.Delay(Beat, cancellation).ConfigureAwait(false);
            mebibytes = Math.Max(mebibytes, scraper.ResidentMebibytes());
        }

        Scrape after = await Scrape.OfAsync(metrics, cancellation).ConfigureAwait(false);
        _scraper.Add(CpuReading.Of(scraper.Id).NanosSince(scraperCpu) / all.TotalSeconds / 1e7);
        _database.Add(CpuReading.Of(running.Id).NanosSince(databaseCpu) / all.TotalSeconds / 1e7);
        _simulated.Add(CpuReading.Of(Environment.ProcessId).NanosSince(ownCpu) / all.TotalSeconds / 1e7);
        _mebibytes.Add(mebibytes);
        _databaseMebibytes.Add(running.ResidentMebibytes());
        double expected = (double)Collectors * Intervals;
        _share.Add(100 * (after.Sum("llama_scraper_reports_total") - before.Sum("llama_scraper_reports_total")) / expected);
        _missed.Add(after.Sum("llama_scraper_missed_intervals_total") - before.Sum("llama_scraper_missed_intervals_total"));
        _points.Add((after.Sum("llama_sink_rows_total") - before.Sum("llama_sink_rows_total")) / all.TotalSeconds);
        _waiting.Add(after.Sum("llama_sink_waiting_records"));
        _oldest.Add(after.Sum("llama_sink_oldest_seconds"));
        _kilobytes.Add(collectors.ReportOctets / 1000.0);
    }

    public IEnumerable<ResultRow> Rows()
    {
        string who = $"scraper, {Collectors:N0} collectors of 1,000 pairs every {Interval.TotalSeconds:0} s into {database}";
        double pointsBar = 0.99 * Collectors * 1_000 / Interval.TotalSeconds;
        yield return ResultRow.Of($"{who}: reports taken of those there were", ">= 99 %", _share, "0.0", "%", share => share >= 99);
        yield return ResultRow.Of($"{who}: intervals missed", "0", _missed, "N0", "", missed => missed == 0);
        yield return ResultRow.Of($"{who}: points written", $">= {pointsBar:N0} /s", _points, "N0", "/s", points => points >= pointsBar);
        yield return ResultRow.Of($"{who}: oldest report not written at the end", $"<= {Interval.TotalSeconds:0} s", _oldest, "0.0", "s", oldest => oldest <= Interval.TotalSeconds);
        yield return ResultRow.Of($"{who}: reports not written at the end", "", _waiting, "N0", "");
        yield return ResultRow.Of($"{who}: resident, at most", "< 500 MiB", _mebibytes, "N0", "MiB", mebibytes => mebibytes < MebibytesBar);
        yield return ResultRow.Of($"{who}: CPU of the scraper", "", _scraper, "0.0", "% of a core");
        yield return ResultRow.Of($"{who}: CPU of the database", "", _database, "0.0", "% of a core");
        yield return ResultRow.Of($"{who}: CPU of the simulated collectors", "", _simulated, "0.0", "% of a core");
        yield return ResultRow.Of($"{who}: resident, the database at the end", "", _databaseMebibytes, "N0", "MiB");
        yield return ResultRow.Of($"{who}: until all series were made and written, {MostWarmUp.TotalSeconds:0} s at most", "", _warmUp, "N0", "s");
        yield return ResultRow.Of($"{who}: a report", "", _kilobytes, "N0", "kB");
    }

    /// <summary>Waits until every series is in the database and nothing is left of what waited meanwhile.</summary>
    private async Task<Scrape> WarmUpAsync(Uri metrics, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            await Task.Delay(Beat, cancellation).ConfigureAwait(false);
            Scrape now = await Scrape.OfAsync(metrics, cancellation).ConfigureAwait(false);
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            bool isWarm = took > Interval && now.Sum("llama_scraper_reports_total") >= Collectors && now.Sum("llama_sink_oldest_seconds") < Interval.TotalSeconds / 4;
            if (!isWarm && took < MostWarmUp) continue;
            _warmUp.Add(took.TotalSeconds);
            return now;
        }
    }

    /// <summary>Debian's influxd, with room for as many series as come.</summary>
    public static async Task<RunningProgram> StartInfluxAsync(int port, string directory, double seconds)
    {
        string file = Path.Combine(directory, "influxdb.conf");
        await File.WriteAllTextAsync(file, $"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{Workbench.FreePort()}"
            [meta]
              dir = "{directory}/meta"
            [data]
              dir = "{directory}/data"
              wal-dir = "{directory}/wal"
              index-version = "inmem"
              max-series-per-database = 0
              query-log-enabled = false
            [monitor]
              store-enabled = false
            [http]
              bind-address = "127.0.0.1:{port}"
              log-enabled = false
            """).ConfigureAwait(false);
        return await RunningProgram.StartAsync(null, seconds, "influxd", "-config", file).ConfigureAwait(false);
    }

    /// <summary>Debian's VictoriaMetrics, one node.</summary>
    public static Task<RunningProgram> StartVictoriaMetricsAsync(int port, string directory, double seconds) =>
        RunningProgram.StartAsync(null, seconds, "victoria-metrics", $"-storageDataPath={directory}", $"-httpListenAddr=127.0.0.1:{port}");

    private static async Task UntilAnswersAsync(string url, RunningProgram program, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Deadline);
        while (true)
        {
            if (program.HasExited) throw new InvalidOperationException($"it ended: {program.Error}");
            try
            {
                using HttpResponseMessage response = await http.GetAsync(new Uri(url), deadline.Token).ConfigureAwait(false);
                if (response.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), deadline.Token).ConfigureAwait(false);
        }
    }

    /// <summary>A page of metrics.</summary>
    private sealed class Scrape(string text)
    {
        public static async Task<Scrape> OfAsync(Uri url, CancellationToken cancellation)
        {
            using var http = new HttpClient();
            return new Scrape(await http.GetStringAsync(url, cancellation).ConfigureAwait(false));
        }

        /// <summary>All series of a family together.</summary>
        public double Sum(string family) => text.Split('\n')
            .Where(line => line.StartsWith(family, StringComparison.Ordinal) && line.Length > family.Length && line[family.Length] is ' ' or '{')
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}
