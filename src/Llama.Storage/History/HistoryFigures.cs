using Microsoft.Data.Sqlite;

namespace Llama.Storage.History;

/// <summary>Reads how much a history's file holds, from what is counted as it is written.</summary>
internal static class HistoryFigures
{
    /// <exception cref="IOException">It can't be read.</exception>
    public static HistoryStatistics Read(string path, HistoryDirectory directory)
    {
        try
        {
            using SqliteConnection connection = HistoryFile.ConnectToRead(path);
            SqliteFile.Run(connection, "BEGIN");
            Dictionary<string, (long Entries, long Octets)> tally = Tally(connection);
            (int sources, int destinations) = directory.Count;
            return new HistoryStatistics(
                path,
                FileBytes: ((string[])["", "-wal", "-shm"]).Select(suffix => new FileInfo(path + suffix)).Sum(file => file.Exists ? file.Length : 0),
                FreeBytes: (long)SqliteFile.Ask(connection, "PRAGMA freelist_count") * (long)SqliteFile.Ask(connection, "PRAGMA page_size"),
                Reports: tally["report"].Entries,
                JournalReports: tally["journal"].Entries,
                JournalBytes: tally["journal"].Octets,
                Groups: directory.Groups.Count,
                sources,
                destinations,
                [.. HistoryLevels.All.Select(level => Read(connection, level, tally[HistorySchema.Table(level)]))]);
        }
        catch (SqliteException error)
        {
            throw SqliteFile.Explain(path, error);
        }
    }

    /// <summary>Of when each level holds something.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static IReadOnlyList<HistoryLevelSpan> Spans(string path, HistoryRetention retention)
    {
        try
        {
            using SqliteConnection connection = HistoryFile.ConnectToRead(path);
            SqliteFile.Run(connection, "BEGIN");
            Dictionary<string, (long Entries, long Octets)> tally = Tally(connection);
            return [.. HistoryLevels.All.Select(level => Span(connection, level, retention.Of(level), tally[HistorySchema.Table(level)]))];
        }
        catch (SqliteException error)
        {
            throw SqliteFile.Explain(path, error);
        }
    }

    private static HistoryLevelSpan Span(SqliteConnection connection, HistoryLevel level, TimeSpan retention, (long Points, long Octets) tally)
    {
        HistoryLevelStatistics rows = Read(connection, level, tally);
        using var journal = new Statement(connection, """SELECT min(start), (SELECT "end" FROM report ORDER BY start DESC LIMIT 1), count(*) FROM journal""");
        if (level != HistoryLevel.Raw || !journal.Next() || journal.Number(2) == 0) return new HistoryLevelSpan(level, retention, rows.Oldest, rows.Newest, rows.Bytes);
        DateTimeOffset oldest = HistoryTime.At(journal.Number(0)), newest = HistoryTime.At(journal.Number(1));
        return new HistoryLevelSpan(level, retention, rows.Oldest < oldest ? rows.Oldest : oldest, rows.Newest > newest ? rows.Newest : newest, rows.Bytes);
    }

    private static Dictionary<string, (long Entries, long Octets)> Tally(SqliteConnection connection)
    {
        var all = new Dictionary<string, (long, long)>();
        using var select = new Statement(connection, "SELECT name, entries, octets FROM tally");
        while (select.Next()) all.Add(select.Text(0), (select.Number(1), select.Number(2)));
        return all;
    }

    private static HistoryLevelStatistics Read(SqliteConnection connection, HistoryLevel level, (long Points, long Octets) tally)
    {
        // Each by itself is found at an end of the table; together they would be sought through all of it.
        string table = HistorySchema.Table(level);
        using var select = new Statement(connection, $"SELECT (SELECT min(key) FROM {table}), (SELECT max(key) FROM {table}), EXISTS (SELECT * FROM {table})");
        select.Next();
        if (select.Number(2) == 0) return new HistoryLevelStatistics(level, tally.Points, tally.Octets, null, null);
        return new HistoryLevelStatistics(
            level,
            tally.Points,
            tally.Octets,
            RowKey.StartOf(level, RowKey.Of(select.Number(0)).Span),
            RowKey.StartOf(level, RowKey.Of(select.Number(1)).Span + 1));
    }
}
