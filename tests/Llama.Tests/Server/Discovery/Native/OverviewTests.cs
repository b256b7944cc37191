using System.Globalization;
using System.Text;
using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using static Llama.Tests.Server.Discovery.Native.NativeServer;
using static Llama.Tests.Server.Intake.Pushes;

namespace Llama.Tests.Server.Discovery.Native;

/// <summary>GET /api/v2/overview, and what /api/v2/probes tells of a probe's health.</summary>
public sealed class OverviewTests
{
    [Fact]
    public async Task It_tells_how_a_group_does_now()
    {
        await using NativeServer server = await StartAsync(configuration: Group("g", new GroupSettings { Classes = [0, 184] }));
        foreach (string name in new[] { "a", "b", "c" }) await JoinAsync(server, name);
        await PushAsync(
            server,
            "a",
            At(0, To("b", 1, 1000) with { Counts = new() { Sent = 4, Received = 3, Lost = 1, LostForward = 1, LostReverse = 0 } }, To("c", 0, 1000, 1000), To("b", 2) with { Class = 184 }));
        await PushAsync(server, "b", At(10, To("a", 0, 1000)) with { Health = new CollectorHealth { Suspect = [SuspectReason.LateSends] } });
        server.Time.Pass(TimeSpan.FromSeconds(20));

        Reply reply = await server.GetAsync("/api/v2/overview");

        Assert.Equal(
            """
            {"now":"2026-11-22T12:00:20Z","groups_left_out":0,"groups":[{"name":"g","probes":3,"reporting":2,"silent":[],"silent_count":0,
            "pairs_expected":12,"pairs_measured":4,"pairs_lossy":2,"pairs_suspect":1,"pairs_stale":0,"sent":9,"lost":3,"loss":0.333333333,"newest":"2026-11-22T12:00:20Z",
            "worst":[{"source":"a","destination":"b","class":184,"class_name":"EF","loss":1,"loss_forward":null,"loss_reverse":null,"suspect":false},
            {"source":"a","destination":"b","class":0,"class_name":"CS0","loss":0.25,"loss_forward":0.25,"loss_reverse":0,"suspect":false}]}]}
            """.ReplaceLineEndings(""),
            reply.Text);
    }

    [Fact]
    public async Task Who_should_report_and_does_not_is_silent()
    {
        await using NativeServer server = await StartAsync();
        foreach (string name in new[] { "a", "b", "c" }) await JoinAsync(server, name);
        await server.JoinAsync("never pushes");
        await PushAsync(server, "a", At(0, To("b", 0, 1000)));
        await PushAsync(server, "b", At(0));
        Assert.Equal((2, 0, ""), Reports(await OverviewAsync(server)));

        server.Time.Pass(TimeSpan.FromSeconds(101));
        await JoinAsync(server, "new");
        await PushAsync(server, "b", At(80));

        Assert.Equal((1, 2, "a, c"), Reports(await OverviewAsync(server)));
        server.Time.Pass(TimeSpan.FromSeconds(95));
        Assert.Equal((0, 4, "a, b, c, new"), Reports(await OverviewAsync(server)));
    }

    [Fact]
    public async Task A_few_of_many_silent_ones_are_named()
    {
        await using NativeServer server = await StartAsync();
        for (int i = 0; i < 15; i++) await JoinAsync(server, $"p{i}");
        server.Time.Pass(TimeSpan.FromSeconds(95));

        (_, int count, string named) = Reports(await OverviewAsync(server));

        Assert.Equal((15, 10), (count, named.Split(", ").Length));
    }

    [Fact]
    public async Task What_gets_no_news_is_stale_and_counts_no_more()
    {
        await using NativeServer server = await StartAsync();
        await JoinAsync(server, "a");
        await PushAsync(server, "a", At(0, To("b", 1, 1000), To("c", 0, 1000)));
        server.Time.Pass(TimeSpan.FromSeconds(100));
        Assert.Equal((2, 0, 1), Pairs(await OverviewAsync(server)));
        await PushAsync(server, "a", At(90, To("c", 0, 1000)));
        server.Time.Pass(TimeSpan.FromSeconds(0.1));

        JsonElement group = await OverviewAsync(server);

        Assert.Equal((1, 1, 0), Pairs(group));
        Assert.Equal("0", group.GetProperty("loss").GetRawText());
        Assert.Equal(0, group.GetProperty("worst").GetArrayLength());
        server.Time.Pass(TimeSpan.FromSeconds(100));
        group = await OverviewAsync(server);
        Assert.Equal((0, 2, 0), Pairs(group));
        Assert.Equal(JsonValueKind.Null, group.GetProperty("loss").ValueKind);
    }

    [Fact]
    public async Task Its_tag_changes_with_what_it_tells_and_with_nothing_else()
    {
        await using NativeServer server = await StartAsync();
        await JoinAsync(server, "a");
        await PushAsync(server, "a", At(0, To("b", 1, 1000)));
        string known = (await server.GetAsync("/api/v2/overview"))["ETag"]!;
        Task<Reply> Again() => server.GetAsync("/api/v2/overview", null, ("If-None-Match", known));

        server.Time.Pass(TimeSpan.FromSeconds(30));
        Reply unchanged = await Again();
        server.Time.Pass(TimeSpan.FromSeconds(70.1));
        Reply stale = await Again();
        known = stale["ETag"]!;
        await PushAsync(server, "a", At(90, To("b", 1, 1000)));
        Reply reported = await Again();
        known = reported["ETag"]!;
        await JoinAsync(server, "b");
        Reply joined = await Again();

        Assert.Equal((304, 200, 200, 200), (unchanged.Status, stale.Status, reported.Status, joined.Status));
        Assert.Empty(unchanged.Body);
        Assert.Empty((await server.SendAsync("HEAD", "/api/v2/overview")).Body);
    }

    [Fact]
    public async Task The_pairs_that_lose_most_come_first()
    {
        await using NativeServer server = await StartAsync();
        foreach (string name in new[] { "a", "b" }) await JoinAsync(server, name);
        await PushAsync(server, "a", At(0, To("e", 1, 1000), To("d", 1), To("c", 2), To("b", 1, 1000, 1000)));
        await PushAsync(server, "b", At(0, To("f", 1), To("g", 1, 1000)));

        static string Worst(JsonElement group) =>
            string.Join(' ', group.GetProperty("worst").EnumerateArray().Select(pair => $"{pair.GetProperty("source")}{pair.GetProperty("destination")}"));

        Assert.Equal("ac ad bf ae bg ab", Worst(await OverviewAsync(server)));
        Assert.Equal("ac ad bf ae", Worst(await OverviewAsync(server, "?limit=4")));
    }

    [Fact]
    public async Task Groups_are_those_with_probes_with_results_and_in_the_configuration()
    {
        await using NativeServer server = await StartAsync(configuration: new ServerConfiguration
        {
            Groups = new Dictionary<string, GroupSettings> { ["s"] = new() { Plan = new SamplePlan(1), Classes = [0, 8, 184] }, ["t"] = new() },
            Between = [new CrossTest("g", "s", null)],
        });
        foreach (string name in new[] { "a", "b" }) await server.JoinAsync(name, "g");
        foreach (string name in new[] { "c", "d", "e" }) await server.JoinAsync(name, "s");

        JsonElement[] groups = [.. (await server.GetAsync("/api/v2/overview")).Json.GetProperty("groups").EnumerateArray()];

        Assert.Equal(["g", "s", "t"], groups.Select(group => group.GetProperty("name").GetString()));
        Assert.Equal([2, 3, 0], groups.Select(group => group.GetProperty("probes").GetInt32()));
        Assert.Equal([2 + 2 * 3, 3 * 3, 0], groups.Select(group => group.GetProperty("pairs_expected").GetInt32()));
        Assert.Equal("s", (await OverviewAsync(server, "?group=s")).GetProperty("name").GetString());
        (await server.GetAsync("/api/v2/overview?group=none")).Problem(404);
        Assert.Contains("The parameter limit is", (await server.GetAsync("/api/v2/overview?limit=0")).Problem(400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_far_in_the_future_makes_nothing_newest_and_breaks_nothing()
    {
        await using NativeServer server = await StartAsync();
        await JoinAsync(server, "a");
        DateTimeOffset last = DateTimeOffset.MaxValue;
        await PushAsync(server, "a", At(0, To("b", 1, 1000)) with { Start = last.AddSeconds(-10), End = last });

        JsonElement group = await OverviewAsync(server);

        Assert.Equal(JsonValueKind.Null, group.GetProperty("newest").ValueKind);
        Assert.Equal((1, 0, 1), Pairs(group));
        Assert.Equal(200, (await server.GetAsync("/api/v2/matrix?group=g&metrics=all")).Status);
        await PushAsync(server, "a", At(0, To("b", 0, 1000)));
        Assert.Equal("2026-11-22T12:00:10Z", (await OverviewAsync(server)).GetProperty("newest").GetString());
    }

    [Fact]
    public async Task It_takes_the_read_token()
    {
        await using NativeServer server = await StartAsync(new DiscoveryOptions { ReadToken = "look" });

        (await server.GetAsync("/api/v2/overview")).Problem(401);
        Assert.Equal("[]", (await server.GetAsync("/api/v2/overview", "look")).Json.GetProperty("groups").GetRawText());
    }

    [Fact]
    public async Task A_probe_shows_what_its_newest_report_told_of_itself()
    {
        await using NativeServer server = await StartAsync();
        await JoinAsync(server, "a");
        async Task<string> HealthAsync() => (await server.GetAsync("/api/v2/groups/g/probes/a")).Json.GetProperty("health").GetRawText();
        Assert.Equal("null", await HealthAsync());

        await PushAsync(server, "a", At(10, To("b", 0, 1000), To("c", 1)) with
        {
            Health = new CollectorHealth
            {
                SendLatenessP99Nanos = 11_000_000,
                SkippedSends = 3,
                SendErrors = 4,
                ReceiveDrops = 5,
                UnmatchedReplies = 6,
                ClockSteps = 1,
                GarbageCollectionPause = TimeSpan.FromMilliseconds(1.5),
                CpuPressure = 0.25,
                Suspect = [SuspectReason.LateSends, SuspectReason.ClockStep],
            },
        });
        await PushAsync(server, "a", At(0, To("b", 0, 1000)));

        Assert.Equal(
            """
            {"start":"2026-11-22T12:00:10Z","end":"2026-11-22T12:00:20Z","suspect":["late_sends","clock_step"],"pairs":2,"send_lateness_p99_ns":11000000,
            "skipped_sends":3,"send_errors":4,"receive_drops":5,"unmatched_replies":6,"clock_steps":1,"gc_pause_ns":1500000,"cpu_pressure_ratio":0.25}
            """.ReplaceLineEndings(""),
            await HealthAsync());
        Assert.Equal(await HealthAsync(), (await server.GetAsync("/api/v2/probes")).Json.GetProperty("probes")[0].GetProperty("health").GetRawText());
    }

    [Theory]
    [InlineData("[\"sunspots\"]", "[\"other\"]")]
    [InlineData("[\"late_sends\",\"sunspots\"]", "[\"late_sends\"]")]
    [InlineData("[]", "[]")]
    public async Task Reasons_that_only_a_later_version_knows_are_others_and_what_was_not_told_is_null(string told, string shown)
    {
        await using NativeServer server = await StartAsync();
        await JoinAsync(server, "a");
        Reply pushed = await server.SendAsync("POST", "/api/v2/summaries", $$"""
            {"probe":{"group":"g","name":"a","instance":"{{InstanceOf("a")}}"},
             "reports":[{"start":"2026-11-22T12:00:00Z","end":"2026-11-22T12:00:10Z","suspect":{{told}},"summaries":[]}]}
            """);
        Assert.True(pushed.Status == 200, pushed.Text);

        JsonElement health = (await server.GetAsync("/api/v2/groups/g/probes/a")).Json.GetProperty("health");

        Assert.Equal(shown, health.GetProperty("suspect").GetRawText());
        Assert.Equal(JsonValueKind.Null, health.GetProperty("skipped_sends").ValueKind);
    }

    [Fact]
    public async Task A_probe_shows_how_its_clock_stands()
    {
        await using NativeServer server = await StartAsync(new DiscoveryOptions
        {
            Echo = (to, _, _) => Task.FromResult<Llama.Engine.Probing.EchoReply?>(new(to.Port == 8100 ? new(-5_000_000, 120_000) : null)),
        });
        await JoinAsync(server, "a");
        async Task<string> ClockAsync()
        {
            JsonElement probe = (await server.GetAsync("/api/v2/groups/g/probes/a")).Json;
            return string.Create(CultureInfo.InvariantCulture, $"{probe.GetProperty("clock_offset_ns").GetRawText()} {probe.GetProperty("clock_offset_error_ns").GetRawText()}");
        }

        await Joining.UntilAsync(async () =>
        {
            server.Time.Pass(TimeSpan.FromSeconds(0.1));
            return await ClockAsync() == "-5000000 120000";
        });
    }

    private static async Task<JsonElement> OverviewAsync(NativeServer server, string query = "")
    {
        Reply reply = await server.GetAsync($"/api/v2/overview{query}");
        Assert.True(reply.Status == 200, reply.Text);
        return reply.Json.GetProperty("groups").EnumerateArray().Single();
    }

    private static (int Reporting, int Silent, string Names) Reports(JsonElement group) => (
        group.GetProperty("reporting").GetInt32(),
        group.GetProperty("silent_count").GetInt32(),
        string.Join(", ", group.GetProperty("silent").EnumerateArray().Select(name => name.GetString())));

    private static (int Measured, int Stale, int Lossy) Pairs(JsonElement group) => (
        group.GetProperty("pairs_measured").GetInt32(), group.GetProperty("pairs_stale").GetInt32(), group.GetProperty("pairs_lossy").GetInt32());

    private static async Task JoinAsync(NativeServer server, string name)
    {
        Reply joined = await server.SendAsync("PUT", $"/api/v2/groups/g/probes/{name}", $$"""{"port":8100,"instance":"{{InstanceOf(name)}}","pushes":true}""");
        Assert.Equal(201, joined.Status);
    }

    private static async Task PushAsync(NativeServer server, string name, params IntervalReport[] reports)
    {
        Reply pushed = await server.SendAsync("POST", "/api/v2/summaries", Encoding.UTF8.GetString(Body("g", name, InstanceOf(name), reports)));
        Assert.True(pushed.Status == 200, pushed.Text);
    }
}
