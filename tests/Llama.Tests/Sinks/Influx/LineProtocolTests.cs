using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.Influx;
using Llama.Server.Sinks.Records;
using Llama.Tests.Server;

namespace Llama.Tests.Sinks.Influx;

public sealed partial class LineProtocolTests
{
    private static readonly DateTimeOffset End = DateTimeOffset.FromUnixTimeSeconds(1_795_000_000);

    [Theory]
    [InlineData("basic")]
    [InlineData("measurement_escaping")]
    [InlineData("numbers2")]
    [InlineData("no_tags")]
    public void Points_are_written_as_the_original_writes_them_with_a_stamp(string name)
    {
        ScrapedCase recorded = ScrapedCase.Read(name);
        Assert.Equal(recorded.StampedBody, Written(recorded.Record()));
    }

    [Fact]
    public void Points_with_a_time_of_their_own_keep_it()
    {
        ScrapedCase recorded = ScrapedCase.Read("times");
        Assert.Equal(recorded.Request.GetProperty("body").GetString(), Written(recorded.Record()));
    }

    [Fact]
    public void What_would_break_the_line_is_all_that_differs_in_tags()
    {
        ScrapedCase recorded = ScrapedCase.Read("escaping");
        string expected = recorded.Request.GetProperty("body").GetString()!
            .Replace(",=emptykey", "", StringComparison.Ordinal)
            .Replace("l1\nl2", "l1_l2", StringComparison.Ordinal)
            .Replace("trail=x\\,", "trail=x\\_,", StringComparison.Ordinal)
            .Replace("\n", $" {ScrapedCase.End.ToUnixTimeSeconds()}\n", StringComparison.Ordinal);
        Assert.Equal(expected, Written(recorded.Record()));
    }

    [Fact]
    public void A_point_without_a_measurement_gets_one() =>
        Assert.Equal($"_{ScrapedCase.Read("no_measurement").StampedBody}", Written(ScrapedCase.Read("no_measurement").Record()));

    [Fact]
    public void A_point_without_fields_costs_no_other() =>
        Assert.Equal($"raw_stats,t=v rtt=1.5 {ScrapedCase.End.ToUnixTimeSeconds()}\n", Written(ScrapedCase.Read("no_fields").Record()));

    [Fact]
    public void Fields_are_sorted_and_those_that_are_none_left_out()
    {
        var writer = new ReportWriter();
        Begin(writer);
        writer.BeginPoint("m"u8, null);
        writer.EndPointTags(default);
        foreach ((string name, double value) in (ReadOnlySpan<(string, double)>)[("b", 2), ("a", 1), ("", 3), ("c", double.NaN), ("a b", double.PositiveInfinity), ("a=", -0.5)])
            writer.AddField(Encoding.UTF8.GetBytes(name), value);
        writer.EndPoint();
        Assert.Equal("m a=1,a\\==-0.5,b=2 1795000000\n", Written(writer.Record.ToArray()));
    }

    [Fact]
    public void More_fields_than_are_worth_sorting_all_come()
    {
        var writer = new ReportWriter();
        Begin(writer);
        writer.BeginPoint("m"u8, null);
        writer.EndPointTags(default);
        for (int i = 0; i < 1000; i++) writer.AddField(Encoding.UTF8.GetBytes($"f{i}"), i);
        writer.EndPoint();
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => ($"f{i}", (double)i)), ParsedLine.Read(Written(writer.Record.ToArray()).TrimEnd('\n')).Fields);
    }

    [Fact]
    public void A_pair_has_the_fields_of_the_original_and_ours()
    {
        var writer = new ReportWriter();
        writer.Begin(End.AddSeconds(-30), End, RecordFlags.Suspect, "default/a"u8);
        writer.AddTag("region", "west");
        writer.AddTag("name", "origin's");
        writer.EndOriginTags();
        writer.BeginPair("10.0.0.1"u8, "b.example"u8, "10.0.0.2"u8, 8100, 184);
        writer.AddTag("src_name", "target's");
        writer.AddTag("city", "Zürich");
        writer.AddTag("empty", "");
        writer.EndPair(All(), [new LatencyBucket(700, 20)]);
        Assert.Equal(
            "raw_stats,city=Zürich,class=EF,dst_ip=10.0.0.2,dst_port=8100,src_ip=10.0.0.1,src_name=target's,src_region=west " +
            "delay_variation=0.000019,duplicates=7,forward_delay_variation=0.00002,forward_remarked=26,forward_tos=24,forward_ttl=22,forward_ttl_changes=28," +
            "jitter=0.000018,late=6,loss=300,lossy_pairs=30,lost=3,lost_forward=4,lost_reverse=5,pairs=29,received=2,reordered=8,reverse_delay_variation=0.000021," +
            "reverse_remarked=27,reverse_tos=25,reverse_ttl=23,rtt=0.000013,rtt_max=0.000017,rtt_min=0.000012,rtt_p50=0.000014,rtt_p90=0.000015,rtt_p99=0.000016," +
            "send_errors=9,sent=1,suspect=1 1795000000\n",
            Written(writer.Record.ToArray()));
    }

    [Fact]
    public void What_was_not_measured_is_not_there()
    {
        Measures measures = default;
        measures[Measure.Sent] = 0;
        measures[Measure.Lost] = 0;
        Assert.Equal("raw_stats,class=CS0,dst_ip=10.0.0.2,dst_port=1,src_ip=:: lost=0,sent=0 1795000000\n", Written(Pair(measures)));
    }

    [Fact]
    public void A_pair_of_which_nothing_is_known_is_no_line()
    {
        Measures measures = default;
        Assert.Equal("", Written(Pair(measures)));
        measures[Measure.RttCount] = 0;
        Assert.Equal("", Written(Pair(measures)));
    }

    [Fact]
    public void A_tag_of_the_target_goes_before_ours()
    {
        Measures measures = default;
        measures[Measure.Sent] = 1;
        Assert.Equal(
            "raw_stats,class=gold,dst_ip=given,src_ip=:: sent=1 1795000000\n", Written(Pair(measures, ("dst_ip", "given"), ("class", "gold"), ("dst_port", ""))));
    }

    [Fact]
    public void A_flow_has_the_tags_of_its_pair_and_its_port()
    {
        var writer = new ReportWriter();
        Begin(writer);
        Measures measures = default;
        measures[Measure.Sent] = 8;
        foreach (string address in (ReadOnlySpan<string>)["10.0.0.2", "10.0.0.3"])
        {
            writer.BeginPair("::"u8, ""u8, Encoding.UTF8.GetBytes(address), 8100, 0);
            writer.AddTag("zone", "z9");
            writer.EndPair(measures, []);
            writer.AddFlow(50_000, measures);
            writer.AddFlow(50_001, measures);
        }

        string[] lines = Written(writer.Record.ToArray()).Split('\n');
        Assert.Equal("raw_stats,class=CS0,dst_ip=10.0.0.3,dst_port=8100,src_ip=::,zone=z9 sent=8 1795000000", lines[3]);
        Assert.Equal("flow_stats,class=CS0,dst_ip=10.0.0.3,dst_port=8100,src_ip=::,src_port=50000,zone=z9 sent=8 1795000000", lines[4]);
        Assert.Equal("flow_stats,class=CS0,dst_ip=10.0.0.3,dst_port=8100,src_ip=::,src_port=50001,zone=z9 sent=8 1795000000", lines[5]);
    }

    [Fact]
    public void Rolled_up_pairs_have_no_tags_but_those_they_were_rolled_up_by()
    {
        var writer = new ReportWriter();
        writer.Begin(End.AddSeconds(-30), End, RecordFlags.None, ""u8);
        writer.AddTag("region", "west");
        writer.EndOriginTags();
        Measures measures = default;
        measures[Measure.Sent] = 8;
        measures[Measure.Pairs] = 2;
        writer.BeginPair(""u8, ""u8, ""u8, 0, 0);
        writer.AddTag("src_region", "west");
        writer.AddTag("dst_region", "east");
        writer.EndPair(measures, []);
        Assert.Equal("rollup_stats,dst_region=east,src_region=west pairs=2,sent=8 1795000000\n", Written(writer.Record.ToArray()));
    }

    [Fact]
    public void A_full_text_goes_on_in_the_next_at_any_row()
    {
        var writer = new ReportWriter();
        Begin(writer);
        Measures measures = default;
        for (int pair = 0; pair < 20; pair++)
        {
            measures[Measure.Sent] = pair;
            writer.BeginPair("::"u8, ""u8, Encoding.UTF8.GetBytes($"10.0.0.{pair}"), 8100, 0);
            writer.EndPair(measures, []);
            for (int flow = 0; flow < 3; flow++) writer.AddFlow(50_000 + flow, measures);
        }

        byte[] record = writer.Record.ToArray();
        string whole = Written(record);
        for (int maxLines = 1; maxLines < 10; maxLines++)
        {
            var lines = new LineProtocol();
            var pieces = new StringBuilder();
            for (int? row = 0; row is { } from;)
            {
                lines.Clear();
                row = lines.Write(record, from, int.MaxValue, maxLines);
                Assert.True(lines.Lines <= maxLines);
                pieces.Append(Encoding.UTF8.GetString(lines.Text.Span));
            }

            Assert.Equal(whole, pieces.ToString());
        }
    }

    [Fact]
    public void Any_tags_are_read_back_sorted() => Prop.ForAll(LineTags().ToArbitrary(), AnyText.Tags(), (few, any) =>
    {
        foreach (Dictionary<string, string> tags in (ReadOnlySpan<Dictionary<string, string>>)[few, any])
        {
            Measures measures = default;
            measures[Measure.Sent] = 7;
            ParsedLine line = ParsedLine.Read(Written(Pair(measures, [.. tags.Select(tag => (tag.Key, tag.Value))])).TrimEnd('\n'));
            Dictionary<string, string> expected = new() { ["class"] = "CS0", ["dst_ip"] = "10.0.0.2", ["dst_port"] = "1", ["src_ip"] = "::" };
            HashSet<string> given = [];
            foreach ((string key, string value) in tags)
                if (given.Add(Harmless(key))) expected[Harmless(key)] = Harmless(value);
            expected.Remove("");
            Assert.Equal(
                expected.Where(tag => tag.Value.Length > 0).Select(tag => (tag.Key, tag.Value)).Order(),
                line.Tags.Select(tag => (tag.Key, tag.Value)).Order());
            Assert.Equal([("sent", 7.0)], line.Fields);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Tags_are_sorted_whatever_came_before()
    {
        var random = new Random(7);
        var lines = new LineProtocol();
        Measures measures = default;
        measures[Measure.Sent] = 1;
        for (int round = 0; round < 500; round++)
        {
            // Often as many as before, of which one is new; now and then more than are sorted one by one.
            string[] keys = [.. Enumerable.Range(0, round % 50 == 0 ? 90 : random.Next(1, 4)).Select(_ => $"long_key_{random.Next(200)}").Distinct()];
            lines.Clear();
            lines.Write(Pair(measures, [.. keys.Select(key => (key, "v"))]), 0, int.MaxValue, int.MaxValue);
            string[] written = [.. ParsedLine.Read(Encoding.UTF8.GetString(lines.Text.Span).TrimEnd('\n')).Tags.Select(tag => tag.Key)];
            Assert.Equal(keys.Concat(["class", "dst_ip", "dst_port", "src_ip"]).Order(StringComparer.Ordinal), written);
        }
    }

    [Fact]
    public void A_last_interval_that_was_cut_short_does_not_take_the_place_of_the_one_before()
    {
        DateTimeOffset whole = DateTimeOffset.UnixEpoch.AddSeconds(1_000);
        long[] stamps = [.. new[] { whole, whole.AddMilliseconds(300) }.Select(end =>
        {
            var writer = new ReportWriter();
            writer.Begin(end.AddSeconds(-1), end, RecordFlags.None, "c"u8);
            writer.EndOriginTags();
            writer.BeginPair("10.0.0.1"u8, "10.0.0.2"u8, "10.0.0.2"u8, 8100, 0);
            writer.EndPair(All(), []);
            var lines = new LineProtocol();
            lines.Write(writer.Record.Span, 0, int.MaxValue, int.MaxValue);
            return ParsedLine.Read(Encoding.UTF8.GetString(lines.Text.Span).TrimEnd('\n')).UnixSeconds;
        })];
        Assert.Equal([1_000, 1_001], stamps);
    }

    [Fact]
    public void Only_the_fields_that_were_asked_for_are_written()
    {
        var lines = new LineProtocol(new LineFields(["sent", "loss", "rtt"]));
        lines.Write(Pair(All(), []), 0, int.MaxValue, int.MaxValue);
        ParsedLine line = ParsedLine.Read(Encoding.UTF8.GetString(lines.Text.Span).TrimEnd('\n'));
        Assert.Equal(["loss", "rtt", "sent"], line.Fields.Select(field => field.Key));
    }

    [Fact]
    public void A_line_costs_no_garbage()
    {
        Measures measures = All();
        byte[] record = Pair(measures, ("dst_name", "b"), ("src_name", "with space"));
        var lines = new LineProtocol();
        for (int i = 0; i < 1000; i++) WriteOnce();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) WriteOnce();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void WriteOnce()
        {
            lines.Clear();
            lines.Write(record, 0, int.MaxValue, int.MaxValue);
        }
    }

    /// <summary>Few keys of letters that matter, so that they begin alike.</summary>
    private static Gen<Dictionary<string, string>> LineTags()
    {
        Gen<string> text = Gen.Elements("a", "b", "\\", " ", ",", "=", "\n", "\"", "dst_ip").ListOf().Select(string.Concat);
        return Gen.Zip(text, text).ListOf().Select(pairs => pairs.GroupBy(pair => Harmless(pair.Item1)).ToDictionary(group => group.First().Item1, group => group.First().Item2));
    }

    /// <summary>The text that stands for one which could break the line, found in another way than by who writes it.</summary>
    private static string Harmless(string text) => Control().Replace(Backslash().Replace(AnyText.WellFormed(text), "\\_"), "_");

    [GeneratedRegex(@"\\(?=[ ,=]|\z)")]
    private static partial Regex Backslash();

    [GeneratedRegex(@"[\x00-\x08\x0A-\x1F\x7F]")]
    private static partial Regex Control();

    private static Measures All()
    {
        Measures measures = default;
        for (int i = 0; i < Measures.Count; i++) measures[(Measure)i] = i + 1;
        return measures;
    }

    private static void Begin(ReportWriter writer)
    {
        writer.Begin(End.AddSeconds(-30), End, RecordFlags.None, "default/a"u8);
        writer.EndOriginTags();
    }

    private static byte[] Pair(in Measures measures, params (string Key, string Value)[] tags)
    {
        var writer = new ReportWriter();
        Begin(writer);
        writer.BeginPair("::"u8, ""u8, "10.0.0.2"u8, 1, 0);
        foreach ((string key, string value) in tags) writer.AddTag(key, value);
        writer.EndPair(measures, []);
        return writer.Record.ToArray();
    }

    private static string Written(byte[] record)
    {
        var lines = new LineProtocol();
        Assert.Null(lines.Write(record, 0, int.MaxValue, int.MaxValue));
        return Encoding.UTF8.GetString(lines.Text.Span);
    }
}
