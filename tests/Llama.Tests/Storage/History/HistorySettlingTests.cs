using FsCheck;
using FsCheck.Fluent;
using Llama.Storage.History;
using static Llama.Tests.Storage.History.HistoryRig;

namespace Llama.Tests.Storage.History;

public sealed class HistorySettlingTests : IDisposable
{
    private readonly HistoryRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Reports_are_settled_by_the_clock_once_their_ten_minutes_are_over()
    {
        await using SqliteHistoryStore store = _rig.Open();
        for (int i = 0; i < 20; i++) await store.AppendAsync(Report("a", Noon.AddSeconds(30 * i), ("b", 10, 1), ("c", 5, 0)), default);
        _rig.Time.Pass(TimeSpan.FromMinutes(10.5));
        Assert.Equal(20, (await store.StatisticsAsync(default)).JournalReports);

        _rig.Time.Pass(TimeSpan.FromMinutes(1));

        HistoryStatistics statistics = await store.StatisticsAsync(default);
        Assert.Equal((0, 0, 20), (statistics.JournalReports, statistics.JournalBytes, statistics.Reports));
        Assert.Equal([40, 20, 2, 2, 2], statistics.Levels.Select(level => level.Points));
        Assert.Equal([Noon, Noon, Noon, Noon, Noon.AddHours(-12)], statistics.Levels.Select(level => level.Oldest));
        Assert.Equal([10, 10, 10, 60, 24 * 60], statistics.Levels.Select(level => (level.Newest - level.Oldest)!.Value.TotalMinutes));
        Assert.Equal((300, 20), await SumAsync(store));
        Assert.Equal((15, 1), await SumAsync(store, Noon.AddSeconds(30), Noon.AddSeconds(60)));
    }

    [Fact]
    public async Task A_late_report_corrects_every_level()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default);
        _rig.Time.Pass(TimeSpan.FromHours(3));
        Assert.All(HistoryLevels.All, level => Assert.Equal((1, 1, 10, 1), Assert.Single(_rig.Level(level)).Value));

        await store.AppendAsync(Report("a", Noon.AddSeconds(30), ("b", 20, 2), ("d", 1, 1)), default);
        Assert.Equal((31, 4), await SumAsync(store));
        _rig.Time.Pass(TimeSpan.FromMinutes(10));

        Assert.Equal((31, 4), await SumAsync(store));
        foreach (HistoryLevel level in HistoryLevels.All)
        {
            Assert.Equal([(level == HistoryLevel.Raw ? 2 : 1, 2, 30, 3), (1, 1, 1, 1)], _rig.Level(level).Values);
        }
    }

    [Fact]
    public async Task Files_as_a_crash_leaves_them_hold_all_that_was_acknowledged()
    {
        using var after = new HistoryRig();
        await using SqliteHistoryStore store = _rig.Open();
        for (int i = 1; i <= 60; i++)
        {
            await store.AppendAsync(Report($"s{i % 3}", Noon.AddSeconds(30 * i), ($"d{i}", 10, 1), ("all", 10, 1)), default);
            if (i % 25 == 0) _rig.Time.Pass(TimeSpan.FromMinutes(10));
            if (i % 10 != 0) continue;
            after.Data = Path.Combine(after.Parent, $"{i}");
            Directory.CreateDirectory(after.Data);
            foreach (string suffix in (string[])["", "-wal"]) File.Copy(_rig.Database + suffix, after.Database + suffix);
            await using SqliteHistoryStore again = after.Open();
            Assert.Equal((20 * i, 2 * i), await SumAsync(again));
            Assert.Equal(i + 1, again.Find("g")!.Destinations.Count);
            await again.RoundAsync(default);
            Assert.Equal((20 * i, 2 * i), await SumAsync(again));
            Assert.Empty(after.Warnings);
        }
    }

    [Fact]
    public void Counts_are_exact_at_every_level_whatever_comes_when() => Prop.ForAll(
        Gen.Zip(
            Gen.Zip(Gen.Choose(0, 2), Gen.Choose(0, 150)),
            Gen.Zip(Gen.Elements(1, 3, 70), Gen.Zip(Gen.Choose(0, 9), Gen.Frequency((9, Gen.Constant(0)), (2, Gen.Constant(1)), (1, Gen.Constant(2)))))).ListOf().ToArbitrary(),
        steps =>
        {
            using var rig = new HistoryRig();
            Check(rig, [.. steps.Select(step => new Step(step.Item1.Item1, step.Item1.Item2, step.Item2.Item1, step.Item2.Item2.Item1, step.Item2.Item2.Item2))])
                .GetAwaiter().GetResult();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(25));

    /// <summary>A report of a source, of which interval, to how many destinations, with so many lost; and what is done then: 1 settles, 2 restarts.</summary>
    private sealed record Step(int Source, int Interval, int Destinations, int Lost, int Then);

    private static async Task Check(HistoryRig rig, IReadOnlyList<Step> steps)
    {
        // From before midnight to after it, so that no level has all of it in one row.
        DateTimeOffset begin = Noon.AddHours(-12).AddMinutes(-40);
        var truth = new Dictionary<(string Source, string Destination), (long Intervals, long Sent, long Lost)>();
        var taken = new HashSet<(int, int)>();
        SqliteHistoryStore store = rig.Open();
        foreach (Step step in steps)
        {
            DateTimeOffset start = begin.AddSeconds(30 * step.Interval);
            (string, int, int)[] pairs = [.. Enumerable.Range(0, step.Destinations).Select(number => ($"d{number}", 10 + number, step.Lost))];
            Assert.Equal(taken.Add((step.Source, step.Interval)), await store.AppendAsync(Report($"s{step.Source}", start, pairs), default));
            if (step.Then == 1) await store.RoundAsync(default);
            if (step.Then != 2) continue;
            await store.DisposeAsync();
            store = rig.Open();
        }

        foreach (Step step in steps.DistinctBy(step => (step.Source, step.Interval)))
        {
            for (int number = 0; number < step.Destinations; number++)
            {
                (long intervals, long sent, long lost) = truth.GetValueOrDefault(($"s{step.Source}", $"d{number}"));
                truth[($"s{step.Source}", $"d{number}")] = (intervals + 1, sent + 10 + number, lost + step.Lost);
            }
        }

        await using (store)
        {
            await store.RoundAsync(default);
            Assert.Equal((truth.Values.Sum(one => one.Sent), truth.Values.Sum(one => one.Lost)), await SumAsync(store));
            HistoryStatistics statistics = await store.StatisticsAsync(default);
            Assert.Equal((0, 0, taken.Count), (statistics.JournalReports, statistics.JournalBytes, statistics.Reports));
            foreach (HistoryLevelStatistics level in statistics.Levels)
            {
                var rows = rig.Level(level.Level);
                Assert.Equal(rows.Values.Sum(one => one.Points), level.Points);
                string table = HistorySchema.Table(level.Level);
                Assert.Equal(rig.Ask($"SELECT ifnull(sum(length(counts) + length(detail) + 8), 0) FROM {table}"), level.Bytes);
                Assert.Equal(level.Points, rig.Ask($"SELECT ifnull(sum(points), 0) FROM {table}"));
                Assert.Equal(truth.Count, rows.Count);
                Assert.Equal(truth.Values.Order(), rows.Values.Select(one => (one.Intervals, one.Sent, one.Lost)).Order());
            }
        }
    }
}
