using System.Text.Json;
using Llama.Storage.History;
using Llama.Tests.Server.Discovery.Native;

namespace Llama.Tests.Server.History;

/// <summary>GET of /api/v2/timeline.</summary>
public sealed class PastTimelineTests
{
    [Fact]
    public async Task A_timeline_tells_of_the_group_as_a_whole_and_of_its_worst_pair()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -130, new Pair("b", 10, 0), new Pair("c", 10, 0));
        await past.ReportAsync("a", -50, new Pair("b", 10, 1), new Pair("c", 30, 0));
        await past.ReportAsync("b", -40, new Pair("a", 10, 0));
        await past.ReportAsync("a", -20, new Pair("b", 10, 4));

        JsonElement answer = await past.GetAsync("/api/v2/timeline?group=g&from=now-150s&step=1m");

        Assert.Equal(
            """
            {"group":"g","class":0,"class_name":"CS0","from":"2026-11-22T11:57:00Z","to":"2026-11-22T12:00:00Z","step_ms":60000,
            "units":{"loss":"ratio","worst_loss":"ratio","lossy_pairs":"pairs","pairs":"pairs"},"at_ms":[1795348620000,1795348740000],
            "metrics":{"loss":[0,0.083333333],"worst_loss":[0,0.25],"lossy_pairs":[0,1],"pairs":[2,3]},
            "oldest":"2026-11-22T11:57:50Z","newest":"2026-11-22T11:59:50Z"}
            """.ReplaceLineEndings(""),
            answer.GetRawText());
    }

    [Fact]
    public async Task The_class_and_the_pairs_that_are_asked_for_count()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("eu1-1", -50, new Pair("us1-1", 10, 1), new Pair("us1-1", 10, 5) { Class = 184 }, new Pair("eu1-2", 10, 0));
        await past.ReportAsync("us1-1", -50, new Pair("eu1-1", 10, 10));

        JsonElement all = await past.GetAsync("/api/v2/timeline?class=all&step=10m");
        JsonElement ef = await past.GetAsync("/api/v2/timeline?class=EF&step=10m");
        JsonElement fromEurope = await past.GetAsync("/api/v2/timeline?source=region=eu&step=10m");
        JsonElement byRegion = await past.GetAsync("/api/v2/timeline?source=region=eu&by=region&step=10m");

        Assert.Equal(("[0.4]", "[1]", "[3]"), Told(all));
        Assert.Equal(("[0.5]", "[0.5]", "[1]"), Told(ef));
        Assert.Equal(("[0.05]", "[0.1]", "[2]"), Told(fromEurope));
        Assert.Equal(("[0.05]", "[0.1]", "[2]"), Told(byRegion));
        Assert.Equal(JsonValueKind.Null, all.GetProperty("class").ValueKind);

        static (string Loss, string Worst, string Pairs) Told(JsonElement answer) =>
            (Values(answer, "loss"), Values(answer, "worst_loss"), Values(answer, "pairs"));
    }

    [Fact]
    public async Task A_pair_that_sent_nothing_was_not_measured()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -50, new Pair("b", 0, 0));

        JsonElement nothing = await past.GetAsync("/api/v2/timeline?step=1m");
        await past.ReportAsync("a", -40, new Pair("c", 10, 0));
        JsonElement one = await past.GetAsync("/api/v2/timeline?step=1m");

        Assert.Equal("[]", nothing.GetProperty("at_ms").GetRawText());
        Assert.Equal(JsonValueKind.Null, nothing.GetProperty("oldest").ValueKind);
        Assert.Equal("[1]", Values(one, "pairs"));
        Assert.Equal("[0]", Values(one, "worst_loss"));
    }

    [Fact]
    public async Task A_step_is_chosen_where_none_is_given()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 10, 10));

        Assert.Equal(30_000, await StepAsync(past, ""));
        Assert.Equal(300_000, await StepAsync(past, "from=now-6h"));
    }

    [Fact]
    public async Task A_step_is_as_long_as_what_is_kept_of_that_time()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 10, 10));
        past.Model.Levels =
        [
            new HistoryLevelSpan(HistoryLevel.Raw, null, Past.Noon.AddHours(-1), Past.Noon),
            new HistoryLevelSpan(HistoryLevel.Minute, null, Past.Noon.AddHours(-2), Past.Noon),
            new HistoryLevelSpan(HistoryLevel.TenMinutes, null, Past.Noon.AddDays(-1), Past.Noon),
        ];

        Assert.Equal(10_000, await StepAsync(past, "from=now-10m&step=10s"));
        Assert.Equal(60_000, await StepAsync(past, "from=now-90m&step=10s"));
        Assert.Equal(600_000, await StepAsync(past, "from=now-5h&step=10s"));
        Assert.Equal(1_800_000, await StepAsync(past, "from=now-5h&step=30m"));
    }

    [Fact]
    public async Task A_young_history_comes_in_short_steps_though_days_begin_before_it()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 10, 10));
        DateTimeOffset began = Past.Noon.AddMinutes(-43);
        past.Model.Levels =
        [
            new HistoryLevelSpan(HistoryLevel.Raw, null, began, Past.Noon),
            new HistoryLevelSpan(HistoryLevel.TenMinutes, null, began.AddMinutes(-7), Past.Noon),
            new HistoryLevelSpan(HistoryLevel.Day, null, Past.Noon.AddHours(-12), Past.Noon.AddHours(12)),
        ];

        Assert.Equal(300_000, await StepAsync(past, "from=now-6h"));
        Assert.Equal(300_000, await StepAsync(past, "from=now-40m&step=5m"));
    }

    [Fact]
    public async Task A_wide_group_comes_in_longer_steps_rather_than_late()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 10, 10));
        HistoryLevelSpan Level(HistoryLevel level, double gigabytesOfAnHour) =>
            new(level, null, Past.Noon.AddHours(-10), Past.Noon, (long)(gigabytesOfAnHour * 10 * 1e9));
        past.Model.Levels = [Level(HistoryLevel.Raw, 2), Level(HistoryLevel.Minute, 1), Level(HistoryLevel.TenMinutes, 0.2), Level(HistoryLevel.Hour, 0.03)];

        Assert.Equal(30_000, await StepAsync(past, "from=now-30m&step=30s"));
        Assert.Equal(60_000, await StepAsync(past, "from=now-1h"));
        Assert.Equal(600_000, await StepAsync(past, "from=now-6h&step=1m"));
        Assert.Equal(3_600_000, await StepAsync(past, "from=now-10h&step=30m"));
    }

    [Fact]
    public async Task A_wide_group_that_has_just_begun_is_read_whole()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 10, 10));
        past.Model.Levels =
        [
            new HistoryLevelSpan(HistoryLevel.Raw, null, Past.Noon.AddMinutes(-2), Past.Noon, 60_000_000),
            new HistoryLevelSpan(HistoryLevel.Day, null, Past.Noon.AddHours(-12), Past.Noon.AddHours(12), 60_000_000),
        ];

        Assert.Equal(300_000, await StepAsync(past, "from=now-6h"));
    }

    [Fact]
    public async Task A_timeline_comes_as_csv_and_is_known_by_its_etag()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 10, 1));

        Reply csv = await past.Server.GetAsync("/api/v2/timeline?from=now-1m&step=1m&format=csv");
        Reply again = await past.Server.GetAsync("/api/v2/timeline?from=now-1m&step=1m&format=csv", headers: ("If-None-Match", csv["ETag"]!));
        await past.ReportAsync("a", -10, new Pair("b", 10, 0));
        Reply changed = await past.Server.GetAsync("/api/v2/timeline?from=now-1m&step=1m&format=csv", headers: ("If-None-Match", csv["ETag"]!));

        Assert.Equal("start,loss,worst_loss,lossy_pairs,pairs\r\n2026-11-22T11:59:00Z,0.1,0.1,1,1\r\n", csv.Text);
        Assert.Equal((304, 200), (again.Status, changed.Status));
        Assert.Contains("0.05", changed.Text, StringComparison.Ordinal);
    }

    private static async Task<long> StepAsync(Past past, string query) => (await past.GetAsync($"/api/v2/timeline?{query}")).GetProperty("step_ms").GetInt64();

    private static string Values(JsonElement answer, string metric) => answer.GetProperty("metrics").GetProperty(metric).GetRawText();
}
