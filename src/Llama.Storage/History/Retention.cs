namespace Llama.Storage.History;

/// <summary>Drops what is too old, a few rows at a time, so that appends come between. Belongs to the writer's turn.</summary>
internal sealed class Retention
{
    private const int RowsAtOnce = 128;
    private const int ReportsAtOnce = 8192;

    private readonly SqliteFile _file;
    private readonly Statement _tally;
    private readonly Range[] _levels;
    private readonly Range _reports, _events;
    private readonly Statement _dropSource, _dropDestination, _dropClasses;

    public Retention(SqliteFile file, Statement tally)
    {
        _file = file;
        _tally = tally;
        _levels = [.. HistoryLevels.All.Select(HistorySchema.Table).Select(table => new Range(
            file, table, "key", RowsAtOnce, $"sum(points), sum(length(counts) + length(detail) + {SettledRow.KeyOctets})"))];
        _reports = new Range(file, "report", "start", ReportsAtOnce, "count(*), 0");
        _events = new Range(file, "event", "at", ReportsAtOnce, "count(*), 0");
        _dropSource = file.Prepare("DELETE FROM source WHERE id = ?1");
        _dropDestination = file.Prepare("""DELETE FROM destination WHERE "group" = ?1 AND number = ?2""");
        _dropClasses = file.Prepare(
            """DELETE FROM measured_class WHERE "group" NOT IN (SELECT "group" FROM source UNION SELECT "group" FROM destination)""");
    }

    /// <summary>Drops some rows of a level below a key; false when there was none.</summary>
    public bool Drop(HistoryLevel level, long belowKey) => Drop(_levels[(int)level], belowKey, HistorySchema.Table(level));

    /// <summary>Drops some of those reports that began before a moment.</summary>
    public bool DropReports(long before) => Drop(_reports, before, "report");

    /// <summary>Drops some of those events that happened before a moment.</summary>
    public bool DropEvents(long before) => Drop(_events, before, null);

    /// <summary>Drops who is known no more.</summary>
    public void Drop(IReadOnlyList<ForgottenParty> parties) => _file.InTransaction(() =>
    {
        foreach (ForgottenParty party in parties)
        {
            if (party.IsSource) _dropSource.Bind(1, party.Number).Run();
            else _dropDestination.Bind(1, party.Group).Bind(2, party.Number).Run();
        }

        _dropClasses.Run();
        return parties.Count;
    });

    private bool Drop(Range range, long before, string? table) => _file.InTransaction(() =>
    {
        (int rows, long entries, long octets) = range.Drop(before);
        if (rows > 0 && table is not null) _tally.Bind(1, table).Bind(2, -entries).Bind(3, -octets).Run();
        return rows > 0;
    });

    /// <summary>The rows of a table in the order of what they are dropped by.</summary>
    private sealed class Range(SqliteFile file, string table, string column, int atOnce, string sums)
    {
        private readonly Statement _bound = file.Prepare($"SELECT {column} FROM {table} WHERE {column} < ?1 ORDER BY {column} LIMIT 1 OFFSET {atOnce}");
        private readonly Statement _sum = file.Prepare($"SELECT {sums} FROM {table} WHERE {column} < ?1");
        private readonly Statement _drop = file.Prepare($"DELETE FROM {table} WHERE {column} < ?1");

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
    }
}
