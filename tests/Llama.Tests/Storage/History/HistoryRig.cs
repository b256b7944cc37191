using Llama.Engine.Summaries;
using Llama.Storage;
using Llama.Storage.History;
using Llama.Storage.History.Blocks;
using Microsoft.Data.Sqlite;

namespace Llama.Tests.Storage.History;

/// <summary>A history in a directory of its own, with a clock that stands still.</summary>
internal sealed class HistoryRig : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-history-");

    public HistoryRig() => Data = Path.Combine(_directory.FullName, "some", "data");

    /// <summary>Noon of the day it is at first.</summary>
    public static DateTimeOffset Noon { get; } = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public FakeTime Time { get; } = new();

    public List<string> Warnings { get; } = [];

    public List<string> Informed { get; } = [];

    public HistoryRetention Retention { get; set; } = new();

    public string Data { get; set; }

    public string Parent => _directory.FullName;

    public string Database => Path.Combine(Data, "history.db");

    public SqliteHistoryStore Open() =>
        SqliteHistoryStore.Open(Data, new HistoryOptions { Time = Time, Retention = Retention, Warn = Warnings.Add, Inform = Informed.Add });

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>A report of one interval of 30 s, with so many sent and lost to each destination.</summary>
    public static HistoryReport Report(string source, DateTimeOffset start, params (string Destination, int Sent, int Lost)[] pairs)
    {
        var report = new HistoryReport { Source = new HistorySource("g", source, []), Start = start, End = start.AddSeconds(30) };
        foreach ((string destination, int sent, int lost) in pairs) Fill(report.Add(new HistoryDestination { Name = destination }, 0), sent, lost);
        return report;
    }

    public static void Fill(PairTotals totals, int sent, int lost)
    {
        totals.Counts = new DatagramCounts { Sent = sent, Received = sent - lost, Lost = lost };
        totals.RttCount = sent - lost;
        if (sent == lost) return;
        (totals.RttMinNanos, totals.RttMaxNanos, totals.RttSumNanos) = (1000, 1000, 1000 * (sent - lost));
        totals.SetBuckets([new LatencyBucket(LogLinear.IndexOf(1000), sent - lost)]);
    }

    /// <summary>Sent and lost of a span, as the store answers.</summary>
    public static async Task<(long Sent, long Lost)> SumAsync(SqliteHistoryStore store, DateTimeOffset? from = null, DateTimeOffset? to = null)
    {
        long sent = 0, lost = 0;
        await store.QueryAsync(
            new HistoryQuery { Group = "g", From = from ?? Noon.AddYears(-5), To = to ?? Noon.AddYears(1) },
            series =>
            {
                foreach (HistoryPoint point in series.Points)
                {
                    sent += point.Totals.Counts.Sent;
                    lost += point.Totals.Counts.Lost;
                }
            },
            default);
        return (sent, lost);
    }

    /// <summary>What the rows of a level hold, read by nothing but the codec: by source, destination and class.</summary>
    public Dictionary<(int Source, int Destination, byte Class), (long Points, long Intervals, long Sent, long Lost)> Level(HistoryLevel level)
    {
        var all = new Dictionary<(int, int, byte), (long Points, long Intervals, long Sent, long Lost)>();
        using SqliteConnection connection = HistoryFile.ConnectToRead(Database);
        using var select = new Statement(connection, $"SELECT key, counts, detail FROM {HistorySchema.Table(level)}");
        var totals = new PairTotals();
        while (select.Next())
        {
            var reader = new BlockReader(select.Blob(1), select.Blob(2));
            while (reader.NextPair())
            {
                var key = (RowKey.Of(select.Number(0)).Source, reader.Destination, reader.Class);
                while (reader.NextPoint())
                {
                    totals.Clear();
                    reader.AddTo(totals, HistoryDetail.All);
                    (long points, long intervals, long sent, long lost) = all.GetValueOrDefault(key);
                    all[key] = (points + 1, intervals + totals.Intervals, sent + totals.Counts.Sent, lost + totals.Counts.Lost);
                }
            }
        }

        return all;
    }

    /// <summary>The first number that a statement answers with.</summary>
    public long Ask(string statement) => With(connection => (long)SqliteFile.Ask(connection, statement));

    public void Run(string statements) => With(connection =>
    {
        SqliteFile.Run(connection, statements);
        return 0;
    });

    private T With<T>(Func<SqliteConnection, T> work)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        return work(connection);
    }
}
