using System.Diagnostics;
using Llama.Engine.Summaries;
using Llama.Storage.History;

namespace Llama.Benchmarks.Gate.History;

/// <summary>
/// What a summary costs the history on its way through the journal into all levels, what it takes on disk, and how long questions take:
/// in this process, without HTTP.
/// </summary>
internal sealed class HistoryStorage(Workbench bench) : IMeasurement
{
    private const double RateBar = 33_000, OctetsBar = 40;
    private const int DatagramsOfPair = 12;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly Samples _journal = new(), _settle = new(), _rate = new(), _elapsed = new(), _file = new();
    private readonly Dictionary<HistoryLevel, Samples> _octets = HistoryLevels.All.ToDictionary(level => level, _ => new Samples());
    private readonly Samples _newest = new(), _newestLoss = new(), _pair = new(), _past = new(), _worst = new(), _timeline = new(), _timelineAgain = new(), _megabytes = new();

    public string Name => "history: storage";

    public int Rounds => 1;

    private int Sources => bench.IsQuick ? 100 : 1_000;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        string directory = Path.Combine(bench.Directory, "history");
        var now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 600 * 600 - 600);
        await TakeAsync(Path.Combine(directory, "take"), now, cancellation).ConfigureAwait(false);
        await AskOfOnesAsync(Path.Combine(directory, "ones"), now, cancellation).ConfigureAwait(false);
        await AskOfAllAsync(Path.Combine(directory, "all"), now, cancellation).ConfigureAwait(false);
        Directory.Delete(directory, recursive: true);
    }

    public IEnumerable<ResultRow> Rows()
    {
        string all = $"{Sources:N0} x {Sources:N0} pairs";
        yield return ResultRow.Of(
            "history, reports of 1,000 pairs: summaries for each second of CPU time, journal and all levels", $">= {RateBar:N0}/s", _rate, "N0", "/s", rate => rate >= RateBar);
        yield return ResultRow.Of("history: CPU time of a summary into the journal", "", _journal, "0.00", "us");
        yield return ResultRow.Of("history: CPU time of a summary from the journal into all levels", "", _settle, "0.00", "us");
        yield return ResultRow.Of("history: summaries taken and settled, one report after the other", "", _elapsed, "N0", "/s");
        yield return ResultRow.Of(
            $"history, 4 flows and {DatagramsOfPair} datagrams each 30 s: a summary on disk", $"<= {OctetsBar} bytes", _octets[HistoryLevel.Raw], "0.0", "bytes", octets => octets <= OctetsBar);
        yield return ResultRow.Of("history: the file for each summary taken, with what all levels have of it", "", _file, "0.0", "bytes");
        foreach (HistoryLevel level in HistoryLevels.All.Skip(1))
            yield return ResultRow.Of($"history: a summary of level {level.Name()} on disk", "", _octets[level], "0.0", "bytes");
        yield return ResultRow.Of("history: one pair over 24 h, 2,880 intervals", "<= 50 ms", _pair, "0.0", "ms", millis => millis <= 50);
        yield return ResultRow.Of("history: matrix of 100 x 100 at a past moment", "<= 50 ms", _past, "0.0", "ms", millis => millis <= 50);
        yield return ResultRow.Of($"history: worst 50 of {all} over the last hour", "<= 500 ms", _worst, "0.0", "ms", millis => millis <= 500);
        yield return ResultRow.Of($"history: matrix of {all} at a past moment", "<= 1000 ms", _newest, "0.0", "ms", millis => millis <= 1000);
        yield return ResultRow.Of($"history: matrix of {all} at a past moment, counts alone", "<= 500 ms", _newestLoss, "0.0", "ms", millis => millis <= 500);
        yield return ResultRow.Of($"history: timeline of {all} over 6 h in steps of 10 min, as nobody has asked before", "<= 2000 ms", _timeline, "0.0", "ms", millis => millis <= 2000);
        yield return ResultRow.Of($"history: timeline of {all} over 6 h in steps of 10 min, asked again after a report", "<= 500 ms", _timelineAgain, "0.0", "ms", millis => millis <= 500);
        yield return ResultRow.Of("history: memory that stays in use after that", "", _megabytes, "N0", "MB");
    }

    /// <summary>Ten minutes of many sources, into the journal and from there into the levels.</summary>
    private async Task TakeAsync(string directory, DateTimeOffset now, CancellationToken cancellation)
    {
        int sources = bench.IsQuick ? 5 : 50;
        var mesh = new StoredMesh("mesh", sources, 1_000, now - TimeSpan.FromMinutes(20), 20, Interval, DatagramsOfPair);
        await using (SqliteHistoryStore store = SqliteHistoryStore.Open(directory, new HistoryOptions())) await TakeAsync(store, mesh, cancellation).ConfigureAwait(false);

        // Closed, it has no log beside it.
        await using SqliteHistoryStore closed = SqliteHistoryStore.OpenBeside(directory);
        HistoryStatistics file = await closed.StatisticsAsync(cancellation).ConfigureAwait(false);
        _file.Add((double)(file.FileBytes - file.FreeBytes) / mesh.Summaries);
    }

    private async Task TakeAsync(SqliteHistoryStore store, StoredMesh mesh, CancellationToken cancellation)
    {
        CpuReading before = CpuReading.Of(Environment.ProcessId);
        long begin = Stopwatch.GetTimestamp();
        await mesh.AppendAsync(store, cancellation).ConfigureAwait(false);
        CpuReading between = CpuReading.Of(Environment.ProcessId);
        await store.RoundAsync(cancellation).ConfigureAwait(false);
        CpuReading after = CpuReading.Of(Environment.ProcessId);
        _elapsed.Add(mesh.Summaries / Stopwatch.GetElapsedTime(begin).TotalSeconds);
        _journal.Add(between.NanosSince(before) / mesh.Summaries / 1000);
        _settle.Add(after.NanosSince(between) / mesh.Summaries / 1000);
        _rate.Add(mesh.Summaries / (after.NanosSince(before) / 1e9));

        HistoryStatistics kept = await store.StatisticsAsync(cancellation).ConfigureAwait(false);
        foreach (HistoryLevelStatistics level in kept.Levels) _octets[level.Level].Add((double)level.Bytes / level.Points);
    }

    /// <summary>A pair with a day of intervals, and a group of a hundred.</summary>
    private async Task AskOfOnesAsync(string directory, DateTimeOffset now, CancellationToken cancellation)
    {
        TimeSpan day = TimeSpan.FromDays(1);
        await using SqliteHistoryStore store = SqliteHistoryStore.Open(directory, new HistoryOptions());
        await new StoredMesh("day", 1, 64, now - day, (int)(day / Interval), Interval, DatagramsOfPair).AppendAsync(store, cancellation).ConfigureAwait(false);
        await new StoredMesh("hundred", 100, 100, now - TimeSpan.FromMinutes(30), 40, Interval, DatagramsOfPair).AppendAsync(store, cancellation).ConfigureAwait(false);
        await store.RoundAsync(cancellation).ConfigureAwait(false);
        var pair = new HistoryQuery
        {
            Group = "day",
            From = now - day,
            To = now,
            Step = TimeSpan.Zero,
            Destinations = [new LabelMatch(HistoryQuery.ByName, "probe33")],
            Detail = HistoryDetail.Rtt,
        };
        await TimeAsync(store, pair, _pair, answer => answer == (int)(day / Interval), cancellation).ConfigureAwait(false);
        DateTimeOffset past = now - TimeSpan.FromMinutes(17);
        var matrix = new HistoryQuery { Group = "hundred", From = past - TimeSpan.FromMinutes(3), To = past, IsNewestOnly = true };
        await TimeAsync(store, matrix, _past, answer => answer == 100 * 100, cancellation).ConfigureAwait(false);
    }

    /// <summary>A whole big mesh at seven minutes behind a round: what came since is in the journal, and the hour begins within a minute.</summary>
    private async Task AskOfAllAsync(string directory, DateTimeOffset now, CancellationToken cancellation)
    {
        TimeSpan hour = TimeSpan.FromHours(1), before = TimeSpan.FromMinutes(370), behind = TimeSpan.FromMinutes(7);
        var clock = new MovedClock { Now = now + behind + TimeSpan.FromSeconds(10) };
        var options = new HistoryOptions { Time = clock };
        await using (SqliteHistoryStore one = SqliteHistoryStore.Open(directory, options))
        {
            // Made up and stored one after the other, since all of them together would take a gigabyte.
            var made = new RealisticReports(3, Sources, 4, DatagramsOfPair, "mesh", StoredMesh.NameOf(0));
            HistoryReport report = made.NewReport();
            for (DateTimeOffset start = now - before; start < now + behind; start += Interval)
            {
                made.Fill(report, start, Interval);
                await one.AppendAsync(report, cancellation).ConfigureAwait(false);
            }

            await one.RoundAsync(cancellation).ConfigureAwait(false);
        }

        DateTimeOffset from = clock.Now - hour;
        MultipliedHistory.Multiply(Path.Combine(directory, "history.db"), Sources, from);
        var worst = new HistoryQuery { Group = "mesh", From = from, To = clock.Now, Top = new HistoryTop(50, HistoryRank.Loss) };
        DateTimeOffset past = from + TimeSpan.FromMinutes(2);
        var matrix = new HistoryQuery { Group = "mesh", From = past - TimeSpan.FromMinutes(2), To = past, IsNewestOnly = true };
        await using (SqliteHistoryStore store = SqliteHistoryStore.Open(directory, options))
        {
            await TimeAsync(store, worst, _worst, points => points == 50, cancellation).ConfigureAwait(false);
            await TimeAsync(store, matrix, _newest, points => points == (long)Sources * Sources, cancellation).ConfigureAwait(false);
            await TimeAsync(store, matrix with { Detail = HistoryDetail.Counts }, _newestLoss, points => points == (long)Sources * Sources, cancellation).ConfigureAwait(false);
            _megabytes.Add(GC.GetTotalMemory(forceFullCollection: true) / 1e6);
        }

        await AskOverTimeAsync(directory, options, clock.Now, cancellation).ConfigureAwait(false);
    }

    /// <summary>The whole mesh over six hours: to a store that has just been opened, and once more after each of some reports.</summary>
    private async Task AskOverTimeAsync(string directory, HistoryOptions options, DateTimeOffset now, CancellationToken cancellation)
    {
        var timeline = new HistoryQuery { Group = "mesh", From = now - TimeSpan.FromHours(6), To = now, Step = TimeSpan.FromMinutes(10) };
        for (int round = 0; round < 3; round++)
        {
            await using SqliteHistoryStore store = SqliteHistoryStore.Open(directory, options);
            _timeline.Add(await TimeAsync(store, timeline, cancellation).ConfigureAwait(false));
            for (int again = 0; again < 3; again++)
            {
                var report = new HistoryReport
                {
                    Source = new HistorySource("mesh", StoredMesh.NameOf(0), []),
                    Start = now - TimeSpan.FromSeconds(3 * round + again + 1),
                    End = now,
                };
                report.Add(new HistoryDestination { Name = "probe0", Host = "probe0.example" }, 0).Counts = new DatagramCounts { Sent = 12, Received = 12 };
                await store.AppendAsync(report, cancellation).ConfigureAwait(false);
                _timelineAgain.Add(await TimeAsync(store, timeline, cancellation).ConfigureAwait(false));
            }
        }
    }

    private async Task<double> TimeAsync(SqliteHistoryStore store, HistoryQuery timeline, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        HistoryTimeline answer = await store.TimelineAsync(timeline, cancellation).ConfigureAwait(false);
        double millis = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        if (answer.Steps.Count < 36 || answer.Steps.Any(step => step.Pairs != (long)Sources * Sources))
            throw new InvalidOperationException($"a timeline of {answer.Steps.Count} steps, of {answer.Steps.Min(step => step.Pairs)} pairs and more");
        return millis;
    }

    private static async Task TimeAsync(SqliteHistoryStore store, HistoryQuery query, Samples samples, Func<long, bool> isWhole, CancellationToken cancellation)
    {
        for (int round = 0; round < 6; round++)
        {
            long points = 0, begin = Stopwatch.GetTimestamp();
            await store.QueryAsync(query, series => points += series.Points.Count, cancellation).ConfigureAwait(false);
            if (!isWhole(points)) throw new InvalidOperationException($"{query.Group}: an answer of {points} points");
            if (round > 0) samples.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }
    }
}
