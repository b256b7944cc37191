using System.Globalization;
using System.Text.Json;
using Llama.Benchmarks.Gate.Capturing;

namespace Llama.Benchmarks.Gate;

/// <summary>What irtt and fping report as round-trip times, against captures of their own packets: to compare with.</summary>
internal sealed class OtherTools(Workbench bench) : IMeasurement
{
    private const double AllowedSeconds = 40;

    private readonly Tool[] _tools = [new("irtt", 400), new("irtt", 4_000), new("fping", 400), new("fping", 4_000)];

    public string Name => "irtt and fping";

    public int Rounds => bench.IsQuick ? 1 : 3;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        foreach (Tool tool in _tools.Where(tool => tool.IsInstalled))
        {
            double seconds = bench.Seconds(2, 1);
            if (tool.Name == "irtt") await RunIrttAsync(tool, seconds, cancellation).ConfigureAwait(false);
            else await RunFpingAsync(tool, seconds, cancellation).ConfigureAwait(false);
        }
    }

    public IEnumerable<ResultRow> Rows()
    {
        foreach (Tool tool in _tools)
        {
            string what = $"{tool.Name}: mean RTT at {tool.PerSecond:N0}/s: reported less captured";
            if (!tool.IsInstalled)
            {
                yield return ResultRow.NotMeasured(what, "", $"{tool.Name} or tcpdump is not installed");
                continue;
            }

            yield return ResultRow.Of(what, "", tool.ErrorMicros, "+0.00;-0.00", "us");
            if (tool.ErrorMicros.Count == 0) continue;
            yield return new ResultRow(
                $"{tool.Name}: mean RTT at {tool.PerSecond:N0}/s: reported / captured", "",
                $"{tool.ReportedMean.Median:0.00} / {tool.CapturedMean.Median:0.00} us",
                $"p99 reported: {tool.ReportedP99.Median:0.00} us; really {tool.ReallyPerSecond.Median:N0}/s", null);
        }
    }

    private async Task RunIrttAsync(Tool tool, double seconds, CancellationToken cancellation)
    {
        int port = Workbench.FreePort();
        string file = Path.Combine(bench.Directory, $"irtt-{port}.json");
        await using RunningProgram server = await RunningProgram.StartAsync(
            bench.Cores.Reflecting, AllowedSeconds, "irtt", "server", "-b", $"127.0.0.1:{port}", "-i", "0").ConfigureAwait(false);
        await using RunningCapture capture = await RunningCapture.StartAsync(
            bench, $"udp port {port}", AllowedSeconds, cancellation).ConfigureAwait(false);
        await using RunningProgram client = await RunningProgram.StartAsync(
            bench.Cores.Sending, AllowedSeconds, "irtt", "client", "-i", $"{1_000_000 / tool.PerSecond}us", "-d", $"{seconds}s", "-l", "1028",
            "--wait=100ms", "-Q", "-o", file, $"127.0.0.1:{port}").ConfigureAwait(false);
        if (await client.ExitAsync(cancellation).ConfigureAwait(false) != 0) throw new InvalidOperationException($"irtt: {client.Error}");
        List<Exchange> exchanges = await EndAsync(capture, Recognition.Irtt(port), cancellation).ConfigureAwait(false);

        using JsonDocument result = JsonDocument.Parse(await File.ReadAllBytesAsync(file, cancellation).ConfigureAwait(false));
        double[] micros = [.. result.RootElement.GetProperty("round_trips").EnumerateArray()
            .Where(trip => trip.GetProperty("lost").GetString() == "false")
            .Select(trip => trip.GetProperty("delay").GetProperty("rtt").GetDouble() / 1e3)];

        // irtt takes its server's time out of what it reports, as we do.
        double dwell = result.RootElement.GetProperty("stats").GetProperty("server_processing_time").GetProperty("mean").GetDouble() / 1e3;
        tool.Add(micros, exchanges, dwell);
    }

    private async Task RunFpingAsync(Tool tool, double seconds, CancellationToken cancellation)
    {
        string period = (1e3 / tool.PerSecond).ToString(CultureInfo.InvariantCulture);
        await using RunningCapture capture = await RunningCapture.StartAsync(bench, "icmp", AllowedSeconds, cancellation).ConfigureAwait(false);
        await using RunningProgram fping = await RunningProgram.StartAsync(
            bench.Cores.Sending, AllowedSeconds, "fping", "-q", "-C", $"{(int)(seconds * tool.PerSecond)}", "-p", period, "-i", period, "-b", "1020", "127.0.0.1").ConfigureAwait(false);
        await fping.ExitAsync(cancellation).ConfigureAwait(false);
        List<Exchange> exchanges = await EndAsync(capture, Recognition.Ping, cancellation).ConfigureAwait(false);

        // 127.0.0.1 : 0.039 0.048 - 0.044
        double[] micros = [.. fping.Error
            .Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Skip(2)
            .Where(text => text != "-")
            .Select(text => double.Parse(text, CultureInfo.InvariantCulture) * 1e3)];
        tool.Add(micros, exchanges, dwellMicros: 0);
    }

    private static async Task<List<Exchange>> EndAsync(
        RunningCapture capture, Func<CapturedPacket, ExchangeMark?> recognise, CancellationToken cancellation)
    {
        // tcpdump gets what is captured up to a second later.
        await Task.Delay(TimeSpan.FromSeconds(1.2), cancellation).ConfigureAwait(false);
        List<Exchange> exchanges = [.. Exchange.Find(await capture.EndAsync(cancellation).ConfigureAwait(false), recognise)];
        return exchanges.Count > 0 ? exchanges : throw new InvalidDataException("the capture has none of the packets");
    }

    private sealed record Tool(string Name, int PerSecond)
    {
        /// <summary>Whether it can be measured on this machine.</summary>
        public bool IsInstalled { get; } = IsOnPath(Name) && IsOnPath("tcpdump");

        public Samples ErrorMicros { get; } = new();

        public Samples ReportedMean { get; } = new();

        public Samples ReportedP99 { get; } = new();

        public Samples CapturedMean { get; } = new();

        public Samples ReallyPerSecond { get; } = new();

        public void Add(double[] reportedMicros, List<Exchange> captured, double dwellMicros)
        {
            double capturedMean = captured.Average(exchange => exchange.TotalNanos) / 1e3 - dwellMicros;
            ReportedMean.Add(reportedMicros.Average());
            ReportedP99.Add(Samples.Percentile(reportedMicros, 0.99));
            CapturedMean.Add(capturedMean);
            ErrorMicros.Add(reportedMicros.Average() - capturedMean);
            double seconds = (captured.Max(exchange => exchange.RequestNanos) - captured.Min(exchange => exchange.RequestNanos)) / 1e9;
            ReallyPerSecond.Add((captured.Count - 1) / seconds);
        }

        private static bool IsOnPath(string program) =>
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));
    }
}
