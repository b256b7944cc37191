using System.Text.Json;
using Llama.Benchmarks.Gate.Capturing;

namespace Llama.Benchmarks.Gate;

/// <summary>What the collector reports as round-trip times, against a capture of the same datagrams; bench/notes.md says how.</summary>
/// <param name="bench">The programs.</param>
/// <param name="isBusy">True to keep every core busy meanwhile.</param>
internal sealed class ReportedRoundTrips(Workbench bench, bool isBusy) : IMeasurement
{
    private const int SourcePorts = 4, IntervalSeconds = 3;
    private const double IdleBarMicros = 5, BusyBarMicros = 20;

    private readonly Rate[] _rates = [new(400), new(4_000), new(50_000)];

    public string Name => isBusy ? "reported round-trip times, every core busy" : "reported round-trip times";

    public int Rounds => bench.IsQuick ? 1 : isBusy ? 2 : 3;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        foreach (Rate rate in _rates) rate.Rounds.Add(await RunAsync(rate.PerSecond, cancellation).ConfigureAwait(false));
    }

    public IEnumerable<ResultRow> Rows() => _rates.SelectMany(rate => isBusy ? BusyRows(rate) : IdleRows(rate));

    private static IEnumerable<ResultRow> IdleRows(Rate rate)
    {
        yield return ResultRow.Of(
            $"mean RTT at {rate.PerSecond:N0}/s: reported less captured", $"within {IdleBarMicros} us", rate.Of(round => round.ErrorMicros),
            "+0.00;-0.00", "us", error => Math.Abs(error) <= IdleBarMicros);
        foreach (ResultRow row in ComparisonRows(rate, "")) yield return row;
    }

    private static IEnumerable<ResultRow> BusyRows(Rate rate)
    {
        const string busy = ", every core busy";
        ResultRow row = ResultRow.Of(
            $"mean RTT at {rate.PerSecond:N0}/s{busy}: reported less captured", $"within {BusyBarMicros} us, or suspect",
            rate.Of(round => round.ErrorMicros), "+0.00;-0.00", "us");
        if (rate.Rounds.Count > 0)
        {
            row = row with
            {
                Figure = $"{row.Figure}, {Suspicion(rate)}",
                IsMet = rate.Rounds.All(round => round.IsSuspect || Math.Abs(round.ErrorMicros) <= BusyBarMicros),
            };
        }

        yield return row;
        foreach (ResultRow comparison in ComparisonRows(rate, busy)) yield return comparison;
    }

    private static IEnumerable<ResultRow> ComparisonRows(Rate rate, string when)
    {
        if (rate.Rounds.Count == 0) yield break;
        string Medians(Func<Round, double> first, Func<Round, double> second) =>
            $"{rate.Of(first).Median:0.00} / {rate.Of(second).Median:0.00} us";
        yield return new ResultRow(
            $"mean RTT at {rate.PerSecond:N0}/s{when}: reported / captured", "", Medians(round => round.ReportedMean, round => round.CapturedMean),
            $"captured with dwell: {rate.Of(round => round.CapturedTotalMean).Median:0.00} us; {Suspicion(rate)}", null);
        yield return new ResultRow(
            $"p99 of RTT at {rate.PerSecond:N0}/s{when}: reported / captured", "", Medians(round => round.ReportedP99, round => round.CapturedP99), "", null);
    }

    private static string Suspicion(Rate rate) => $"{rate.Rounds.Count(round => round.IsSuspect)} of {rate.Rounds.Count} suspect";

    private async Task<Round> RunAsync(int perSecond, CancellationToken cancellation)
    {
        const double allowed = 60;
        var busy = new List<RunningProgram>();
        try
        {
            await using EchoingProgram reflector = await EchoingProgram.StartReflectorAsync(
                bench, bench.Cores.Reflecting, allowed, cancellation).ConfigureAwait(false);
            var plan = new CollectorPlan
            {
                Targets = ["127.0.0.1"],
                Port = reflector.Port,
                SourcePorts = SourcePorts,
                CyclesPerSecond = perSecond / (double)SourcePorts,
                IntervalSeconds = IntervalSeconds,
            };
            await using RunningCollector collector = await RunningCollector.StartAsync(bench, plan, allowed, cancellation).ConfigureAwait(false);
            if (isBusy)
            {
                foreach (int core in bench.Cores.All)
                    busy.Add(await RunningProgram.StartAsync(core, allowed, "sh", "-c", "while :; do :; done").ConfigureAwait(false));
            }

            await Task.Delay(TimeSpan.FromSeconds(bench.Seconds(3, 2)), cancellation).ConfigureAwait(false);
            return await CompareAsync(collector, plan.Port, cancellation).ConfigureAwait(false);
        }
        finally
        {
            foreach (RunningProgram program in busy) await program.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Captures one interval from a little before it to a little behind it, and holds its report against that.</summary>
    private async Task<Round> CompareAsync(RunningCollector collector, int port, CancellationToken cancellation)
    {
        // The tail is for tcpdump, which gets what is captured up to a second later.
        const double lead = 0.2, tail = 1.5, patience = 20;
        await using RunningCapture capture = await RunningCapture.StartAsync(bench, $"udp port {port}", patience, cancellation).ConfigureAwait(false);
        double start = NextInterval(lead);
        await UntilAsync(start + IntervalSeconds, cancellation).ConfigureAwait(false);

        // The report is there until that of the next interval comes, so it is taken before the capture is ended: with every core
        // busy that alone may take longer than an interval.
        JsonElement report = await ReportOfAsync(collector, start, start + patience, cancellation).ConfigureAwait(false);
        await UntilAsync(start + IntervalSeconds + tail, cancellation).ConfigureAwait(false);
        IEnumerable<CapturedFrame> frames = await capture.EndAsync(cancellation).ConfigureAwait(false);
        return Round.Of(report, Exchange.Find(frames, Recognition.Ours(port)));
    }

    private static async Task<JsonElement> ReportOfAsync(
        RunningCollector collector, double start, double deadline, CancellationToken cancellation)
    {
        while (true)
        {
            JsonElement report = await collector.ReportAsync(cancellation).ConfigureAwait(false);
            double ahead = (Moment(report, "start")?.ToUnixTimeMilliseconds() / 1e3 ?? 0) - start;
            if (Math.Abs(ahead) < 0.5) return report;
            if (ahead > 0) throw new TimeoutException("the report of the interval that was captured has been missed: the next one is there");
            if (Now > deadline) throw new TimeoutException("the collector does not report the interval that was captured");
            await UntilAsync(Now + 0.2, cancellation).ConfigureAwait(false);
        }
    }

    private static double Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1e3;

    private static double NextInterval(double lead) => Math.Ceiling((Now + lead) / IntervalSeconds) * IntervalSeconds;

    private static Task UntilAsync(double unixSeconds, CancellationToken cancellation) =>
        Task.Delay(TimeSpan.FromSeconds(Math.Max(0, unixSeconds - Now)), cancellation);

    private static DateTimeOffset? Moment(JsonElement report, string name) =>
        report.GetProperty(name).ValueKind == JsonValueKind.Null ? null : report.GetProperty(name).GetDateTimeOffset();

    private sealed record Rate(int PerSecond)
    {
        public List<Round> Rounds { get; } = [];

        public Samples Of(Func<Round, double> figure)
        {
            var samples = new Samples();
            foreach (Round round in Rounds) samples.Add(figure(round));
            return samples;
        }
    }

    /// <summary>Reported and captured of the same interval, in microseconds.</summary>
    private sealed record Round(
        double ReportedMean, double ReportedP99, double CapturedMean, double CapturedP99, double CapturedTotalMean, bool IsSuspect)
    {
        private const double LeastMatch = 0.98;

        public double ErrorMicros => ReportedMean - CapturedMean;

        public static Round Of(JsonElement report, IEnumerable<Exchange> exchanges)
        {
            JsonElement rtt = report.GetProperty("summaries")[0].GetProperty("rtt");
            long startNanos = Moment(report, "start")!.Value.ToUnixTimeMilliseconds() * 1_000_000;
            long endNanos = Moment(report, "end")!.Value.ToUnixTimeMilliseconds() * 1_000_000;
            List<Exchange> same = [.. exchanges.Where(exchange => exchange.RequestNanos >= startNanos && exchange.RequestNanos < endNanos)];
            long count = rtt.GetProperty("count").GetInt64();
            if (same.Count < LeastMatch * count || same.Count == 0)
                throw new InvalidDataException($"the capture has {same.Count} of the interval's {count} exchanges");
            return new Round(
                rtt.GetProperty("mean_ns").GetDouble() / 1e3,
                rtt.GetProperty("p99_ns").GetDouble() / 1e3,
                same.Average(exchange => exchange.OnWireNanos) / 1e3,
                Samples.Percentile(same.Select(exchange => (double)exchange.OnWireNanos), 0.99) / 1e3,
                same.Average(exchange => exchange.TotalNanos) / 1e3,
                report.GetProperty("suspect").GetArrayLength() > 0);
        }
    }
}
