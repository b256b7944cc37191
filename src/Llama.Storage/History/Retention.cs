using Microsoft.Data.Sqlite;

namespace Llama.Storage.History;

/// <summary>Drops what is too old, a few rows at a time, so that appends come between. Belongs to the writer's turn.</summary>
internal sealed class Retention : IDisposable
{
    private const int RowsAtOnce = 128;
    private const int ReportsAtOnce = 8192;

    private readonly HistoryWriter _writer;
    private readonly Range[] _levels;
    private readonly Range _reports, _events;
    private readonly Statement _dropSource, _dropDestination, _dropClasses;

    public Retention(HistoryWriter writer)
    {
        _writer = writer;
        SqliteConnection connection = writer.File.Connection;
        _levels = [.. HistoryLevels.All.Select(HistorySchema.Table).Select(table => new Range(
            connection, table, "key", RowsAtOnce, $"sum(points), sum(length(counts) + length(detail) + {SettledRow.KeyOctets})"))];
        _reports = new Range(connection, "report", "start", ReportsAtOnce, "count(*), 0");
        _events = new Range(connection, "event", "at", ReportsAtOnce, "count(*), 0");
        _dropSource = new Statement(connection, "DELETE FROM source WHERE id = ?1");
        _dropDestination = new Statement(connection, """DELETE FROM destination WHERE "group" = ?1 AND number = ?2""");
        _dropClasses = new Statement(
            connection, """DELETE FROM measured_class WHERE "group" NOT IN (SELECT "group" FROM source UNION SELECT "group" FROM destination)""");
    }

    /// <summary>Drops some rows of a level below a key; false when there was none.</summary>
    public bool Drop(HistoryLevel level, long belowKey) => Drop(_levels[(int)level], belowKey, HistorySchema.Table(level));

    /// <summary>Drops some of those reports that began before a moment.</summary>
    public bool DropReports(long before) => Drop(_reports, before, "report");

    /// <summary>Drops some of those events that happened before a moment.</summary>
    public bool DropEvents(long before) => Drop(_events, before, null);

    /// <summary>Drops who is known no more.</summary>
    public void Drop(IReadOnlyList<ForgottenParty> parties) => _writer.File.InTransaction(() =>
    {
        foreach (ForgottenParty party in parties)
        {
            if (party.IsSource) _dropSource.Bind(1, party.Number).Run();
            else _dropDestination.Bind(1, party.Group).Bind(2, party.Number).Run();
        }

        _dropClasses.Run();
        return parties.Count;
    });

    public void Dispose()
    {
        foreach (Range range in (Range[])[.. _levels, _reports, _events]) range.Dispose();
        foreach (Statement statement in (Statement[])[_dropSource, _dropDestination, _dropClasses]) statement.Dispose();
    }

    private bool Drop(Range range, long before, string? table) => _writer.File.InTransaction(() =>
    {
        (int rows, long entries, long octets) = range.Drop(before);
        if (rows > 0 && table is not null) _writer.Tally(table, -entries, -octets);
        return rows > 0;
    });

    /// <summary>The rows of a table in the order of what they are dropped by.</summary>
    private sealed class Range(SqliteConnection connection, string table, string column, int atOnce, string sums) : IDisposable
    {
        private readonly Statement _bound = new(connection, $"SELECT {column} FROM {table} WHERE {column} < ?1 ORDER BY {column} LIMIT 1 OFFSET {atOnce}");
        private readonly Statement _sum = new(connection, $"SELECT {sums} FROM {table} WHERE {column} < ?1");
        private readonly Statement _drop = new(connection, $"DELETE FROM {table} WHERE {column} < ?1");

        public (int Rows, long Entries, long Octets) Drop(long before)
        {
            // Many may share what they are dropped by, and the first of them would never go: then one step more.
            if (_bound.Bind(1, before).Next())
            {
                before = Math.Min(before, _bound.Number(0) + 1);
                _bound.Leave();
            }

            _sum.Bind(1, before).Next();
            (long entries, long octets) = (_sum.Number(0), _sum.Number(1));
            _sum.Leave();
            _drop.Bind(1, before).Run();
            return (_drop.Changes, entries, octets);
        }

        public void Dispose()
        {
            foreach (Statement statement in (Statement[])[_bound, _sum, _drop]) statement.Dispose();
        }
    }
}
