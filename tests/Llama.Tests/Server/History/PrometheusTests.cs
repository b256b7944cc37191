using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Discovery;
using Llama.Server.History;
using Llama.Server.History.Prometheus;
using Llama.Tests.Server.Discovery.Native;

namespace Llama.Tests.Server.History;

/// <summary>What Prometheus' clients get of the past.</summary>
public sealed class PrometheusTests
{
    [Fact]
    public async Task A_range_has_at_each_moment_what_the_step_before_it_had()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("eu1-1", -120, new Pair("us1-1", 10, 1, 1_000_000));
        await past.ReportAsync("eu1-1", -60, new Pair("us1-1", 10, 5));

        Reply reply = await past.Server.GetAsync("/api/v1/query_range?query=llama_loss_ratio&start=1795348500&end=1795348800&step=60");

        Assert.Equal(
            """
            {"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"llama_loss_ratio","group":"g","source":"eu1-1","destination":"us1-1","class":"CS0",
            "src_region":"eu","src_rack":"eu1","dst_region":"us","dst_rack":"us1"},"values":[[1795348740,"0.1"],[1795348800,"0.5"]]}]}}
            """.ReplaceLineEndings(""),
            reply.Text);
    }

    [Fact]
    public async Task Points_that_are_coarser_than_the_step_stay_for_as_long_as_they_are()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -40, new Pair("b", 10, 1));
        await past.ReportAsync("a", -30, new Pair("b", 10, 2));

        Reply reply = await past.Server.GetAsync("/api/v1/query_range?query=llama_datagrams_lost&start=1795348760&end=1795348800&step=2");

        string values = reply.Json.GetProperty("data").GetProperty("result")[0].GetProperty("values").GetRawText();
        Assert.Equal(
            """[[1795348762,"1"],[1795348764,"1"],[1795348766,"1"],[1795348768,"1"],[1795348770,"1"],[1795348772,"2"],[1795348774,"2"],[1795348776,"2"],[1795348778,"2"],[1795348780,"2"]]""", values);
    }

    [Theory]
    [InlineData("""llama_loss_ratio{source="a"}""", "a")]
    [InlineData("""{__name__="llama_loss_ratio", source=~"a|eu1.*"}""", "a eu1-1")]
    [InlineData("""llama_loss_ratio{source!="a",}""", "eu1-1 eu2-1")]
    [InlineData("""llama_loss_ratio{src_region="eu",src_rack!~"eu2"}""", "eu1-1")]
    [InlineData("""llama_loss_ratio{src_region=""}""", "a")]
    [InlineData("""llama_loss_ratio{group=~".*",class="CS0",destination="x"}""", "a eu1-1 eu2-1")]
    [InlineData("""llama_loss_ratio{source="*"}""", "")]
    [InlineData("""llama_loss_ratio{class="EF"}""", "")]
    [InlineData("llama_nothing", "")]
    [InlineData("""llama_rtt_seconds{quantile="0.5",source='a'}""", "a")]
    public async Task A_selector_means_what_it_means_to_prometheus(string query, string sources)
    {
        await using Past past = await Past.StartAsync();
        foreach (string source in new[] { "a", "eu1-1", "eu2-1" }) await past.ReportAsync(source, -60, new Pair("x", 10, 1, 1000));

        JsonElement found = (await past.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}")).GetProperty("data").GetProperty("result");

        Assert.Equal(sources, string.Join(' ', found.EnumerateArray().Select(series => series.GetProperty("metric").GetProperty("source").GetString())));
    }

    [Fact]
    public async Task A_query_answers_with_the_newest_interval_of_the_last_minutes()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -400, new Pair("old", 10, 1));
        await past.ReportAsync("a", -60, new Pair("b", 10, 1, 2_000_000));
        await past.ReportAsync("a", -30, new Pair("b", 10, 2, 4_000_000));

        JsonElement found = (await past.GetAsync("""/api/v1/query?query={source="a"}""")).GetProperty("data").GetProperty("result");

        Assert.Equal(
            [
                """llama_loss_ratio  [1795348800,"0.2"]""", """llama_datagrams_sent  [1795348800,"10"]""", """llama_datagrams_lost  [1795348800,"2"]""",
                """llama_rtt_seconds 0 [1795348800,"0.004"]""", """llama_rtt_seconds 0.5 [1795348800,"0.004"]""", """llama_rtt_seconds 0.9 [1795348800,"0.004"]""",
                """llama_rtt_seconds 0.99 [1795348800,"0.004"]""", """llama_rtt_seconds 1 [1795348800,"0.004"]""", """llama_received_ttl  [1795348800,"60"]""",
            ],
            found.EnumerateArray().Select(one =>
                $"{one.GetProperty("metric").GetProperty("__name__")} {(one.GetProperty("metric").TryGetProperty("quantile", out JsonElement quantile) ? quantile : "")} {one.GetProperty("value").GetRawText()}"));
    }

    [Fact]
    public async Task What_a_data_source_is_tried_and_explored_with_is_answered()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("eu1-1", -60, new Pair("us1-1", 10, 1) { Class = 184 });

        Assert.Equal("""{"resultType":"scalar","result":[1795348800,"2"]}""", (await past.GetAsync("/api/v1/query?query=1%2B1")).GetProperty("data").GetRawText());
        Assert.Contains("\"version\"", (await past.Server.GetAsync("/api/v1/status/buildinfo")).Text, StringComparison.Ordinal);
        Assert.Equal(
            ["__name__", "class", "destination", "direction", "dst_rack", "dst_region", "group", "quantile", "source", "src_rack", "src_region"],
            Texts(await past.GetAsync("/api/v1/labels")));
        Assert.Equal(["EF"], Texts(await past.GetAsync("/api/v1/label/class/values")));
        Assert.Equal(["us"], Texts(await past.GetAsync("/api/v1/label/dst_region/values")));
        Assert.Empty(Texts(await past.GetAsync("/api/v1/label/none/values")));
        Assert.Equal("EF", (await past.GetAsync("/api/v1/series?match[]=llama_loss_ratio")).GetProperty("data")[0].GetProperty("class").GetString());
        Reply posted = await past.Server.SendAsync("POST", "/api/v1/query", "query=llama_loss_ratio&time=1795348790", type: "application/x-www-form-urlencoded");
        Assert.Equal("[1795348790,\"0.1\"]", posted.Json.GetProperty("data").GetProperty("result")[0].GetProperty("value").GetRawText());
    }

    [Theory]
    [InlineData("query?query=rate(llama_loss_ratio[5m])", "Only a selector can be asked for here")]
    [InlineData("query?query=llama_loss_ratio%20offset%205m", "from here: offset 5m")]
    [InlineData("query?query=llama_loss_ratio{source=\"a", "Only a selector")]
    [InlineData("query?query=llama_loss_ratio{source=~\"(\"}", "The pattern of source can't be used")]
    [InlineData("query?query=llama_loss_ratio{source=~\"(?=a)\"}", "The pattern of source can't be used")]
    [InlineData("query?query=", "Only a selector")]
    [InlineData("query?query={}", "Only a selector")]
    [InlineData("query?query=a&time=x", "The parameter time")]
    [InlineData("query_range?query=a&start=1&end=2", "The parameter step")]
    [InlineData("query_range?query=a&start=2&end=1&step=1", "start not behind end")]
    [InlineData("series?match[]=", "Only a selector")]
    public async Task What_it_can_not_answer_it_says_as_prometheus_does(string target, string error)
    {
        await using Past past = await Past.StartAsync();

        Reply reply = await past.Server.GetAsync($"/api/v1/{target}");

        Assert.Equal((400, "error", "bad_data"), (reply.Status, reply.Json.GetProperty("status").GetString(), reply.Json.GetProperty("errorType").GetString()));
        Assert.Contains(error, reply.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_steps_than_a_chart_has_room_for_are_refused()
    {
        await using Past past = await Past.StartAsync();

        Reply reply = await past.Server.GetAsync("/api/v1/query_range?query=a&start=1700000000&end=1795348800&step=1");

        Assert.Equal((422, "execution"), (reply.Status, reply.Json.GetProperty("errorType").GetString()));
    }

    [Fact]
    public async Task It_takes_the_read_token_and_leaves_the_originals_paths_alone()
    {
        await using Past past = await Past.StartAsync(new DiscoveryOptions { ReadToken = "look" });
        await using NativeServer without = await NativeServer.StartAsync();

        (await past.Server.GetAsync("/api/v1/labels")).Problem(401);
        Assert.Equal(200, (await past.Server.GetAsync("/api/v1/labels", "look")).Status);
        Assert.Equal(200, (await past.Server.GetAsync("/api/v1/interval", "look")).Status);
        Assert.Equal(404, (await past.Server.GetAsync("/api/v1/queries", "look")).Status);
        Assert.Equal(404, (await without.GetAsync("/api/v1/labels")).Status);
    }

    [Theory]
    [InlineData("a{b=\"\\\"\\\\\\n`\"}", "\"\\\n`")]
    [InlineData("a{b=`\\n\"`}", "\\n\"")]
    [InlineData("a{b='\"'}", "\"")]
    public void Quotes_hold_what_prometheus_takes_them_to_hold(string text, string value) => Assert.Equal(value, Selector.Parse(text).Matchers[1].Value);

    [Fact]
    public void Nothing_that_is_sent_is_worse_than_refused() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<string>(),
            text =>
            {
                foreach (string query in new[] { text ?? "", $"a{{{text}}}", $"a{{b=\"{text}\"}}", $"a{{b=~\"{text}\"}}" })
                {
                    try
                    {
                        Selector.Parse(query);
                    }
                    catch (QueryRefusedException)
                    {
                        // What it is for.
                    }
                }
            }).QuickCheckThrowOnFailure();

    private static IEnumerable<string?> Texts(JsonElement answer) => answer.GetProperty("data").EnumerateArray().Select(text => text.GetString());
}
