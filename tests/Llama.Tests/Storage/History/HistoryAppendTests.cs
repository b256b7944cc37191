using Llama.Storage.History;
using static Llama.Tests.Storage.History.HistoryRig;

namespace Llama.Tests.Storage.History;

public sealed class HistoryAppendTests : IDisposable
{
    private readonly HistoryRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task What_was_taken_is_there_after_a_restart()
    {
        await using (SqliteHistoryStore store = _rig.Open())
        {
            Assert.True(await store.AppendAsync(Report("a", Noon, ("b", 10, 1), ("c", 20, 2)), default));
            Assert.True(await store.AppendAsync(Report("b", Noon, ("a", 5, 0)), default));
        }

        await using SqliteHistoryStore again = _rig.Open();
        Assert.Equal((35, 3), await SumAsync(again));
        HistoryGroup group = again.Find("g")!;
        Assert.Equal(["a", "b"], group.Sources.Select(source => source.Name));
        Assert.Equal(["b", "c", "a"], group.Destinations.Select(destination => destination.Name));
        Assert.Equal([0], group.Classes);
        Assert.Equal(["g"], again.Groups);
        Assert.Null(again.Find("other"));
        Assert.Empty(_rig.Warnings);
    }

    [Fact]
    public async Task A_report_counts_once_however_often_it_comes()
    {
        await using (SqliteHistoryStore store = _rig.Open())
        {
            Assert.True(await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default));
            Assert.False(await store.AppendAsync(Report("a", Noon, ("b", 99, 9)), default));
            _rig.Time.Pass(TimeSpan.FromHours(1));
            Assert.False(await store.AppendAsync(Report("a", Noon, ("b", 99, 9)), default));
        }

        await using SqliteHistoryStore again = _rig.Open();
        Assert.False(await again.AppendAsync(Report("a", Noon, ("b", 99, 9)), default));
        Assert.True(await again.AppendAsync(Report("A", Noon, ("b", 1, 0)), default));
        Assert.Equal((11, 1), await SumAsync(again));
    }

    [Fact]
    public async Task A_pair_that_is_twice_in_a_report_is_summed()
    {
        await using SqliteHistoryStore store = _rig.Open();

        await store.AppendAsync(Report("a", Noon, ("b", 10, 1), ("c", 1, 0), ("b", 30, 5)), default);

        var answered = new List<(string, long)>();
        await store.QueryAsync(
            new HistoryQuery { Group = "g", From = Noon, To = Noon.AddMinutes(1) },
            series => answered.Add((series.Destination, series.Points.Sum(point => point.Totals.Counts.Sent))),
            default);
        Assert.Equal([("b", 40), ("c", 1)], answered);
    }

    [Fact]
    public async Task The_newest_tags_count()
    {
        var report = new HistoryReport { Source = new HistorySource("g", "a", [new("rack", "1")]), Start = Noon, End = Noon.AddSeconds(30) };
        report.Add(new HistoryDestination { Name = "b", Address = "192.0.2.1", Port = 1, Tags = [new("rack", "1"), new("x", "\"ä\"")] }, 0);
        var later = new HistoryReport { Source = new HistorySource("g", "a", [new("rack", "2")]), Start = Noon.AddSeconds(30), End = Noon.AddSeconds(60) };
        later.Add(new HistoryDestination { Name = "b", Address = "192.0.2.2", Port = 2, Tags = [new("rack", "3"), new("x", "\"ä\"")] }, 46);
        await using (SqliteHistoryStore store = _rig.Open())
        {
            await store.AppendAsync(later, default);
            await store.AppendAsync(report, default);
        }

        await using SqliteHistoryStore again = _rig.Open();
        HistoryGroup group = again.Find("g")!;
        Assert.Equal([new("rack", "2")], Assert.Single(group.Sources).Tags);
        HistoryDestination destination = Assert.Single(group.Destinations);
        Assert.Equal(("192.0.2.2", 2), (destination.Address, destination.Port));
        Assert.Equal([new("rack", "3"), new("x", "\"ä\"")], destination.Tags);
        Assert.Equal([0, 46], group.Classes);
    }

    [Fact]
    public async Task Tags_that_change_with_every_report_are_stored_in_time()
    {
        await using (SqliteHistoryStore store = _rig.Open())
        {
            for (int i = 0; i < 10; i++)
            {
                HistoryReport report = Report("a", Noon.AddSeconds(30 * i), ("c", 1, 0));
                report.Add(new HistoryDestination { Name = "b", Address = $"192.0.2.{i}" }, 0);
                await store.AppendAsync(report, default);
            }

            Assert.Equal("192.0.2.9", store.Find("g")!.Destinations[1].Address);
            await store.RoundAsync(default);
        }

        await using SqliteHistoryStore again = _rig.Open();
        Assert.Equal("192.0.2.9", again.Find("g")!.Destinations[1].Address);
    }

    [Fact]
    public async Task Reports_that_come_at_once_are_all_kept()
    {
        bool[] kept;
        await using (SqliteHistoryStore store = _rig.Open())
        {
            kept = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(
                async () => await store.AppendAsync(Report($"s{i % 50}", Noon.AddSeconds(30 * (i / 100)), ($"d{i % 7}", 1, 0), ("all", 1, 1)), default))));
            Assert.Equal((200, 100), await SumAsync(store));
        }

        Assert.Equal(100, kept.Count(isNew => isNew));
        await using SqliteHistoryStore again = _rig.Open();
        Assert.Equal((200, 100), await SumAsync(again));
        Assert.Equal(50, again.Find("g")!.Sources.Count);
    }

    [Theory]
    [InlineData(25, false)]
    [InlineData(23, true)]
    [InlineData(-24 * 13, true)]
    [InlineData(-24 * 15, false)]
    public async Task A_report_of_a_time_that_cannot_be_is_not_kept(int hours, bool isKept)
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("b", Noon, ("a", 1, 0)), default);

        Assert.Equal(isKept, await store.AppendAsync(Report("a", Noon.AddHours(hours), ("b", 10, 1)), default));

        Assert.Equal(isKept ? 0 : 1, store.Refused);
        Assert.Equal((isKept ? 11 : 1, isKept ? 1 : 0), await SumAsync(store));
        if (!isKept) Assert.Contains("g/a", Assert.Single(_rig.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_is_another_one_after_every_report_before_its_moment_and_stays_otherwise()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("a", Noon, ("b", 1, 0)), default);
        await store.AppendAsync(Report("a", Noon.AddHours(-2), ("b", 1, 0)), default);
        long yesterday = store.Version("g", Noon.AddDays(-1)), hourAgo = store.Version("g", Noon.AddHours(-1)), now = store.Version("g", Noon.AddHours(1));

        await store.AppendAsync(Report("a", Noon.AddSeconds(30), ("b", 1, 0)), default);

        Assert.NotEqual(now, store.Version("g", Noon.AddHours(1)));
        Assert.Equal(hourAgo, store.Version("g", Noon.AddHours(-1)));
        await store.AppendAsync(Report("a", Noon.AddHours(-1).AddSeconds(-30), ("b", 1, 0)), default);
        Assert.NotEqual(hourAgo, store.Version("g", Noon.AddHours(-1)));
        Assert.Equal(yesterday, store.Version("g", Noon.AddDays(-1)));
        await store.AppendAsync(Report("a", Noon.AddDays(-9), ("b", 1, 0)), default);
        Assert.NotEqual(yesterday, store.Version("g", Noon.AddDays(-1)));
        long all = store.Version("g", Noon.AddHours(1));
        Assert.False(await store.AppendAsync(Report("a", Noon.AddDays(-9), ("b", 1, 0)), default));
        Assert.Equal(all, store.Version("g", Noon.AddHours(1)));
    }

    [Fact]
    public async Task A_version_does_not_come_again_after_a_restart()
    {
        var versions = new HashSet<long>();
        for (int i = 0; i < 3; i++)
        {
            await using SqliteHistoryStore store = _rig.Open();
            Assert.True(versions.Add(store.Version("g", Noon.AddHours(1))));
            await store.AppendAsync(Report("a", Noon.AddSeconds(30 * i), ("b", 1, 0)), default);
            Assert.True(versions.Add(store.Version("g", Noon.AddHours(1))));
        }
    }

    [Fact]
    public async Task Events_are_kept()
    {
        await using (SqliteHistoryStore store = _rig.Open())
            await store.AppendAsync([new HistoryEvent(Noon, "joined", "g", "a", "{}"u8.ToArray()), new HistoryEvent(Noon.AddSeconds(1), "left", "g", "a", "[]"u8.ToArray())], default);

        await using SqliteHistoryStore again = _rig.Open();
        IReadOnlyList<HistoryEvent> events = await again.EventsAsync("g", Noon, Noon.AddHours(1), 10, default);
        Assert.Equal(["left", "joined"], events.Select(happened => happened.Kind));
        Assert.Equal("[]"u8.ToArray(), events[0].Document.ToArray());
    }

    [Fact]
    public async Task A_directory_belongs_to_one_server_at_a_time_and_to_its_registry()
    {
        await using (await OpenRegistryAsync())
        await using (_rig.Open())
        {
            IOException refused = Assert.Throws<IOException>(() => { _rig.Open(); });
            Assert.Contains("another llama server has it", refused.Message, StringComparison.Ordinal);
        }

        await _rig.Open().DisposeAsync();
    }

    private Task<IAsyncDisposable> OpenRegistryAsync() =>
        Task.FromResult<IAsyncDisposable>(Llama.Storage.Registry.SqliteRegistryStore.Open(_rig.Data, _rig.Warnings.Add));
}
