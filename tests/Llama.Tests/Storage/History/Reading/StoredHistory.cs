using Llama.Storage;
using Llama.Storage.History;
using Llama.Storage.History.Blocks;
using Llama.Storage.History.Reading;

namespace Llama.Tests.Storage.History.Reading;

/// <summary>A history's file that a test fills as it likes: what is in the journal, what in levels, and since when they are kept.</summary>
internal sealed class StoredHistory : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-history-");
    private readonly HistoryDirectory _known = new();
    private readonly SqliteFile _file;
    private readonly Dictionary<(HistoryLevel Level, long Key), BlockBuilder> _rows = [];

    public StoredHistory()
    {
        Path = System.IO.Path.Combine(_directory.FullName, "history.db");
        _file = SqliteFile.Open(Path, HistorySchema.Layout);
        Reader = new HistoryReader(_known, () => HistoryFile.ConnectToRead(Path), worthSharing: 2);
    }

    public string Path { get; }

    public HistoryReader Reader { get; }

    /// <summary>Stores a report in the journal.</summary>
    public void Journal(HistoryReport report)
    {
        var block = new BlockBuilder();
        int source = ForEach(report, (number, pair) => block.At(number, pair.Class, report.Start).Add(pair.Totals));
        block.Write(out ReadOnlySpan<byte> counts, out ReadOnlySpan<byte> detail);
        using var insert = new Statement(_file.Connection, "INSERT INTO journal (source, start, counts, detail) VALUES (?1, ?2, ?3, ?4)");
        insert.Bind(1, source).Bind(2, HistoryTime.Of(report.Start)).Bind(3, counts).Bind(4, detail).Run();
    }

    /// <summary>Stores a report in all levels that are kept since it began, or before.</summary>
    public void Settle(HistoryReport report, IReadOnlyList<long> sinceTicks)
    {
        foreach (HistoryLevel level in HistoryLevels.All.Where(level => sinceTicks[(int)level] <= HistoryTime.Of(report.Start)))
        {
            long start = HistoryTime.Of(report.Start);
            DateTimeOffset moment = level == HistoryLevel.Raw ? report.Start : HistoryTime.At(start - start % level.Step().Ticks);
            int source = _known.Number(report, []);
            ForEach(report, (number, pair) =>
            {
                var key = new RowKey(RowKey.SpanOf(level, report.Start), source, number / RowKey.DestinationsPerPart);
                if (!_rows.TryGetValue((level, key.Value), out BlockBuilder? row)) _rows.Add((level, key.Value), row = new BlockBuilder());
                row.At(number, pair.Class, moment).Add(pair.Totals);
            });
        }
    }

    /// <summary>Writes what was settled.</summary>
    public void Write(IReadOnlyList<long> sinceTicks) => _file.InTransaction(() =>
    {
        foreach (((HistoryLevel level, long key), BlockBuilder row) in _rows)
        {
            row.Write(out ReadOnlySpan<byte> counts, out ReadOnlySpan<byte> detail);
            using var insert = new Statement(
                _file.Connection, $"INSERT INTO {HistorySchema.Table(level)} (key, points, counts, detail) VALUES (?1, ?2, ?3, ?4)");
            insert.Bind(1, key).Bind(2, row.Count).Bind(3, counts).Bind(4, detail).Run();
        }

        foreach (HistoryLevel level in HistoryLevels.All)
            SqliteFile.Run(_file.Connection, $"INSERT OR REPLACE INTO kept (level, since) VALUES ({(int)level}, {sinceTicks[(int)level]})");
        _rows.Clear();
        return 0;
    });

    /// <summary>Runs a statement, as nobody should.</summary>
    public void Run(string statement) => SqliteFile.Run(_file.Connection, statement);

    public async ValueTask DisposeAsync()
    {
        await Reader.DisposeAsync();
        _file.Dispose();
        _directory.Delete(recursive: true);
    }

    private int ForEach(HistoryReport report, Action<int, HistoryPair> each)
    {
        var numbers = new List<int>();
        int source = _known.Number(report, numbers);
        for (int i = 0; i < numbers.Count; i++) each(numbers[i], report.Pairs[i]);
        return source;
    }
}
