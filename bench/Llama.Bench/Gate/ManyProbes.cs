using System.Globalization;

namespace Llama.Benchmarks.Gate;

/// <summary>A server with very many probes that renew every 30 s, `llama loadtest` on the same cores.</summary>
internal sealed class ManyProbes(Workbench bench) : IMeasurement
{
    private const int RenewSeconds = 30;
    private const double P99Bar = 50, LongestBar = 20, MebibytesBar = 1024;

    private readonly Samples _joins = new(), _p99 = new(), _longest = new(), _mebibytes = new(), _core = new();

    public string Name => "discovery: many probes";

    public int Rounds => 1;

    private int Probes => bench.IsQuick ? 10_000 : 100_000;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        double hold = bench.Seconds(3 * RenewSeconds, 10);
        await using RunningServer server = await RunningServer.StartAsync(bench, hold + 240, cancellation).ConfigureAwait(false);
        await using RunningProgram load = await RunningProgram.StartAsync(
            null, hold + 230, bench.PublishedLlama, "loadtest", "--server", $"{server.Address}", "--probes", $"{Probes}", "--groups", "100",
            "--hold", $"{hold}s", "--renew", $"{RenewSeconds}s").ConfigureAwait(false);
        CpuReading before = CpuReading.Of(server.Program.Id);
        double seconds = 0;
        while (!load.HasExited)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation).ConfigureAwait(false);
            seconds++;
            _mebibytes.Add(server.Program.ResidentMebibytes());
        }

        _core.Add(CpuReading.Of(server.Program.Id).NanosSince(before) / seconds / 1e7);
        if (await load.ExitAsync(cancellation).ConfigureAwait(false) != 0) throw new InvalidOperationException($"llama loadtest: {load.Error}");
        string[] join = Line(load.Output, "join"), renew = Line(load.Output, "renew");
        _joins.Add(Number(join[3]));
        _p99.Add(Number(renew[8]));
        _longest.Add(Number(renew[10]));
    }

    public IEnumerable<ResultRow> Rows()
    {
        string who = $"server, {Probes:N0} probes in 100 groups";
        yield return ResultRow.Of($"{who}: joins, each written to disk", "", _joins, "N0", "/s");
        yield return ResultRow.Of($"{who}, each renewing every {RenewSeconds} s: p99 of an answer", "< 50 ms", _p99, "0.00", "ms", p99 => p99 < P99Bar);
        yield return ResultRow.Of($"{who}: longest answer", "<= 20 ms", _longest, "0.00", "ms", longest => longest <= LongestBar);
        yield return ResultRow.Of($"{who}: CPU of the server, joining included", "", _core, "0.0", "% of a core");
        yield return _mebibytes.Count == 0
            ? ResultRow.NotMeasured($"{who}: resident, at most", "< 1,024 MiB", "no round succeeded")
            : new ResultRow($"{who}: resident, at most", "< 1,024 MiB", $"{_mebibytes.Max:F0} MiB", $"{_mebibytes.Min:F0} to {_mebibytes.Max:F0}", _mebibytes.Max < MebibytesBar);
    }

    /// <summary>The words of the line that begins so: name, answers, failed, per second, p50, ms, p90, ms, p99, ms, max, ms, kB.</summary>
    private static string[] Line(string table, string beginsWith) =>
        table.Split('\n').FirstOrDefault(line => line.StartsWith(beginsWith, StringComparison.Ordinal))?.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        ?? throw new InvalidOperationException($"llama loadtest printed no line \"{beginsWith}\": {table}");

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
