using System.Text;
using System.Text.Json;
using Llama.Storage.History;
using Llama.Tests.Server.Discovery.Native;

namespace Llama.Tests.Server.History;

/// <summary>GET of /api/v2/series, /flows, /worst, /events of the past and /history.</summary>
public sealed class PastSeriesTests
{
    [Fact]
    public async Task A_series_has_a_point_for_each_step_with_something_in_it()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -170, new Pair("b", 10, 1, 1000), new Pair("c", 10, 0, 1000));
        await past.ReportAsync("a", -160, new Pair("b", 10, 2));
        await past.ReportAsync("a", -20, new Pair("b", 10, 10));

        JsonElement answer = await past.GetAsync("/api/v2/series?group=g&source=a&destination=b&from=now-3m&to=now&step=1m&metrics=loss,rtt_min");

        Assert.Equal(
            """
            {"group":"g","class":0,"class_name":"CS0","from":"2026-11-22T11:57:00Z","to":"2026-11-22T12:00:00Z","step_ms":60000,"units":{"loss":"ratio","rtt_min":"ns"},
            "series":[{"source":"a","destination":"b","at_ms":[1795348620000,1795348740000],"metrics":{"loss":[0.15,1],"rtt_min":[1000,null]}}],
            "oldest":"2026-11-22T11:57:10Z","newest":"2026-11-22T11:59:50Z"}
            """.ReplaceLineEndings(""),
            answer.GetRawText());
    }

    [Fact]
    public async Task Points_that_reach_beyond_their_step_and_intervals_by_themselves_say_how_long_they_are()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 10, 10));
        await past.ReportAsync("a", -10, new Pair("b", 10, 0));

        JsonElement raw = (await past.GetAsync("/api/v2/series?from=now-1m&step=0")).GetProperty("series")[0];
        JsonElement finer = (await past.GetAsync("/api/v2/series?from=now-1m&step=5s")).GetProperty("series")[0];
        JsonElement fitting = (await past.GetAsync("/api/v2/series?from=now-1m&step=10s")).GetProperty("series")[0];

        Assert.Equal("[1795348780000,1795348790000]", raw.GetProperty("at_ms").GetRawText());
        Assert.Equal("[10000,10000]", raw.GetProperty("span_ms").GetRawText());
        Assert.Equal("[10000,10000]", finer.GetProperty("span_ms").GetRawText());
        Assert.False(fitting.TryGetProperty("span_ms", out _));
    }

    [Fact]
    public async Task A_step_is_chosen_where_none_is_given()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 10, 10));

        Assert.Equal(30_000, (await past.GetAsync("/api/v2/series")).GetProperty("step_ms").GetInt64());
        Assert.Equal(300_000, (await past.GetAsync("/api/v2/series?from=now-1d")).GetProperty("step_ms").GetInt64());
    }

    [Fact]
    public async Task Series_come_as_csv()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("=a", -20, new Pair("b,c", 10, 10));

        Reply csv = await past.Server.GetAsync("/api/v2/series?from=now-1m&step=1m", headers: ("Accept", "text/csv"));

        Assert.Equal("source,destination,start,end,loss,rtt_p50\r\n'=a,\"b,c\",2026-11-22T11:59:00Z,2026-11-22T11:59:50Z,1,\r\n", csv.Text);
    }

    [Fact]
    public async Task Flows_of_a_pair_come_worst_first()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 30, 10) { Flows = [(40001, 10, 0), (40002, 10, 10), (40003, 10, 0)] }, new Pair("bb", 5, 5) { Flows = [(1, 5, 5)] });
        await past.ReportAsync("a", -10, new Pair("b", 20, 1) { Flows = [(40001, 10, 1), (40003, 10, 0)] });

        JsonElement answer = await past.GetAsync("/api/v2/flows?source=a&destination=b&from=now-1m&step=0");
        Reply csv = await past.Server.GetAsync("/api/v2/flows?source=a&destination=b&from=now-1m&step=0&format=csv");

        Assert.Equal([40002, 40001, 40003], answer.GetProperty("flows").EnumerateArray().Select(flow => flow.GetProperty("source_port").GetInt32()));
        JsonElement second = answer.GetProperty("flows")[1];
        Assert.Equal((20, 1, 0.05), (second.GetProperty("sent").GetInt64(), second.GetProperty("lost").GetInt64(), second.GetProperty("loss").GetDouble()));
        Assert.Equal(
            """{"sent":[10,10],"lost":[0,1],"loss":[0,0.1],"loss_forward":[0,0.1],"loss_reverse":[null,null],"rtt_min":[1000,1000],"rtt_mean":[null,null]}""",
            second.GetProperty("metrics").GetRawText());
        Assert.Equal("source_port,start,sent,lost,loss,loss_forward,loss_reverse,rtt_min,rtt_mean\r\n40002,2026-11-22T11:59:40Z,10,10,1,1,,,\r\n", csv.Text[..csv.Text.IndexOf("40001", StringComparison.Ordinal)]);
        Assert.Empty((await past.GetAsync("/api/v2/flows?source=a&destination=b*&from=now-1m")).GetProperty("flows").EnumerateArray());
    }

    [Fact]
    public async Task The_worst_pairs_are_those_that_the_history_ranks_first()
    {
        await using Past past = await Past.StartAsync();
        foreach (int i in Enumerable.Range(0, 40))
            await past.ReportAsync($"p{i}", -60, new Pair("x", 100, i % 7), new Pair("y", 10, 0, 1000L * (i + 1), 1500L * (i + 1)));

        JsonElement loss = await past.GetAsync("/api/v2/worst?limit=7&metrics=loss,sent");
        JsonElement slow = await past.GetAsync("/api/v2/worst?metric=rtt_p99&limit=2&metrics=sent");

        Assert.Equal(80, loss.GetProperty("of").GetInt64());
        Assert.Equal(["p13", "p20", "p27", "p34", "p6", "p12", "p19"], Sources(loss));
        Assert.Equal(
            """{"source":"p13","destination":"x","start":"2026-11-22T11:59:00Z","end":"2026-11-22T11:59:10Z","metrics":{"loss":0.06,"sent":100}}""",
            loss.GetProperty("rows")[0].GetRawText());
        Assert.Equal(["p39", "p38"], Sources(slow));
        Assert.Equal(50, (await past.GetAsync("/api/v2/worst")).GetProperty("rows").GetArrayLength());
        Assert.StartsWith(
            "source,destination,start,end,loss,sent\r\np13,x,2026-11-22T11:59:00Z,2026-11-22T11:59:10Z,0.06,100\r\n",
            (await past.Server.GetAsync("/api/v2/worst?metrics=loss,sent&format=csv")).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_of_the_past_outlive_the_server_that_they_happened_to()
    {
        await using Past past = await Past.StartAsync();
        HistoryEvent[] events =
        [
            .. Enumerable.Range(0, 5).Select(i => new HistoryEvent(
                Past.Noon.AddMinutes(i - 10), "joined", "g", $"p{i}", Encoding.UTF8.GetBytes($$"""{"sequence":9,"at":"x","kind":"x","group":"x","name":"x","address":"192.0.2.{{i}}","port":8100}"""))),
            new HistoryEvent(Past.Noon.AddMinutes(-1), "left", "h", "q", "damaged"u8.ToArray()),
        ];
        await past.Model.AppendAsync(events, CancellationToken.None);

        JsonElement all = await past.GetAsync("/api/v2/events?from=now-1h&limit=2");
        JsonElement group = await past.GetAsync("/api/v2/events?from=now-9m&to=now-7m&group=g");

        Assert.Equal(
            """[{"at":"2026-11-22T11:59:00Z","kind":"left","group":"h","name":"q"},{"at":"2026-11-22T11:54:00Z","kind":"joined","group":"g","name":"p4","address":"192.0.2.4","port":8100}]""",
            all.GetProperty("events").GetRawText());
        Assert.True(all.GetProperty("is_cut").GetBoolean());
        Assert.Equal(["p2", "p1"], group.GetProperty("events").EnumerateArray().Select(one => one.GetProperty("name").GetString()));
        Assert.False(group.GetProperty("is_cut").GetBoolean());
    }

    [Fact]
    public async Task What_is_kept_is_told()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("eu1-1", -60, new Pair("us1-1", 1, 0) { Class = 184 }, new Pair("plain", 1, 0));
        past.Model.Fault = "No space left on device.";

        Assert.Equal(
            """
            {"now":"2026-11-22T12:00:00Z","fault":"No space left on device.","levels":[{"name":"raw","step_s":0,"kept_s":null,"oldest":"2026-11-22T11:59:00Z","newest":"2026-11-22T11:59:10Z"}],
            "groups":[{"name":"g","sources":1,"destinations":2,"classes":[0,184],"source_tags":["rack","region"],"destination_tags":["rack","region"]}]}
            """.ReplaceLineEndings(""),
            (await past.GetAsync("/api/v2/history")).GetRawText());
    }

    private static IEnumerable<string?> Sources(JsonElement worst) => worst.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("source").GetString());
}
