using Llama.Engine.Summaries;
using Llama.Storage.History;

namespace Llama.Tests.Storage.History;

/// <summary>A month of a small mesh in fake time: what is kept of it, and that the file stops growing.</summary>
public sealed class MonthTests : IDisposable
{
    private const int Days = 30, Probes = 4;
    private const long RttNanos = 1_000_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1), Hour = TimeSpan.FromHours(1), Day = TimeSpan.FromDays(1);
    private static readonly HistoryRetention Retention = new()
    {
        Raw = TimeSpan.FromDays(1),
        Minute = TimeSpan.FromDays(3),
        TenMinutes = TimeSpan.FromDays(6),
        Hour = TimeSpan.FromDays(10),
        Day = TimeSpan.FromDays(60),
    };

    // In memory where there is such a directory: what a disk does with thousands of commits is not the matter here.
    private readonly DirectoryInfo _directory = Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/llama-month-{Guid.NewGuid():N}")
        : Directory.CreateTempSubdirectory("llama-month-");

    private readonly FakeTime _time = new();
    private readonly HistoryDestination[] _destinations = [.. Enumerable.Range(0, Probes).Select(i => new HistoryDestination { Name = $"p{i}", Host = $"192.0.2.{i}" })];
    private readonly HistoryReport[] _reports = [.. Enumerable.Range(0, Probes).Select(i => new HistoryReport { Source = new HistorySource("g", $"p{i}", []) })];

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task After_a_month_each_level_has_its_days_the_sums_are_exact_and_the_file_has_stopped_growing()
    {
        var warnings = new List<string>();
        await using SqliteHistoryStore store = SqliteHistoryStore.Open(_directory.FullName, new HistoryOptions { Retention = Retention, Time = _time, Warn = warnings.Add });
        DateTimeOffset begin = _time.GetUtcNow();
        long sent = 0, lost = 0;
        var sizes = new List<long>();
        for (DateTimeOffset day = begin; day < begin + Days * Day; day += Day)
        {
            for (DateTimeOffset hour = day; hour < day + Day; hour += Hour)
            {
                for (DateTimeOffset start = hour; start < hour + Hour; start += Interval)
                {
                    _time.Pass(Interval);
                    await Task.WhenAll(_reports.Select(async (report, source) =>
                    {
                        Fill(report, source, start);
                        Assert.True(await store.AppendAsync(report, CancellationToken.None));
                    }));
                    sent += _reports.Sum(report => report.Pairs.Sum(pair => pair.Totals.Counts.Sent));
                    lost += _reports.Sum(report => report.Pairs.Sum(pair => pair.Totals.Counts.Lost));
                }

                await store.RoundAsync(CancellationToken.None);
            }

            sizes.Add((await store.StatisticsAsync(CancellationToken.None)).FileBytes);
        }

        DateTimeOffset end = begin + Days * Day;
        HistoryStatistics kept = await store.StatisticsAsync(CancellationToken.None);
        foreach (HistoryLevelStatistics level in kept.Levels)
        {
            TimeSpan retention = Retention.Of(level.Level), expected = retention < Days * Day ? retention : Days * Day;
            TimeSpan row = level.Level is HistoryLevel.Day ? Day : level.Level is HistoryLevel.Hour ? Hour : TimeSpan.FromMinutes(10);
            Assert.InRange(end - level.Oldest!.Value, expected - row, expected + row + Hour);
            Assert.InRange(end - level.Newest!.Value, -row, TimeSpan.FromMinutes(20));
        }

        // The first day is there as a whole alone, and begins at midnight.
        (long Sent, long Lost) total = await SumAsync(store, begin - begin.TimeOfDay, end);
        Assert.Equal((sent, lost), total);

        // Of the last day all levels tell the same.
        (long, long) last = await SumAsync(store, end - Day, end);
        foreach (TimeSpan step in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), Hour, Day])
            Assert.Equal(last, await SumAsync(store, end - Day, end, step));

        long[] settled = [.. sizes.Skip(11)];
        Assert.True(settled.Max() < 1.1 * settled.Min(), $"octets of the file by day: {string.Join(' ', sizes)}");
        Assert.Empty(warnings);
    }

    private void Fill(HistoryReport report, int source, DateTimeOffset start)
    {
        report.Clear();
        (report.Start, report.End) = (start, start + Interval);
        long minute = start.ToUnixTimeSeconds() / 60;
        for (int destination = 0; destination < Probes; destination++)
        {
            if (destination == source) continue;
            long lost = (minute + source * 3 + destination) % 11 == 0 ? 1 : 0, received = 60 - lost;
            PairTotals totals = report.Add(_destinations[destination], 0);
            totals.Counts = new DatagramCounts { Sent = 60, Received = received, Lost = lost };
            (totals.RttCount, totals.RttSumNanos, totals.RttMinNanos, totals.RttMaxNanos) = (received, received * RttNanos, RttNanos, RttNanos);
            totals.SetBuckets([new LatencyBucket(LogLinear.IndexOf(RttNanos), received)]);
        }
    }

    private static async Task<(long Sent, long Lost)> SumAsync(SqliteHistoryStore store, DateTimeOffset from, DateTimeOffset to, TimeSpan? step = null)
    {
        long sent = 0, lost = 0;
        await store.QueryAsync(
            new HistoryQuery { Group = "g", From = from, To = to, Step = step, Detail = HistoryDetail.Counts },
            series =>
            {
                sent += series.Points.Sum(point => point.Totals.Counts.Sent);
                lost += series.Points.Sum(point => point.Totals.Counts.Lost);
            },
            CancellationToken.None);
        return (sent, lost);
    }
}
