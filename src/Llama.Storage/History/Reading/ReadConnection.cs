using Microsoft.Data.Sqlite;

namespace Llama.Storage.History.Reading;

/// <summary>A connection that questions are answered with, and its statements. Belongs to one thread at a time; of no use any more after an error.</summary>
internal sealed class ReadConnection : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<Statement> _statements = [];
    private readonly Statement _begin, _end, _kept, _bounds, _journalCounts, _journal, _events, _eventsOfGroup;
    private readonly Statement[] _counts, _blocks;

    private ReadConnection(SqliteConnection connection)
    {
        _connection = connection;
        _begin = Prepare("BEGIN");
        _end = Prepare("COMMIT");
        _kept = Prepare("SELECT since FROM kept WHERE level = ?1");
        string[] tables = [.. HistoryLevels.All.Select(HistorySchema.Table)];
        _bounds = Prepare("SELECT " + string.Join(
            ", ", tables.Select(table => $"(SELECT coalesce(min(key), 0) FROM {table}), (SELECT coalesce(max(key), -1) FROM {table})")));
        _counts = [.. tables.Select(table => Prepare($"SELECT key, counts FROM {table} WHERE key BETWEEN ?1 AND ?2 ORDER BY key"))];
        _blocks = [.. tables.Select(table => Prepare($"SELECT key, counts, detail FROM {table} WHERE key BETWEEN ?1 AND ?2 ORDER BY key"))];
        _journalCounts = Prepare("SELECT start, counts FROM journal WHERE source = ?1 AND start >= ?2 AND start < ?3 ORDER BY start");
        _journal = Prepare("SELECT start, counts, detail FROM journal WHERE source = ?1 AND start >= ?2 AND start < ?3 ORDER BY start");
        _events = Prepare(
            """SELECT at, kind, "group", name, document FROM event WHERE at >= ?1 AND at < ?2 ORDER BY at DESC, id DESC LIMIT ?3""");
        _eventsOfGroup = Prepare(
            """SELECT at, kind, "group", name, document FROM event WHERE at >= ?1 AND at < ?2 AND "group" = ?4 ORDER BY at DESC, id DESC LIMIT ?3""");
    }

    /// <summary>The file.</summary>
    public string Path => _connection.DataSource;

    /// <summary>Prepares a connection, which is closed with this.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static ReadConnection Over(SqliteConnection connection)
    {
        try
        {
            return new ReadConnection(connection);
        }
        catch (SqliteException error)
        {
            IOException explained = SqliteFile.Explain(connection.DataSource, error);
            connection.Dispose();
            throw explained;
        }
    }

    /// <summary>From here on all that is read is as it was at one moment.</summary>
    public void Begin() => _begin.Run();

    /// <summary>Until here.</summary>
    public void End() => _end.Run();

    /// <summary>Since when a level holds all that was settled, in ticks since the Unix epoch.</summary>
    public long SinceOf(HistoryLevel level)
    {
        _kept.Bind(1, (int)level);
        long since = _kept.Next() ? _kept.Number(0) : 0;
        _kept.Leave();
        return since;
    }

    /// <summary>The row spans of each level that there are rows in, or were; the last one is included, and before the first where there are none.</summary>
    public (int First, int Last)[] Spans()
    {
        _bounds.Next();
        (int First, int Last)[] spans =
            [.. HistoryLevels.All.Select(level => (RowKey.Of(_bounds.Number(2 * (int)level)).Span, RowKey.Of(_bounds.Number(2 * (int)level + 1)).Span))];
        _bounds.Leave();
        return spans;
    }

    /// <summary>Rows of a level in the order of their keys: key, counts and, if wanted, detail.</summary>
    public Statement Rows(HistoryLevel level, RowKey first, RowKey last, bool withDetail) =>
        (withDetail ? _blocks : _counts)[(int)level].Bind(1, first.Value).Bind(2, last.Value);

    /// <summary>Reports of a source that are in no level yet and begin in a span, in the order of time: start, counts and, if wanted, detail.</summary>
    public Statement Journal(int source, long fromTicks, long toTicks, bool withDetail) =>
        (withDetail ? _journal : _journalCounts).Bind(1, source).Bind(2, fromTicks).Bind(3, toTicks);

    /// <summary>Events in a span, newest first: moment, kind, group, name and document.</summary>
    public Statement Events(string? group, long fromTicks, long toTicks, int limit)
    {
        Statement events = group is null ? _events : _eventsOfGroup.Bind(4, group);
        return events.Bind(1, fromTicks).Bind(2, toTicks).Bind(3, limit);
    }

    public void Dispose()
    {
        foreach (Statement statement in _statements) statement.Dispose();
        _connection.Dispose();
    }

    private Statement Prepare(string text)
    {
        var statement = new Statement(_connection, text);
        _statements.Add(statement);
        return statement;
    }
}
