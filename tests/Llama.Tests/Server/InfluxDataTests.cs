using System.Net;
using System.Text.Json;
using Llama.Engine;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Server;

/// <summary>/influxdata and /status against what the Go collector was seen to answer.</summary>
public sealed class InfluxDataTests
{
    private static readonly string Cases = Path.Combine(AppContext.BaseDirectory, "fixtures", "collector", "cases");

    public static TheoryData<string> CasesWithReplies() =>
        [.. Directory.EnumerateFiles(Cases, "*.json").Where(file => Observations(file).Any()).Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    [Theory]
    [MemberData(nameof(CasesWithReplies))]
    public async Task Answers_are_those_of_the_Go_collector(string name)
    {
        string published = "[]";
        foreach (Observation seen in Observations(Path.Combine(Cases, name + ".json")))
        {
            if (seen.Path == "/influxdata" && seen.Body.StartsWith('[')) published = seen.Body;
            await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, StateOf(published));

            RawReply reply = await RawHttp.SendAsync(api.Addresses[0], seen.Method, seen.Path, "Accept-Encoding: gzip");

            string what = $"{seen.Method} {seen.Path}: ";
            Assert.Equal(what + seen.StatusLine, what + reply.StatusLine);
            Assert.Equal(what + string.Join("; ", RawReply.Mask(seen.Headers)), what + string.Join("; ", reply.Masked));
            Assert.Equal(SortPoints(seen.Body), SortPoints(reply.Body));
        }
    }

    [Fact]
    public void Reload_retags_at_once_and_removed_targets_keep_their_tags()
    {
        JsonElement[] seen = [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(Cases, "reload.json"))).RootElement.GetProperty("observations")
            .EnumerateArray().Select(o => o.GetProperty("response"))];
        string Body(int index) => seen[index].GetProperty("body").GetString()!;
        ProbingPlan a = Plan(
            Target("127.0.0.1:9300", null, ("v", "1"), ("only_in_a", "x")), Target("127.0.0.2:9300", null, ("v", "1")));
        ProbingPlan b = Plan(
            Target("127.0.0.1:9300", null, ("v", "2"), ("only_in_b", "y")), Target("127.0.0.3:9300", null, ("v", "2")));
        var state = new CollectorState();

        state.Configure(a);
        state.Accept(ReportOf(Body(0), withTags: false));
        Assert.Equal(SortPoints(Body(0)), SortPoints(Text(state)));
        state.Configure(b);
        Assert.Equal(SortPoints(Body(1)), SortPoints(Text(state)));
        state.Accept(ReportOf(Body(3), withTags: false));
        Assert.Equal(SortPoints(Body(3)), SortPoints(Text(state)));
        state.Accept(ReportOf(Body(4), withTags: false));
        Assert.Equal(SortPoints(Body(4)), SortPoints(Text(state)));
    }

    [Fact]
    public void Ports_and_classes_of_an_address_are_one_point_and_the_last_tags_win()
    {
        Target first = Target("127.0.0.1:9300", null, ("which", "first"), ("only_first", "1"));
        Target second = Target("127.0.0.1:9399", null, ("which", "second"));
        var state = new CollectorState();
        state.Configure(Plan(first, second));

        state.Accept(Report(
            Summary("10.0.0.1", first, 0, 1_000_000, 3_000_000),
            Summary("10.0.0.1", first, 0, 2_000_000) with { Class = 184 },
            Summary("10.0.0.1", second, 3)));

        Assert.Equal(
            """[{"fields":{"loss":50.000000,"lost":3.000000,"rtt":2.000000,"sent":6.000000},"tags":{"dst_ip":"127.0.0.1","src_ip":"10.0.0.1","which":"second"},"time":"0001-01-01T00:00:00Z","measurement":"raw_stats"}]""",
            Text(state));
    }

    [Fact]
    public void Targets_given_by_name_or_IPv6_keep_their_tags()
    {
        Target named = Target("192.0.2.7:8100", "probe.example", ("site", "x"));
        Target six = Target("[2001:db8::7]:8100", null, ("site", "y"));
        var state = new CollectorState();
        state.Configure(Plan(named, six));

        state.Accept(Report(Summary("0.0.0.0", named, 1), Summary("::", six, 1)));

        Assert.Contains("""{"dst_ip":"192.0.2.7","site":"x","src_ip":"::"}""", Text(state), StringComparison.Ordinal);
        Assert.Contains("""{"dst_ip":"2001:db8::7","site":"y","src_ip":"::"}""", Text(state), StringComparison.Ordinal);
    }

    [Fact]
    public void Pairs_to_which_nothing_was_sent_are_left_out()
    {
        var state = new CollectorState();
        state.Accept(Report(Summary("10.0.0.1", Target("127.0.0.1:9300"), 0) with { Counts = new DatagramCounts { SendErrors = 5 } }));

        Assert.Equal("[]", Text(state));
    }

    [Fact]
    public void Tags_of_an_address_long_out_of_the_plan_are_forgotten()
    {
        var time = new StandingTime();
        var state = new CollectorState(time);
        Target gone = Target("127.0.0.2:9300", null, ("v", "1"));
        state.Configure(Plan(gone));
        state.Configure(Plan());
        state.Accept(Report(Summary("127.0.0.1", gone with { Tags = new Dictionary<string, string>() }, 1)));
        Assert.Contains("\"v\"", Text(state), StringComparison.Ordinal);

        time.Pass(TimeSpan.FromMinutes(61));
        state.Configure(Plan());

        Assert.DoesNotContain("\"v\"", Text(state), StringComparison.Ordinal);
    }

    private static string Text(CollectorState state) => System.Text.Encoding.UTF8.GetString(state.Current.InfluxData.Span);

    private static CollectorState StateOf(string body)
    {
        var state = new CollectorState();
        if (body == "[]") return state;
        IntervalReport report = ReportOf(body, withTags: true);
        state.Configure(Plan([.. report.Summaries.Select(summary => summary.Target)]));
        state.Accept(report);
        return state;
    }

    /// <summary>The report behind a recorded body.</summary>
    private static IntervalReport ReportOf(string body, bool withTags)
    {
        using JsonDocument points = JsonDocument.Parse(body);
        return Report([.. points.RootElement.EnumerateArray().Select(point => SummaryOf(point, withTags))]);
    }

    private static Summary SummaryOf(JsonElement point, bool withTags)
    {
        Dictionary<string, string> tags = point.GetProperty("tags").EnumerateObject().ToDictionary(t => t.Name, t => t.Value.GetString()!);
        // A case overrides the automatic tags of 127.0.0.2 with text.
        IPAddress source = Automatic("src_ip", "127.0.0.1");
        IPAddress destination = Automatic("dst_ip", "127.0.0.2");
        JsonElement fields = point.GetProperty("fields");
        long sent = (long)fields.GetProperty("sent").GetDouble();
        long lost = (long)fields.GetProperty("lost").GetDouble();
        long rttNanos = (long)Math.Round(fields.GetProperty("rtt").GetDouble() * 1e6);
        var target = new Target { Host = destination.ToString(), EndPoint = new IPEndPoint(destination, 9300), Tags = withTags ? tags : [] };
        return Summary(source.ToString(), target, lost, [.. Enumerable.Repeat(rttNanos, (int)(sent - lost))]);

        IPAddress Automatic(string tag, string otherwise)
        {
            if (!IPAddress.TryParse(tags[tag], out IPAddress? address)) return IPAddress.Parse(otherwise);
            tags.Remove(tag);
            return address;
        }
    }

    /// <summary>The order of points is random in the original.</summary>
    private static string SortPoints(string body)
    {
        const string end = "\"measurement\":\"raw_stats\"}";
        return body.StartsWith("[{", StringComparison.Ordinal)
            ? string.Join('\n', body[1..^1].Split(end).Select(point => point.TrimStart(',')).Order(StringComparer.Ordinal))
            : body;
    }

    private static IEnumerable<Observation> Observations(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
        if (!document.RootElement.TryGetProperty("observations", out JsonElement observations)) yield break;
        foreach (JsonElement observation in observations.EnumerateArray())
        {
            if (!observation.TryGetProperty("path", out JsonElement path)) continue;
            JsonElement response = observation.GetProperty("response");
            int status = response.GetProperty("status").GetInt32();
            string reason = response.TryGetProperty("reason", out JsonElement given) ? given.GetString()! : "OK";
            yield return new Observation(
                observation.GetProperty("method").GetString()!,
                path.GetString()!,
                $"HTTP/1.1 {status} {reason}",
                [.. response.GetProperty("headers").EnumerateArray().Select(h => KeyValuePair.Create(h[0].GetString()!, h[1].GetString()!))],
                response.GetProperty("body").GetString()!);
        }
    }

    private sealed record Observation(
        string Method, string Path, string StatusLine, IReadOnlyList<KeyValuePair<string, string>> Headers, string Body);
}
