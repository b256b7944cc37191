using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.JsonLines;
using Llama.Server.Sinks.Records;
using Llama.Tests.Server;

namespace Llama.Tests.Sinks.JsonLines;

public sealed class JsonLineWriterTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Every_row_is_a_line_that_is_complete_in_itself()
    {
        var writer = new ReportWriter();
        Measures measures = default;
        measures[Measure.Sent] = 8;
        measures[Measure.Received] = 7;
        measures[Measure.Lost] = 1;
        measures[Measure.RttCount] = 7;
        measures[Measure.RttMean] = 71_418;
        measures[Measure.Jitter] = 5;
        measures[Measure.ForwardTtl] = 57;
        writer.Begin(Start, Start.AddMilliseconds(1_500), RecordFlags.Suspect, "default/a"u8);
        writer.AddTag("region", "west");
        writer.EndOriginTags();
        writer.BeginPair("10.0.0.1"u8, "b.example"u8, "10.0.0.2"u8, 8100, 184);
        writer.AddTag("city", "Zürich <&>\n\"");
        writer.EndPair(measures, [new LatencyBucket(700, 5), new LatencyBucket(801, 2)]);
        measures = default;
        measures[Measure.Sent] = 4;
        measures[Measure.Lost] = 0;
        writer.AddFlow(50_000, measures);
        writer.BeginPoint("raw_stats"u8, 7);
        writer.AddTag("dst_ip", "10.0.0.3");
        writer.EndPointTags(default);
        writer.AddField("rtt"u8, 1.5);
        writer.AddField("never"u8, double.NaN);
        writer.EndPoint();
        measures[Measure.Pairs] = 2;
        measures[Measure.LossyPairs] = 0;
        writer.BeginPair(""u8, ""u8, ""u8, 0, 0);
        writer.AddTag("src_region", "west");
        writer.EndPair(measures, []);

        const string head = """
            "start":"2026-11-22T03:00:00Z","end":"2026-11-22T03:00:01.5Z","suspect":true,"origin":"default/a","origin_tags":{"region":"west"}
            """;
        const string pair = """
            "source":"10.0.0.1","destination":{"host":"b.example","address":"10.0.0.2","port":8100},"class":184,"class_name":"EF","tags":{"city":"Zürich <&>\n\""}
            """;
        Assert.Equal(
        [
            $$$"""{"kind":"pair",{{{head}}},{{{pair}}},"datagrams":{"sent":8,"received":7,"lost":1,"loss_ratio":0.125},"rtt":{"count":7,"mean_ns":71418,"buckets":[[700,5],[801,2]]},"jitter_ns":5,"path":{"forward_ttl":57}}""",
            $$$"""{"kind":"flow",{{{head}}},{{{pair}}},"source_port":50000,"datagrams":{"sent":4,"lost":0,"loss_ratio":0},"rtt":{},"path":{}}""",
            $$$"""{"kind":"point",{{{head}}},"measurement":"raw_stats","unix_s":7,"tags":{"dst_ip":"10.0.0.3"},"fields":{"rtt":1.5}}""",
            $$$"""{"kind":"rollup",{{{head}}},"tags":{"src_region":"west"},"pairs":2,"lossy_pairs":0,"datagrams":{"sent":4,"lost":0,"loss_ratio":0},"rtt":{},"path":{}}""",
            "",
        ], Written(writer.Record, withBuckets: true).Split('\n'));
        Assert.DoesNotContain("buckets", Written(writer.Record, withBuckets: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_those_of_the_collector_s_summaries()
    {
        var writer = new ReportWriter();
        Measures measures = default;
        for (int i = 0; i < Measures.Count; i++) measures[(Measure)i] = i + 1;
        writer.Begin(Start, Start.AddSeconds(1), RecordFlags.None, ""u8);
        writer.EndOriginTags();
        writer.BeginPair("::"u8, "h"u8, "::1"u8, 1, 0);
        writer.EndPair(measures, [new LatencyBucket(700, 20)]);

        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            Summary summary = Reports.Summary("::", Reports.Target("[::1]:1", null, ("a", "b")), 1, 200_000, 300_000);
            Llama.Server.Collecting.SummaryJson.WriteSummary(json, summary, flows: false, buckets: true);
        }

        using var ours = JsonDocument.Parse(Written(writer.Record, withBuckets: true));
        using var theirs = JsonDocument.Parse(body.ToArray());
        string[] known = [.. Names(theirs.RootElement, "").Where(name => !name.StartsWith("/tags/", StringComparison.Ordinal))];
        string[] added = ["/kind", "/start", "/end", "/suspect", "/origin", "/pairs", "/lossy_pairs"];
        Assert.Equal(known.Except(["/tags"]).Concat(added).Order(), Names(ours.RootElement, "").Order());
    }

    [Fact]
    public void Any_tags_are_read_back() => Prop.ForAll(AnyText.Tags(), tags =>
    {
        var writer = new ReportWriter();
        writer.Begin(Start, Start, RecordFlags.None, ""u8);
        writer.EndOriginTags();
        writer.BeginPair("::"u8, ""u8, "::1"u8, 1, 0);
        foreach ((string key, string value) in tags) writer.AddTag(key, value);
        writer.EndPair(default, []);
        using var line = JsonDocument.Parse(Written(writer.Record, withBuckets: false).TrimEnd('\n'));
        if (tags.Count == 0) return !line.RootElement.TryGetProperty("tags", out _);
        return tags.All(tag => line.RootElement.GetProperty("tags").GetProperty(AnyText.WellFormed(tag.Key)).GetString() == AnyText.WellFormed(tag.Value));
    }).QuickCheckThrowOnFailure();

    private static IEnumerable<string> Names(JsonElement element, string path) => element.ValueKind != JsonValueKind.Object
        ? []
        : element.EnumerateObject().SelectMany(member => Names(member.Value, $"{path}/{member.Name}").Prepend($"{path}/{member.Name}"));

    private static string Written(ReadOnlyMemory<byte> record, bool withBuckets)
    {
        using var lines = new JsonLineWriter(withBuckets);
        lines.Write(record.Span);
        string text = Encoding.UTF8.GetString(lines.Text.Span);
        Assert.Equal(lines.Lines, text.Count(c => c == '\n'));
        return text;
    }
}
