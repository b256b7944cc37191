using System.IO.Pipelines;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Llama.Engine;
using Llama.Engine.Reflecting;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;
using Llama.Server.Metrics;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Server;

public sealed partial class MetricsTests
{
    private const string Labels = "source=\"10.0.0.1\",destination=\"10.0.0.2:8100\",class=\"CS0\"";

    private static readonly Target Peer = Target("10.0.0.2:8100");

    [Fact]
    public async Task Counters_add_up_over_the_reports()
    {
        var state = new CollectorState();
        state.Accept(Report(Summary("10.0.0.1", Peer, 2, 1_000_000, 2_000_000)));
        state.Accept(Report(Summary("10.0.0.1", Peer, 1, 3_000_000)));

        string text = await TextAsync(state);

        Assert.Contains($"llama_datagrams_sent_total{{{Labels}}} 6\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_datagrams_received_total{{{Labels}}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_datagrams_lost_total{{{Labels}}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("llama_intervals_total 2\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Round_trip_times_are_a_cumulative_histogram_in_seconds()
    {
        var state = new CollectorState();
        state.Accept(Report(Summary("10.0.0.1", Peer, 0, 90_000, 200_000)));
        state.Accept(Report(Summary("10.0.0.1", Peer, 0, 300_000, 20_000_000_000)));

        string text = await TextAsync(state);

        Assert.Contains($"llama_rtt_seconds_bucket{{{Labels},le=\"0.00005\"}} 0\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_rtt_seconds_bucket{{{Labels},le=\"0.0001\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_rtt_seconds_bucket{{{Labels},le=\"0.00025\"}} 2\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_rtt_seconds_bucket{{{Labels},le=\"10\"}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_rtt_seconds_bucket{{{Labels},le=\"+Inf\"}} 4\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_rtt_seconds_sum{{{Labels}}} 20.00059\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_rtt_seconds_count{{{Labels}}} 4\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_not_measured_has_no_sample()
    {
        var state = new CollectorState();
        state.Accept(Report(Summary("10.0.0.1", Peer, 1)));

        string text = await TextAsync(state);

        foreach (string absent in (string[])
            ["llama_datagrams_lost_by_direction_total", "llama_jitter_seconds", "llama_received_ttl", "llama_cpu_pressure_ratio", "llama_targets"])
            Assert.DoesNotContain("\n" + absent + "{", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loss_by_direction_is_counted_where_it_is_known()
    {
        Summary summary = Summary("10.0.0.1", Peer, 3, 1000);
        var state = new CollectorState();
        state.Accept(Report(summary));
        state.Accept(Report(summary with { Counts = summary.Counts with { LostForward = 2, LostReverse = 1 } }));
        state.Accept(Report(summary));

        string text = await TextAsync(state);

        Assert.Contains($"llama_datagrams_lost_by_direction_total{{{Labels},direction=\"forward\"}} 2\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_datagrams_lost_by_direction_total{{{Labels},direction=\"reverse\"}} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flows_are_told_apart_by_what_they_lost()
    {
        FlowSummary Flow(long received, long lost) => new()
        {
            SourcePort = 1,
            Counts = new DatagramCounts { Sent = received + lost, Received = received, Lost = lost },
            Path = default,
        };
        var state = new CollectorState();
        state.Accept(Report(Summary("10.0.0.1", Peer, 0, 1) with { Flows = [Flow(5, 0), Flow(5, 0), Flow(4, 1), Flow(0, 5)] }));

        string text = await TextAsync(state);

        Assert.Contains($"llama_flows{{{Labels},state=\"clean\"}} 2\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_flows{{{Labels},state=\"lossy\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_flows{{{Labels},state=\"dead\"}} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Suspicion_is_shown_with_its_reasons()
    {
        var state = new CollectorState();
        state.Accept(Report() with
        {
            Health = new CollectorHealth { SendLatenessP99Nanos = 20_000_000, Suspect = [SuspectReason.LateSends, SuspectReason.ClockStep] },
        });

        string text = await TextAsync(state);

        Assert.Contains("\nllama_suspect 1\n", text, StringComparison.Ordinal);
        Assert.Contains("llama_suspect_intervals_total{reason=\"late_sends\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("llama_suspect_intervals_total{reason=\"cpu_pressure\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("llama_send_lateness_p99_seconds 0.02\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pair_stays_while_it_is_planned_and_for_an_hour_after()
    {
        var time = new StandingTime();
        var state = new CollectorState(time);
        state.Configure(Plan(Peer));
        state.Accept(Report(Summary("10.0.0.1", Peer, 1)));
        time.Pass(TimeSpan.FromHours(5));
        state.Accept(Report());
        Assert.Contains("10.0.0.2", await TextAsync(state), StringComparison.Ordinal);

        state.Configure(Plan());
        time.Pass(TimeSpan.FromMinutes(59));
        state.Accept(Report());
        Assert.Contains("10.0.0.2", await TextAsync(state), StringComparison.Ordinal);

        time.Pass(TimeSpan.FromMinutes(2));
        state.Accept(Report());
        Assert.DoesNotContain("10.0.0.2", await TextAsync(state), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_that_come_down_to_one_label_are_kept_apart()
    {
        Target target = Target("10.0.0.2:8100", "peer.example", ("a-b", "1"), ("a b", "2"), ("a_b_2", "3"), ("empty", ""), ("é", "4"));
        var state = new CollectorState();
        state.Accept(Report(Summary("0.0.0.0", target, 1) with { Class = 184 }));

        Assert.Contains(
            "{source=\"::\",destination=\"10.0.0.2:8100\",host=\"peer.example\",class=\"EF\",tag_a_b=\"2\",tag_a_b_2=\"1\",tag_a_b_2_2=\"3\",tag__=\"4\"}",
            await TextAsync(state),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Any_tags_make_text_that_parses_line_by_line() => Prop.ForAll(
        AnyText.Tags(),
        tags =>
        {
            var state = new CollectorState();
            state.Accept(Report(Summary("10.0.0.1", Peer with { Tags = tags }, 1, 1000)));
            string[] lines = TextAsync(state).GetAwaiter().GetResult().Split('\n');
            Assert.Equal("", lines[^1]);
            Assert.All(lines[..^1], line => Assert.Matches(Line(), line));

            // The values are all there, and no label is there twice.
            string sample = lines.First(line => line.StartsWith("llama_datagrams_sent_total{", StringComparison.Ordinal));
            MatchCollection labels = Label().Matches(sample);
            Assert.Equal(labels.Count, labels.Select(label => label.Groups["name"].Value).Distinct().Count());
            Assert.Equal(
                tags.Values.Where(value => value.Length > 0).Select(AnyText.WellFormed).Order(StringComparer.Ordinal),
                labels.Where(label => label.Groups["name"].Value.StartsWith("tag_", StringComparison.Ordinal))
                    .Select(label => Unescape(label.Groups["value"].Value)).Order(StringComparer.Ordinal));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Every_metric_is_documented_and_has_its_help_once()
    {
        string documentation = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "metrics.md"));
        var state = new CollectorState();
        state.Configure(Plan(Peer));
        string text = await TextAsync(state) + Encoding.UTF8.GetString(ReflectorMetrics.Write(Counters(), 4096).Span);

        string[] names = [.. Regex.Matches(text, "^# HELP (\\S+) ", RegexOptions.Multiline).Select(match => match.Groups[1].Value)];

        Assert.All(names, name => Assert.Contains($"`{name}`", documentation, StringComparison.Ordinal));
        Assert.All(names.GroupBy(name => name), group => Assert.InRange(group.Count(), 1, IsOfEveryProcess(group.Key) ? 2 : 1));

        static bool IsOfEveryProcess(string name) =>
            name.StartsWith("process_", StringComparison.Ordinal) || name is "llama_build_info" or "llama_gc_pause_seconds_total";
    }

    [Fact]
    public async Task Collector_serves_them_as_Prometheus_text()
    {
        var state = new CollectorState();
        state.Accept(Report([.. Enumerable.Range(1, 250).Select(i => Summary("10.0.0.1", Target($"10.0.1.{i}:8100"), 1))]));
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, state);

        RawReply reply = await RawHttp.GetAsync(api.Addresses[0], "/metrics");

        Assert.Equal(200, reply.Status);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", reply["Content-Type"]);
        Assert.Equal(250, Regex.Count(reply.Body, "^llama_datagrams_sent_total\\{", RegexOptions.Multiline));
        Assert.Contains("\nprocess_cpu_seconds_total ", reply.Body, StringComparison.Ordinal);
        Assert.EndsWith("\n", reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reflector_serves_its_counters_and_is_ready_at_once()
    {
        await using ReflectorApi api = await ReflectorApi.StartAsync("127.0.0.1", 0, () => ReflectorMetrics.Write(Counters(), 4096));

        RawReply reply = await RawHttp.GetAsync(api.Addresses[0], "/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", reply["Content-Type"]);
        Assert.Contains("llama_reflector_datagrams_received_total 12\n", reply.Body, StringComparison.Ordinal);
        Assert.Contains("llama_reflector_datagrams_total{verdict=\"reflected\"} 7\n", reply.Body, StringComparison.Ordinal);
        Assert.Contains("llama_reflector_datagrams_total{verdict=\"source_port_zero\"} 5\n", reply.Body, StringComparison.Ordinal);
        Assert.Contains("llama_reflector_receive_drops_total 3\n", reply.Body, StringComparison.Ordinal);
        Assert.Equal("ok", (await RawHttp.GetAsync(api.Addresses[0], "/readyz")).Body);
        Assert.Equal("ok", (await RawHttp.GetAsync(api.Addresses[0], "/healthz")).Body);
        Assert.Equal(405, (await RawHttp.SendAsync(api.Addresses[0], "POST", "/metrics", "Content-Length: 0")).Status);
        Assert.Equal(404, (await RawHttp.GetAsync(api.Addresses[0], "/influxdata")).Status);
    }

    private static ReflectorCounters Counters()
    {
        long[] verdicts = new long[Enum.GetValues<ReflectorVerdict>().Length];
        verdicts[(int)ReflectorVerdict.Reflected] = 7;
        verdicts[(int)ReflectorVerdict.SourcePortZero] = 5;
        return new ReflectorCounters { Received = 12, ByVerdict = verdicts, ReceiveDrops = 3 };
    }

    private static async Task<string> TextAsync(CollectorState state)
    {
        using var output = new MemoryStream();
        PipeWriter writer = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await CollectorMetrics.WriteAsync(state.Current, more: null, writer, CancellationToken.None);
        await writer.CompleteAsync();
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static string Unescape(string value) =>
        Regex.Replace(value, """\\(.)""", match => match.Groups[1].Value == "n" ? "\n" : match.Groups[1].Value);

    private static string Root()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Llama.slnx"))) directory = Path.GetDirectoryName(directory)!;
        return directory;
    }

    [GeneratedRegex("""^(# HELP [a-z_0-9]+ [^\n]+|# TYPE [a-z_0-9]+ (counter|gauge|histogram)|[a-z_0-9]+(\{[a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*"(,[a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*")*\})? ([-+0-9.eE]+|\+Inf))\z""", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Line();

    [GeneratedRegex("""(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>([^"\\]|\\.)*)"[,}]""", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Label();
}
