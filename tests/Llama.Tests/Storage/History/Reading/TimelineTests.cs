using FsCheck;
using FsCheck.Fluent;
using Llama.Storage.History;

namespace Llama.Tests.Storage.History.Reading;

/// <summary>A group as a whole over time, against what the simple way gives.</summary>
public sealed class TimelineTests : IDisposable
{
    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(6), TimeSpan.FromDays(1),
    ];

    private static readonly TimeSpan AYear = TimeSpan.FromDays(365);

    private readonly HistoryRig _rig = new() { Retention = new HistoryRetention { Raw = AYear, Minute = AYear, TenMinutes = AYear, Hour = AYear, Day = AYear } };

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Timelines_are_those_of_the_simple_way_while_reports_come_late_and_are_settled() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
        seed => AppendsAndAsks(seed).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(12));

    [Fact]
    public async Task Worst_pair_of_a_step_is_the_one_that_lost_most_of_what_it_sent()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon, ("b", 100, 10), ("c", 4, 1), ("d", 10, 0)), default);
        await store.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon.AddSeconds(30), ("b", 100, 0), ("c", 4, 1), ("d", 0, 0)), default);

        HistoryTimeline timeline = await store.TimelineAsync(Query(HistoryRig.Noon.AddSeconds(10), HistoryRig.Noon.AddSeconds(40), TimeSpan.FromMinutes(1)), default);

        TimelineStep step = Assert.Single(timeline.Steps);
        Assert.Equal((HistoryRig.Noon, HistoryRig.Noon.AddMinutes(1)), (timeline.From, timeline.To));
        Assert.Equal((HistoryRig.Noon, HistoryRig.Noon, HistoryRig.Noon.AddMinutes(1)), (step.At, step.Start, step.End));
        Assert.Equal((3, 2, 218, 12), (step.Pairs, step.LossyPairs, step.Sent, step.Lost));
        Assert.Equal((8, 2), (step.WorstSent, step.WorstLost));
    }

    [Fact]
    public async Task Step_that_is_remembered_is_read_again_once_something_came_that_is_in_it()
    {
        await using SqliteHistoryStore store = _rig.Open();
        HistoryQuery query = Query(HistoryRig.Noon, HistoryRig.Noon.AddHours(1), TimeSpan.FromMinutes(10));
        await store.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon, ("b", 10, 1)), default);
        await store.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon.AddMinutes(30), ("b", 10, 2)), default);
        Assert.Equal((long[])[1, 2], await LostAsync());

        // Behind its back nothing is noticed: it is not read again.
        _rig.Run("DELETE FROM journal");
        Assert.Equal((long[])[1, 2], await LostAsync());

        await store.AppendAsync(HistoryRig.Report("late", HistoryRig.Noon.AddMinutes(31), ("b", 10, 4)), default);
        Assert.Equal((long[])[1, 4], await LostAsync());

        async Task<long[]> LostAsync() => [.. (await store.TimelineAsync(query, default)).Steps.Select(step => step.Lost)];
    }

    [Fact]
    public async Task What_was_pruned_is_not_remembered()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon.AddDays(-3), ("b", 10, 1)), default);
        await store.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon, ("b", 10, 2)), default);
        await store.RoundAsync(default);
        HistoryQuery query = Query(HistoryRig.Noon.AddDays(-5), HistoryRig.Noon.AddDays(1), TimeSpan.FromHours(1));
        Assert.Equal([1, 2], (await store.TimelineAsync(query, default)).Steps.Select(step => step.Lost));

        await store.PruneAsync(HistoryRig.Noon.AddDays(-1), null, default);

        Assert.Equal([2], (await store.TimelineAsync(query, default)).Steps.Select(step => step.Lost));
    }

    [Fact]
    public async Task Timeline_of_too_many_steps_is_refused_in_words()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon, ("b", 10, 1)), default);
        HistoryQuery query = Query(HistoryRig.Noon, HistoryRig.Noon.AddHours(1), TimeSpan.FromSeconds(1)) with { MaxPoints = 100 };

        HistoryLimitException refusal = await Assert.ThrowsAsync<HistoryLimitException>(() => store.TimelineAsync(query, default));

        Assert.Contains("longer step", refusal.Message, StringComparison.Ordinal);
        Assert.Empty((await store.TimelineAsync(query with { Group = "nobody" }, default)).Steps);
        Assert.Empty((await store.TimelineAsync(query with { To = query.From }, default)).Steps);
    }

    private static HistoryQuery Query(DateTimeOffset from, DateTimeOffset to, TimeSpan step) => new() { Group = "g", From = from, To = to, Step = step };

    private static async Task AppendsAndAsks(int seed)
    {
        var random = new Random(seed);
        using var rig = new HistoryRig { Retention = new HistoryRetention { Raw = AYear, Minute = AYear, TenMinutes = AYear, Hour = AYear, Day = AYear } };
        await using SqliteHistoryStore store = rig.Open();
        await using var model = new HistoryModel();
        foreach (HistoryReport report in new RandomReports(seed).Take(80))
        {
            await model.AppendAsync(report, default);
            await store.AppendAsync(report, default);
            if (random.Next(20) == 0) await store.RoundAsync(default);
            if (random.Next(4) == 0) await AsksTheSame(store, model, random);
        }

        await AsksTheSame(store, model, random);
    }

    private static async Task AsksTheSame(SqliteHistoryStore store, HistoryModel model, Random random)
    {
        string?[] labels = [HistoryQuery.ByName, "site", null];
        bool isPlain = random.Next(3) > 0;
        DateTimeOffset from = RandomReports.First.AddSeconds(random.Next(0, 3 * 86400));
        var query = new HistoryQuery
        {
            Group = RandomReports.Group,
            From = from,
            To = from.AddSeconds(random.Next(1, 2 * 86400)),
            Step = Steps[random.Next(Steps.Length)],
            Class = random.Next(3) switch { 0 => null, 1 => 0, _ => 46 },
            Sources = isPlain ? [] : [new LabelMatch("site", "a*")],
            SourceBy = isPlain ? HistoryQuery.ByName : labels[random.Next(3)],
            DestinationBy = isPlain ? HistoryQuery.ByName : labels[random.Next(3)],
        };
        HistoryTimeline expected = await model.TimelineAsync(query, default), actual = await store.TimelineAsync(query, default);
        Assert.Equal((expected.From, expected.To), (actual.From, actual.To));
        Assert.Equal(expected.Steps.Select(Comparable), actual.Steps.Select(Comparable));
    }

    // Of pairs that lost nothing any is the worst.
    private static TimelineStep Comparable(TimelineStep step) => step with { WorstSent = step.WorstLost == 0 ? 0 : step.WorstSent };
}
