using System.Diagnostics;
using Llama.Storage.History;

namespace Llama.Benchmarks.Gate.History;

/// <summary>Thirty days of a mesh of 20 probes, in the time that it takes to store them: whether file and memory settle.</summary>
internal sealed class HistoryMonth(Workbench bench) : IMeasurement
{
    private const int Probes = 20, Days = 30;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private static readonly HistoryRetention Retention = new()
    {
        Raw = TimeSpan.FromDays(2),
        Minute = TimeSpan.FromDays(4),
        TenMinutes = TimeSpan.FromDays(6),
        Hour = TimeSpan.FromDays(8),
        Day = TimeSpan.FromDays(60),
    };

    private readonly Dictionary<int, (Samples File, Samples Memory, Samples Resident)> _days = [];
    private readonly Samples _rate = new(), _missing = new();

    public string Name => "history: a month";

    public int Rounds => 1;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        var clock = new MovedClock();
        DateTimeOffset end = clock.GetUtcNow(), begin = end - end.TimeOfDay - TimeSpan.FromDays(Days);
        string directory = Path.Combine(bench.Directory, "month");
        long summaries = 0, sent = 0, started = Stopwatch.GetTimestamp();
        await using (SqliteHistoryStore store = SqliteHistoryStore.Open(directory, new HistoryOptions { Retention = Retention, Time = clock }))
        {
            for (int day = 1; day <= Days; day++)
            {
                DateTimeOffset start = begin + TimeSpan.FromDays(day - 1);
                var mesh = new StoredMesh("month", Probes, Probes, start, (int)(TimeSpan.FromDays(1) / Interval), Interval, 120);
                clock.Now = start + TimeSpan.FromDays(1) + TimeSpan.FromMinutes(2);
                await mesh.AppendAsync(store, cancellation).ConfigureAwait(false);
                await store.RoundAsync(cancellation).ConfigureAwait(false);
                summaries += mesh.Summaries;
                sent += 120 * mesh.Summaries;
                if (day % 10 == 0) await NoteAsync(store, day, cancellation).ConfigureAwait(false);
            }

            long kept = 0;
            await store.QueryAsync(
                new HistoryQuery { Group = "month", From = begin, To = begin + TimeSpan.FromDays(Days), Detail = HistoryDetail.Counts },
                series => kept += series.Points[0].Totals.Counts.Sent,
                cancellation).ConfigureAwait(false);
            _missing.Add(sent - kept);
        }

        _rate.Add(summaries / Stopwatch.GetElapsedTime(started).TotalSeconds);
        Directory.Delete(directory, recursive: true);
    }

    public IEnumerable<ResultRow> Rows()
    {
        string who = $"history, 30 days of {Probes} x {Probes} pairs every {Interval.TotalMinutes:0} min in fake time";
        yield return ResultRow.Of($"{who}: datagrams sent that its days do not have", "0", _missing, "N0", "", missing => missing == 0);
        foreach ((int day, (Samples file, Samples memory, Samples resident)) in _days)
        {
            yield return ResultRow.Of($"{who}: file after {day} days", "", file, "0.0", "MB");
            yield return ResultRow.Of($"{who}: managed memory after {day} days", "", memory, "0.0", "MB");
            yield return ResultRow.Of($"{who}: resident after {day} days, bench included", "", resident, "0", "MB");
        }

        yield return ResultRow.Of($"{who}: summaries, making them up included", "", _rate, "N0", "/s");
    }

    private async Task NoteAsync(SqliteHistoryStore store, int day, CancellationToken cancellation)
    {
        if (!_days.TryGetValue(day, out (Samples File, Samples Memory, Samples Resident) samples)) _days.Add(day, samples = (new(), new(), new()));
        HistoryStatistics statistics = await store.StatisticsAsync(cancellation).ConfigureAwait(false);
        samples.File.Add(statistics.FileBytes / 1e6);
        samples.Memory.Add(GC.GetTotalMemory(forceFullCollection: true) / 1e6);
        samples.Resident.Add(Environment.WorkingSet / 1e6);
    }
}
