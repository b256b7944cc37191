using System.IO.Pipelines;
using System.Text;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;
using Llama.Server.Metrics;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Prometheus;
using Llama.Server.Sinks.Records;
using Llama.Server.Sinks.Views;
using Llama.Tests.House;
using Llama.Tests.Server;
using static Llama.Tests.Sinks.Rows;

namespace Llama.Tests.Sinks.Prometheus;

public sealed class PrometheusSinkTests
{
    private const string Labels = "origin=\"default/a\",source=\"10.0.0.1\",destination=\"10.0.0.2:8100\",class=\"CS0\"";

    private readonly FakeTime _time = new();
    private readonly PrometheusSink _sink;

    public PrometheusSinkTests() => _sink = new PrometheusSink(new PrometheusOptions(), _time);

    [Fact]
    public async Task Counters_add_up_over_the_records()
    {
        Assert.Equal(1, await Deliver(Record(writer => writer.Pair("10.0.0.2", Timed(2, 90_000, 200_000), Buckets(90_000, 200_000)))));
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Timed(1, 20_000_000_000), Buckets(20_000_000_000)), start: Start.AddSeconds(30)));

        string text = await Text();

        foreach (string line in (string[])[
            $"llama_datagrams_sent_total{{{Labels}}} 6",
            $"llama_datagrams_received_total{{{Labels}}} 3",
            $"llama_datagrams_lost_total{{{Labels}}} 3",
            $"llama_rtt_seconds_bucket{{{Labels},le=\"0.00005\"}} 0",
            $"llama_rtt_seconds_bucket{{{Labels},le=\"0.0001\"}} 1",
            $"llama_rtt_seconds_bucket{{{Labels},le=\"0.00025\"}} 2",
            $"llama_rtt_seconds_bucket{{{Labels},le=\"10\"}} 2",
            $"llama_rtt_seconds_bucket{{{Labels},le=\"+Inf\"}} 3",
            $"llama_rtt_seconds_sum{{{Labels}}} 20.00029",
            $"llama_rtt_seconds_count{{{Labels}}} 3",
            $"llama_loss_ratio{{{Labels}}} 0.5",
            "llama_intervals_total{origin=\"default/a\"} 2"])
            Assert.Contains(line + "\n", text, StringComparison.Ordinal);
    }

    /// <summary>What a collector shows of its pairs is what the sink shows of them, save who measured.</summary>
    [Fact]
    public async Task Pairs_are_shown_as_their_collector_shows_them()
    {
        Llama.Engine.Target target = Reports.Target("10.0.0.2:8100", "b.example", ("region", "east"), ("a-b", "1"), ("a.b", "2"));
        Summary summary = Reports.Summary("10.0.0.1", target, 3, 90_000, 100_001, 2_000_000) with { JitterNanos = 5_000, DelayVariationNanos = 7_000 };
        var state = new CollectorState();
        state.Accept(Reports.Report(summary) with { Start = Start, End = Start.AddSeconds(30) });
        Measures measures = Timed(3, 90_000, 100_001, 2_000_000);
        (measures[Measure.Jitter], measures[Measure.DelayVariation]) = (5_000, 7_000);
        foreach (Measure zero in (Measure[])[Measure.Late, Measure.Duplicates, Measure.Reordered, Measure.SendErrors]) measures[zero] = 0;
        await Deliver(Record(writer =>
        {
            writer.BeginPair("10.0.0.1"u8, "b.example"u8, "10.0.0.2"u8, 8100, 0);
            foreach ((string key, string value) in target.Tags) writer.AddTag(key, value);
            writer.EndPair(measures, [.. summary.Rtt.Buckets]);
        }));

        string[] ofCollector = Samples(await Page(output => CollectorMetrics.WriteAsync(state.Current, null, output, default)));
        string[] ofSink = Samples((await Text()).Replace("origin=\"default/a\",", "", StringComparison.Ordinal));

        // Without rows of flows nobody knows how many there are.
        Assert.Equal(ofCollector.Where(line => !line.StartsWith("llama_flows", StringComparison.Ordinal)), ofSink);
        Assert.Equal(33, ofSink.Length);

        static string[] Samples(string text) => [.. text.Split('\n').Where(line => line.Contains("destination=", StringComparison.Ordinal))];
    }

    [Fact]
    public async Task Tags_of_the_origin_are_labels_of_the_source_and_of_the_row_first()
    {
        await Deliver(Record(
            writer => writer.Pair("10.0.0.2", Counts(1, 0), tags: [("region", "east"), ("src_site", "row"), ("quote", "a\"b")]),
            tags: [("region", "west"), ("site", "origin")]));
        Assert.Contains(
            $"llama_datagrams_sent_total{{{Labels},tag_quote=\"a\\\"b\",tag_region=\"east\",tag_src_region=\"west\",tag_src_site=\"row\"}} 1\n",
            await Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rolled_up_rows_have_class_and_tags_and_tell_how_many_pairs_they_sum()
    {
        Measures measures = Counts(100, 1);
        (measures[Measure.Pairs], measures[Measure.LossyPairs]) = (7, 1);
        await Deliver(Record(
            writer =>
            {
                writer.BeginPair(default, default, default, 0, 184);
                writer.AddTag("src_region", "west");
                writer.AddTag("dst_region", "east");
                writer.EndPair(measures, []);
            },
            origin: ""));
        string text = await Text();
        const string labels = "class=\"EF\",tag_dst_region=\"east\",tag_src_region=\"west\"";
        Assert.Contains($"llama_datagrams_lost_total{{{labels}}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_pairs{{{labels}}} 7\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_lossy_pairs{{{labels}}} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("llama_intervals_total{", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Points_of_original_collectors_show_what_they_tell()
    {
        await Deliver(Record(
            writer => writer.Point(Of((Measure.Sent, 10), (Measure.Lost, 4), (Measure.RttMean, 2_000_000)), ("src_ip", "10.0.0.1"), ("dst_ip", "10.0.0.2")),
            origin: "10.0.0.1:5000"));
        string text = await Text();
        const string labels = "origin=\"10.0.0.1:5000\",source=\"10.0.0.1\",destination=\"10.0.0.2\",tag_dst_ip=\"10.0.0.2\",tag_src_ip=\"10.0.0.1\"";
        foreach (string line in (string[])[
            $"llama_datagrams_received_total{{{labels}}} 6", $"llama_rtt_seconds_bucket{{{labels},le=\"+Inf\"}} 6",
            $"llama_rtt_seconds_sum{{{labels}}} 0.012", $"llama_loss_ratio{{{labels}}} 0.4"])
            Assert.Contains(line + "\n", text, StringComparison.Ordinal);
        foreach (string absent in (string[])["le=\"10\"", "llama_replies_late_total{", "llama_jitter_seconds{"])
            Assert.DoesNotContain(absent, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flows_are_told_apart_by_what_they_lost()
    {
        await Deliver(Record(writer =>
        {
            writer.Pair("10.0.0.2", Counts(30, 15));
            writer.AddFlow(1, Counts(10, 0));
            writer.AddFlow(2, Counts(10, 5));
            writer.AddFlow(3, Counts(10, 10));
            writer.Pair("10.0.0.3", Counts(10, 0));
            writer.AddFlow(1, Counts(10, 0));
        }));
        string text = await Text();
        foreach (string stateOfFlow in (string[])["clean", "lossy", "dead"])
            Assert.Contains($"llama_flows{{{Labels},state=\"{stateOfFlow}\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("destination=\"10.0.0.3:8100\",class=\"CS0\",state=\"clean\"} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gauges_are_there_for_pairs_of_the_last_interval_alone()
    {
        await Deliver(Record(writer =>
        {
            writer.Pair("10.0.0.2", Counts(10, 0));
            writer.Pair("10.0.0.3", Counts(10, 0));
        }));
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Counts(10, 1)), start: Start.AddSeconds(30)));
        string text = await Text();
        Assert.Contains($"llama_loss_ratio{{{Labels}}} 0.1\n", text, StringComparison.Ordinal);
        Assert.Contains("llama_datagrams_sent_total{origin=\"default/a\",source=\"10.0.0.1\",destination=\"10.0.0.3:8100\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("llama_loss_ratio{origin=\"default/a\",source=\"10.0.0.1\",destination=\"10.0.0.3:8100\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_late_interval_counts_and_does_not_stand_for_how_things_are()
    {
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Counts(10, 1)), start: Start.AddSeconds(30)));
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Counts(10, 9)), flags: RecordFlags.Suspect));
        string text = await Text();
        Assert.Contains($"llama_datagrams_lost_total{{{Labels}}} 10\n", text, StringComparison.Ordinal);
        Assert.Contains($"llama_loss_ratio{{{Labels}}} 0.1\n", text, StringComparison.Ordinal);
        Assert.Contains("llama_suspect{origin=\"default/a\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("llama_suspect_intervals_total{origin=\"default/a\"} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_origin_said_last_does_not_stand_for_ever()
    {
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Counts(10, 1))));
        _time.Pass(TimeSpan.FromMinutes(3));
        Assert.Contains("llama_loss_ratio{", await Text(), StringComparison.Ordinal);
        _time.Pass(TimeSpan.FromSeconds(1));
        string text = await Text();
        Assert.DoesNotContain("llama_loss_ratio{", text, StringComparison.Ordinal);
        Assert.DoesNotContain("llama_suspect{", text, StringComparison.Ordinal);
        Assert.Contains("llama_datagrams_sent_total{", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_series_goes_an_hour_after_its_last_row()
    {
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Counts(10, 0))));
        _time.Pass(TimeSpan.FromMinutes(59));
        await Deliver(Record(writer => writer.Pair("10.0.0.3", Counts(10, 0)), origin: "default/b"));
        Assert.Contains(Labels, await Text(), StringComparison.Ordinal);
        _time.Pass(TimeSpan.FromMinutes(1));
        await Deliver(Record(writer => writer.Pair("10.0.0.3", Counts(10, 0)), origin: "default/b"));
        string text = await Text();
        Assert.DoesNotContain("default/a", text, StringComparison.Ordinal);
        Assert.Contains("llama_datagrams_sent_total{origin=\"default/b\",source=\"10.0.0.1\",destination=\"10.0.0.3:8100\",class=\"CS0\"} 20\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_histogram_without_buckets_has_count_and_sum_alone()
    {
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Timed(0, 90_000), Buckets(90_000))));
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Timed(0, 90_000)), start: Start.AddSeconds(30)));
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Timed(0, 90_000), Buckets(90_000)), start: Start.AddSeconds(60)));
        string text = await Text();
        Assert.DoesNotContain("le=\"10\"", text, StringComparison.Ordinal);
        Assert.Contains($"llama_rtt_seconds_bucket{{{Labels},le=\"+Inf\"}} 3\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_family_is_announced_once()
    {
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Counts(10, 0))));
        string[] families = [.. (await Text()).Split('\n').Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal))];
        Assert.Equal(families.Distinct(), families);
    }

    [Fact]
    public async Task Every_metric_of_sinks_is_documented()
    {
        await Deliver(Record(writer => writer.Pair("10.0.0.2", Counts(10, 0))));
        var views = new System.Buffers.ArrayBufferWriter<byte>();
        SinkView.WriteMetrics(new PrometheusText(views), []);
        string documentation = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "docs", "metrics.md"));
        foreach (string line in (await Text() + Encoding.UTF8.GetString(views.WrittenSpan)).Split('\n').Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal)))
            Assert.Contains($"`{line.Split(' ')[2]}`", documentation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_series_are_written_in_portions()
    {
        await Deliver(Record(writer =>
        {
            for (int i = 0; i < 1_000; i++) writer.Pair($"10.0.{i / 256}.{i % 256}", Timed(0, 90_000), Buckets(90_000));
        }));
        int most = 0;
        long total = 0;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 2, resumeWriterThreshold: 1));
        Task writing = Task.Run(async () =>
        {
            await Write(pipe.Writer);
            await pipe.Writer.CompleteAsync();
        });
        while (await pipe.Reader.ReadAsync() is { IsCompleted: false } read)
        {
            most = Math.Max(most, (int)read.Buffer.Length);
            total += read.Buffer.Length;
            pipe.Reader.AdvanceTo(read.Buffer.End);
        }

        await writing;
        Assert.True(total > 2_000_000, $"{total} octets");
        Assert.InRange(most, 1, 100_000);
    }

    [Fact]
    public void Its_address_is_one_word()
    {
        Assert.Equal(TimeSpan.FromHours(1), PrometheusOptions.Of(SinkUri.Parse("prometheus")).ForgetAfter);
        Assert.Throws<FormatException>(() => PrometheusOptions.Of(SinkUri.Parse("prometheus:http://localhost:9090")));
    }

    private static async Task<string> Page(Func<PipeWriter, Task> write)
    {
        using var body = new MemoryStream();
        var output = PipeWriter.Create(body, new StreamPipeWriterOptions(leaveOpen: true));
        await write(output);
        await output.CompleteAsync();
        return Encoding.UTF8.GetString(body.ToArray());
    }

    private Task<long> Deliver(ReadOnlyMemory<byte> record) => _sink.DeliverAsync([record], default);

    private Task<string> Text() => Page(Write);

    private async Task Write(PipeWriter output)
    {
        var page = new MetricsPage(output, default);
        await _sink.WriteMetricsAsync(page);
        await page.SendAsync();
    }
}
