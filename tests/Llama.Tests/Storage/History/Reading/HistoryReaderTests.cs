using FsCheck;
using FsCheck.Fluent;
using Llama.Storage.History;
using Llama.Storage.History.Reading;

namespace Llama.Tests.Storage.History.Reading;

public sealed class HistoryReaderTests
{
    private static readonly long[] SinceEver = [0, 0, 0, 0, 0];
    private static readonly TimeSpan?[] Steps =
    [
        null, null, null, TimeSpan.Zero, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(7),
        TimeSpan.FromMinutes(10), TimeSpan.FromHours(1), TimeSpan.FromHours(6), TimeSpan.FromDays(1),
    ];

    [Fact]
    public void Answers_are_those_of_the_simple_way_whatever_is_settled() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
        seed =>
        {
            AsksTheSame(seed, SinceEver, random => Query(random, DateTimeOffsetIn(random), DateTimeOffsetIn(random))).GetAwaiter().GetResult();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));

    [Fact]
    public void Counts_of_whole_hours_are_the_same_when_finer_levels_were_dropped() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
        seed =>
        {
            var levels = new Random(seed);
            long[] since = [.. Enumerable.Range(0, 3).Select(_ => HistoryTime.Of(RandomReports.First.AddHours(levels.Next(0, 96)))), 0, 0];
            AsksTheSame(seed, since, random => Query(random, HourIn(random), HourIn(random)) with
            {
                Step = random.Next(3) switch { 0 => null, 1 => TimeSpan.FromHours(1), _ => TimeSpan.FromDays(1) },
                IsNewestOnly = false,
                Top = null,
            }).GetAwaiter().GetResult();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(15));

    [Fact]
    public void What_is_counted_of_any_span_is_what_begins_in_the_pieces_that_are_left() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
        seed => CountsPieces(seed).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(15));

    [Fact]
    public void Answers_of_the_store_are_those_of_the_simple_way_while_reports_come_late_and_are_settled() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
        seed => AppendsAndAsks(seed).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(8));

    [Fact]
    public async Task Hour_that_is_not_over_is_not_taken_for_a_span_that_ends_in_it()
    {
        await using var stored = new StoredHistory();
        DateTimeOffset noon = RandomReports.First.AddHours(12);
        stored.Settle(Report(noon.AddMinutes(9), lost: 1), SinceEver);
        stored.Settle(Report(noon.AddMinutes(31), lost: 2), SinceEver);
        long[] since = [HistoryTime.Of(noon.AddMinutes(40)), HistoryTime.Of(noon.AddMinutes(40)), HistoryTime.Of(noon.AddMinutes(40)), 0, 0];
        stored.Write(SinceEver);

        Assert.Equal(1, await Lost(noon.AddMinutes(31)));
        Assert.Equal(3, await Lost(noon.AddMinutes(32)));
        Assert.Equal(3, await Lost(noon.AddMinutes(50)));
        foreach (HistoryLevel level in HistoryLevels.All.Take(3)) stored.Run($"DELETE FROM {HistorySchema.Table(level)}");
        stored.Write(since);
        Assert.Equal(0, await Lost(noon));
        Assert.Equal(3, await Lost(noon.AddMinutes(50)));

        async Task<long> Lost(DateTimeOffset to)
        {
            long lost = 0;
            await stored.Reader.QueryAsync(
                All() with { To = to }, series => lost += series.Points[0].Totals.Counts.Lost, CancellationToken.None);
            return lost;
        }
    }

    [Fact]
    public async Task Newest_interval_is_found_in_the_journal_and_behind_it()
    {
        await using var stored = new StoredHistory();
        DateTimeOffset noon = RandomReports.First.AddHours(12);
        stored.Settle(Report(noon.AddMinutes(9), lost: 1), SinceEver);
        stored.Settle(Report(noon.AddMinutes(3), lost: 2), SinceEver);
        stored.Write(SinceEver);
        stored.Journal(Report(noon.AddMinutes(5), lost: 3));

        Assert.Equal((long[])[1], await Newest(noon.AddMinutes(15)));
        Assert.Equal((long[])[3], await Newest(noon.AddMinutes(9)));
        Assert.Equal((long[])[2], await Newest(noon.AddMinutes(5)));
        Assert.Empty(await Newest(noon.AddMinutes(3)));

        async Task<long[]> Newest(DateTimeOffset to)
        {
            var lost = new List<long>();
            await stored.Reader.QueryAsync(
                new HistoryQuery { Group = RandomReports.Group, From = noon, To = to, IsNewestOnly = true },
                series => lost.Add(series.Points[0].Totals.Counts.Lost),
                CancellationToken.None);
            return [.. lost];
        }
    }

    [Fact]
    public async Task What_is_rounded_in_storage_stays_within_two_percent_over_all_levels()
    {
        (StoredHistory stored, HistoryModel model) = await FillAsync(6, SinceEver);
        await using (stored)
        {
            HistoryQuery query = All() with { Step = TimeSpan.FromDays(1), Detail = HistoryDetail.All, DestinationBy = "site" };
            Dictionary<string, double?[]> expected = await Answers.RoundedAsync(model.QueryAsync, query);
            Dictionary<string, double?[]> values = await Answers.RoundedAsync(stored.Reader.QueryAsync, query);

            Assert.Equal(expected.Keys.Order(), values.Keys.Order());
            foreach ((string point, double?[] wanted) in expected)
                Assert.All(wanted.Zip(values[point]), pair => Assert.True(
                    pair.First is null == pair.Second is null && Math.Abs((pair.First - pair.Second) ?? 0) <= 0.02 * (pair.First ?? 0), $"{point}: {pair}"));
        }
    }

    [Fact]
    public async Task Series_of_one_source_come_one_after_the_other()
    {
        (StoredHistory stored, _) = await FillAsync(7, SinceEver);
        await using (stored)
        {
            foreach (TimeSpan? step in (TimeSpan?[])[TimeSpan.FromMinutes(1), null])
            {
                List<string> sources = await Answers.SourcesAsync(stored.Reader.QueryAsync, All() with { Step = step, SourceBy = "site" });

                Assert.Equal(sources.Distinct(), sources);
                Assert.Equal(["ams", "fra"], sources.Order());
            }
        }
    }

    [Fact]
    public async Task Answer_that_would_be_too_large_says_what_to_ask_instead()
    {
        (StoredHistory stored, _) = await FillAsync(8, SinceEver);
        await using (stored)
        {
            HistoryLimitException error = await Assert.ThrowsAsync<HistoryLimitException>(
                () => stored.Reader.QueryAsync(All() with { Step = TimeSpan.Zero, MaxPoints = 10 }, _ => { }, CancellationToken.None));

            Assert.Contains("more than 10 points", error.Message, StringComparison.Ordinal);
            Assert.Contains("longer step", error.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<HistoryLimitException>(() => stored.Reader.QueryAsync(All() with { MaxPoints = 3 }, _ => { }, CancellationToken.None));
            Assert.NotEmpty((await Answers.WriteAsync(stored.Reader.QueryAsync, All())).Lines);
        }
    }

    [Fact]
    public async Task Question_that_is_given_up_ends_and_the_next_one_is_answered()
    {
        (StoredHistory stored, _) = await FillAsync(9, SinceEver);
        await using (stored)
        {
            using var cancellation = new CancellationTokenSource();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stored.Reader.QueryAsync(All(), _ => cancellation.Cancel(), cancellation.Token));
            Assert.NotEmpty((await Answers.WriteAsync(stored.Reader.QueryAsync, All())).Lines);
        }
    }

    [Fact]
    public async Task More_questions_than_are_answered_at_a_time_are_all_answered()
    {
        (StoredHistory stored, HistoryModel model) = await FillAsync(10, SinceEver);
        await using (stored)
        {
            (List<string> expected, _) = await Answers.WriteAsync(model.QueryAsync, All());
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Answers.WriteAsync(stored.Reader.QueryAsync, All())));

            Assert.All(answers, answer => Assert.Equal(expected.Order(), answer.Lines.Order()));
        }
    }

    [Fact]
    public async Task Damaged_block_is_named_and_other_times_can_be_asked_for()
    {
        (StoredHistory stored, _) = await FillAsync(11, SinceEver);
        await using (stored)
        {
            stored.Run("UPDATE day SET counts = x'FF00FF' WHERE key = (SELECT max(key) FROM day)");

            IOException error = await Assert.ThrowsAsync<IOException>(() => stored.Reader.QueryAsync(All(), _ => { }, CancellationToken.None));

            Assert.Contains("of level 1d", error.Message, StringComparison.Ordinal);
            Assert.Contains(stored.Path, error.Message, StringComparison.Ordinal);
            await stored.Reader.QueryAsync(All() with { To = RandomReports.First.AddDays(1) }, _ => { }, CancellationToken.None);
        }
    }

    [Fact]
    public async Task File_that_is_no_history_any_more_is_an_error_in_words()
    {
        await using var stored = new StoredHistory();
        stored.Journal(Report(RandomReports.First, lost: 1));
        stored.Run("DROP TABLE raw");

        IOException error = await Assert.ThrowsAsync<IOException>(() => stored.Reader.QueryAsync(All(), _ => { }, CancellationToken.None));

        Assert.Contains(stored.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_knows_an_unknown_group_or_an_empty_span()
    {
        (StoredHistory stored, _) = await FillAsync(12, SinceEver);
        await using (stored)
        {
            foreach (HistoryQuery query in (HistoryQuery[])[All() with { Group = "nobody" }, All() with { To = All().From }, All() with { To = DateTimeOffset.MinValue }])
            {
                (List<string> lines, HistoryAnswer answer) = await Answers.WriteAsync(stored.Reader.QueryAsync, query);
                Assert.Empty(lines);
                Assert.Equal(new HistoryAnswer(null, null, null, 0), answer);
            }

            Assert.NotEmpty((await Answers.WriteAsync(
                stored.Reader.QueryAsync, All() with { From = DateTimeOffset.MinValue, To = DateTimeOffset.MaxValue, Step = TimeSpan.FromDays(7) })).Lines);
        }
    }

    [Fact]
    public async Task Events_come_newest_first()
    {
        await using var stored = new StoredHistory();
        DateTimeOffset noon = RandomReports.First.AddHours(12);
        for (int i = 0; i < 5; i++)
        {
            stored.Run(
                $"INSERT INTO event (at, \"group\", name, kind, document) VALUES ({HistoryTime.Of(noon.AddMinutes(i / 2))}, '{(i == 3 ? "lan" : "wan")}', 'p{i}', 'joined', x'7B7D')");
        }

        Assert.Equal(["p4", "p3", "p2", "p1", "p0"], (await Events(null, noon, noon.AddHours(1), 9)).Select(one => one.Name));
        Assert.Equal(["p4", "p2"], (await Events("wan", noon, noon.AddHours(1), 2)).Select(one => one.Name));
        Assert.Equal(["p3", "p2"], (await Events(null, noon.AddMinutes(1), noon.AddMinutes(2), 9)).Select(one => one.Name));
        HistoryEvent first = (await Events("lan", noon, noon.AddHours(1), 1))[0];
        Assert.Equal((noon.AddMinutes(1), "joined", "lan", "{}"), (first.At, first.Kind, first.Group, System.Text.Encoding.UTF8.GetString(first.Document.Span)));

        Task<IReadOnlyList<HistoryEvent>> Events(string? group, DateTimeOffset from, DateTimeOffset before, int limit) =>
            stored.Reader.EventsAsync(group, from, before, limit, CancellationToken.None);
    }

    private static HistoryQuery All() => new() { Group = RandomReports.Group, From = RandomReports.First, To = RandomReports.First.AddDays(5) };

    private static HistoryReport Report(DateTimeOffset start, long lost)
    {
        var report = new HistoryReport { Source = RandomReports.Sources[0], Start = start, End = start.AddSeconds(30) };
        report.Add(RandomReports.Destinations[0], 0).Counts = new() { Sent = 10, Received = 10 - lost, Lost = lost };
        return report;
    }

    /// <summary>The same reports in a file and in the model; about half of them are settled, or all.</summary>
    private static async Task<(StoredHistory Stored, HistoryModel Model)> FillAsync(int seed, long[] since)
    {
        var random = new Random(seed);
        var stored = new StoredHistory();
        var model = new HistoryModel();
        int settledOfTen = random.Next(2, 11);
        foreach (HistoryReport report in new RandomReports(seed).Take(random.Next(1, 120)))
        {
            if (!await model.AppendAsync(report, CancellationToken.None)) continue;
            if (random.Next(10) < settledOfTen) stored.Settle(report, since);
            else stored.Journal(report);
        }

        stored.Write(since);
        return (stored, model);
    }

    private static async Task AsksTheSame(int seed, long[] since, Func<Random, HistoryQuery> make)
    {
        (StoredHistory stored, HistoryModel model) = await FillAsync(seed, since);
        await using (stored)
        {
            var random = new Random(seed + 1);
            for (int i = 0; i < 25; i++) await AsksTheSame(model, stored.Reader.QueryAsync, make(random));
        }
    }

    private static async Task AsksTheSame(
        HistoryModel model, Func<HistoryQuery, Action<HistorySeries>, CancellationToken, Task<HistoryAnswer>> ask, HistoryQuery query)
    {
        (List<string> expected, HistoryAnswer expectedAnswer) = await Answers.WriteAsync(model.QueryAsync, query);
        (List<string> lines, HistoryAnswer answer) = await Answers.WriteAsync(ask, query);
        string question = $"{query} {string.Join(',', query.Sources)} {string.Join(',', query.Destinations)}";
        if (query.Top is null) (expected, lines) = ([.. expected.Order()], [.. lines.Order()]);
        Assert.True(expected.SequenceEqual(lines), $"{question}\nexpected\n{string.Join('\n', expected)}\nbut was\n{string.Join('\n', lines)}");
        Assert.Equal(expectedAnswer, answer);
    }

    private static async Task AppendsAndAsks(int seed)
    {
        var random = new Random(seed);
        var time = new FakeTime();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("llama-history-");
        TimeSpan aYear = TimeSpan.FromDays(365);
        var retention = new HistoryRetention { Raw = aYear, Minute = aYear, TenMinutes = aYear, Hour = aYear, Day = aYear };
        await using (var model = new HistoryModel())
        {
            await using SqliteHistoryStore store = SqliteHistoryStore.Open(directory.FullName, new HistoryOptions { Time = time, Retention = retention });
            foreach (HistoryReport report in new RandomReports(seed).Take(80))
            {
                Assert.Equal(await model.AppendAsync(report, CancellationToken.None), await store.AppendAsync(report, CancellationToken.None));
                if (random.Next(12) != 0) continue;
                await store.RoundAsync(CancellationToken.None);
                await AsksTheSame(model, store.QueryAsync, Query(random, DateTimeOffsetIn(random), DateTimeOffsetIn(random)));
            }

            for (int i = 0; i < 10; i++) await AsksTheSame(model, store.QueryAsync, Query(random, DateTimeOffsetIn(random), DateTimeOffsetIn(random)));
        }

        directory.Delete(recursive: true);
    }

    private static async Task CountsPieces(int seed)
    {
        var random = new Random(seed);
        long[] since =
            [.. HistoryLevels.All.Select(level => HistoryTime.Of(RandomReports.First.AddMinutes(random.Next(0, 4 * 1440)))).Select((at, level) => at - at % ((HistoryLevel)level).RowSpan().Ticks)];
        await using var stored = new StoredHistory();
        await using var settled = new HistoryModel();
        await using var waiting = new HistoryModel();
        foreach (HistoryReport report in new RandomReports(seed).Take(100))
        {
            bool isSettled = random.Next(4) > 0;
            if (!await (isSettled ? settled : waiting).AppendAsync(report, CancellationToken.None)) continue;
            if (isSettled) stored.Settle(report, since);
            else stored.Journal(report);
        }

        stored.Write(since);
        for (int i = 0; i < 20; i++)
        {
            HistoryQuery query = Query(random, DateTimeOffsetIn(random), DateTimeOffsetIn(random)) with { IsNewestOnly = false, Top = null };
            long expected = await Sent(waiting.QueryAsync, query);
            foreach (Piece piece in ReadPlan.Of(HistoryTime.Of(query.From), HistoryTime.Of(query.To), query.Step, since))
                expected += await Sent(settled.QueryAsync, query with { From = HistoryTime.At(piece.FromTicks), To = HistoryTime.At(piece.ToTicks) });

            Assert.Equal(expected, await Sent(stored.Reader.QueryAsync, query));
        }

        static async Task<long> Sent(Func<HistoryQuery, Action<HistorySeries>, CancellationToken, Task<HistoryAnswer>> ask, HistoryQuery query)
        {
            long sent = 0;
            await ask(query, series => sent += series.Points.Sum(point => point.Totals.Counts.Sent), CancellationToken.None);
            return sent;
        }
    }

    private static HistoryQuery Query(Random random, DateTimeOffset one, DateTimeOffset other)
    {
        string?[] labels = [HistoryQuery.ByName, HistoryQuery.ByName, "site", "rack", null];
        HistoryDetail[] details = [HistoryDetail.Counts, HistoryDetail.Rtt, HistoryDetail.Flows, HistoryDetail.Rtt | HistoryDetail.Path, HistoryDetail.All];
        TimeSpan? step = Steps[random.Next(Steps.Length)];
        return new HistoryQuery
        {
            Group = random.Next(6) == 0 ? "other" : RandomReports.Group,
            From = one < other ? one : other,
            To = one < other ? other : one,
            Step = step,
            IsNewestOnly = step is null && random.Next(3) == 0,
            Class = random.Next(3) switch { 0 => null, 1 => 0, _ => 46 },
            Sources = random.Next(4) switch { 0 => [new("site", "f*")], 1 => [new("name", "ams1"), new("name", "fra*")], _ => [] },
            Destinations = random.Next(4) switch { 0 => [new("site", "ams"), new("name", "*1")], 1 => [new("rack", "")], _ => [] },
            SourceBy = labels[random.Next(labels.Length)],
            DestinationBy = labels[random.Next(labels.Length)],
            Detail = details[random.Next(details.Length)],
            Top = step is null && random.Next(3) == 0 ? new HistoryTop(random.Next(0, 8), (HistoryRank)random.Next(0, 5)) : null,
        };
    }

    private static DateTimeOffset DateTimeOffsetIn(Random random)
    {
        DateTimeOffset at = RandomReports.First.AddSeconds(random.Next(0, 4 * 86400));
        TimeSpan[] alignments = [TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1), TimeSpan.FromDays(1)];
        TimeSpan alignment = alignments[random.Next(alignments.Length)];
        return at.AddTicks(-(at.UtcTicks % alignment.Ticks));
    }

    private static DateTimeOffset HourIn(Random random) => RandomReports.First.AddHours(random.Next(0, 97));
}
