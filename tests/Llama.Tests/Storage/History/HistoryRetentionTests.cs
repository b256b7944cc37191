using Llama.Storage.History;
using static Llama.Tests.Storage.History.HistoryRig;

namespace Llama.Tests.Storage.History;

public sealed class HistoryRetentionTests : IDisposable
{
    private readonly HistoryRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Each_level_is_kept_as_long_as_it_says()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default);
        await store.AppendAsync([new HistoryEvent(Noon, "joined", "g", "a", "{}"u8.ToArray())], default);
        (int Days, int Levels, int Reports)[] kept = [(1, 5, 1), (3, 4, 1), (13, 4, 1), (15, 3, 0), (61, 2, 0), (366, 1, 0)];
        int day = 0;
        foreach ((int days, int levels, int reports) in kept)
        {
            _rig.Time.StepWall(TimeSpan.FromDays(days - day));
            day = days;
            await store.AppendAsync(Report("z", Noon.AddDays(days), ("z", 0, 0)), default);
            await store.RoundAsync(default);

            Assert.Equal(levels, HistoryLevels.All.Count(level => _rig.Level(level).ContainsKey((1, 0, 0))));
            Assert.Equal((10, 1), await SumAsync(store, Noon.AddHours(-13), Noon.AddHours(13)));
            Assert.Equal(reports, _rig.Ask($"SELECT count(*) FROM report WHERE source = 1"));
            await AssertTallyAsync(store);
        }

        _rig.Time.StepWall(TimeSpan.FromDays(5 * 365 + 5 - day));
        await store.AppendAsync(Report("z", Noon.AddDays(5 * 365 + 5), ("z", 0, 0)), default);
        await store.RoundAsync(default);
        Assert.Equal((0, 0), await SumAsync(store, Noon.AddHours(-13), Noon.AddHours(13)));
        Assert.Equal(["z"], store.Find("g")!.Sources.Select(source => source.Name));
        Assert.Equal(["z"], store.Find("g")!.Destinations.Select(destination => destination.Name));
        Assert.Empty(await store.EventsAsync(null, Noon.AddYears(-1), Noon.AddYears(9), 10, default));
        await AssertTallyAsync(store);
    }

    [Fact]
    public async Task Numbers_of_those_who_are_gone_are_given_again()
    {
        _rig.Retention = Short;
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("a", Noon, ("b", 10, 1), ("c", 5, 0)), default);
        _rig.Time.StepWall(TimeSpan.FromDays(6));
        await store.AppendAsync(Report("z", Noon.AddDays(6), ("c", 1, 0)), default);
        _rig.Time.Pass(TimeSpan.FromHours(1));

        await store.AppendAsync(Report("z", Noon.AddDays(6).AddHours(1), ("d", 1, 1)), default);

        Assert.Equal(["c", "d"], store.Find("g")!.Destinations.Select(destination => destination.Name).Order());
        await store.DisposeAsync();
        await using SqliteHistoryStore again = _rig.Open();
        Assert.Equal(["d", "c"], again.Find("g")!.Destinations.Select(destination => destination.Name));
        Assert.Equal((2, 1), await SumAsync(again));
    }

    [Fact]
    public async Task A_late_report_goes_to_the_levels_that_still_have_its_time()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default);
        _rig.Time.StepWall(TimeSpan.FromDays(5));
        await store.AppendAsync(Report("z", Noon.AddDays(5), ("z", 0, 0)), default);
        _rig.Time.Pass(TimeSpan.FromMinutes(20));

        Assert.True(await store.AppendAsync(Report("a", Noon.AddSeconds(30), ("b", 20, 2)), default));
        _rig.Time.Pass(TimeSpan.FromMinutes(20));

        Assert.False(_rig.Level(HistoryLevel.Raw).ContainsKey((1, 0, 0)));
        foreach (HistoryLevel level in HistoryLevels.All.Skip(1)) Assert.Equal((1, 2, 30, 3), _rig.Level(level)[(1, 0, 0)]);
        Assert.Equal((30, 3), await SumAsync(store, Noon, Noon.AddHours(1)));
    }

    [Fact]
    public async Task A_clock_far_ahead_drops_nothing()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default);
        _rig.Time.Pass(TimeSpan.FromHours(1));

        _rig.Time.StepWall(TimeSpan.FromDays(3650));
        await store.RoundAsync(default);
        Assert.True(await store.AppendAsync(Report("a", Noon.AddHours(1), ("b", 10, 1)), default));
        _rig.Time.StepWall(TimeSpan.FromDays(-3650));
        await store.RoundAsync(default);

        Assert.Equal((20, 2), await SumAsync(store));
        Assert.All(HistoryLevels.All, level => Assert.NotEmpty(_rig.Level(level)));
    }

    [Fact]
    public async Task A_shorter_memory_of_reports_is_not_forgotten_when_it_is_made_longer()
    {
        _rig.Retention = Short;
        await using (SqliteHistoryStore store = _rig.Open())
        {
            await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default);
            _rig.Time.Pass(TimeSpan.FromHours(8));
            await store.AppendAsync(Report("a", Noon.AddHours(8), ("b", 10, 1)), default);
            await store.RoundAsync(default);
        }

        _rig.Retention = new HistoryRetention();
        await using SqliteHistoryStore again = _rig.Open();
        Assert.False(await again.AppendAsync(Report("a", Noon, ("b", 10, 1)), default));
        Assert.Equal(1, again.Refused);
    }

    private static HistoryRetention Short => new()
    {
        Raw = TimeSpan.FromHours(1),
        Minute = TimeSpan.FromHours(2),
        TenMinutes = TimeSpan.FromHours(3),
        Hour = TimeSpan.FromHours(6),
        Day = TimeSpan.FromDays(1),
    };

    private async Task AssertTallyAsync(SqliteHistoryStore store)
    {
        HistoryStatistics statistics = await store.StatisticsAsync(default);
        Assert.Equal(_rig.Ask("SELECT count(*) FROM report"), statistics.Reports);
        foreach (HistoryLevelStatistics level in statistics.Levels)
        {
            Assert.Equal(_rig.Ask($"SELECT ifnull(sum(points), 0) FROM {HistorySchema.Table(level.Level)}"), level.Points);
            Assert.Equal(_rig.Ask($"SELECT ifnull(sum(length(counts) + length(detail) + 8), 0) FROM {HistorySchema.Table(level.Level)}"), level.Bytes);
        }
    }
}
