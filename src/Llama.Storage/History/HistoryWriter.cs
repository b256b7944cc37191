namespace Llama.Storage.History;

/// <summary>The statements that change the history's file. Belongs to the writer's turn.</summary>
internal sealed class HistoryWriter : IDisposable
{
    private readonly SqliteFile _file;
    private readonly Statement _putSource, _putDestination, _putClass, _putReport, _putJournal, _putEvent, _putTrial, _dropTrial;
    private readonly Statement _dropJournal, _tally, _keep, _kept, _shrink;
    private readonly Statement[] _putRow, _setAsideRow;
    private readonly Statement _setAsideJournal;

    public HistoryWriter(string path)
    {
        _file = SqliteFile.Open(path, HistorySchema.Layout);
        _putSource = _file.Prepare("""INSERT OR REPLACE INTO source (id, "group", name, tags, seen) VALUES (?1, ?2, ?3, ?4, ?5)""");
        _putDestination = _file.Prepare(
            """
            INSERT OR REPLACE INTO destination ("group", number, name, host, address, port, tags, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """);
        _putClass = _file.Prepare("""INSERT OR IGNORE INTO measured_class ("group", class) VALUES (?1, ?2)""");
        _putReport = _file.Prepare("""INSERT OR IGNORE INTO report (start, source, "end", flags) VALUES (?1, ?2, ?3, ?4)""");
        _putJournal = _file.Prepare("INSERT INTO journal (source, start, counts, detail) VALUES (?1, ?2, ?3, ?4)");
        _putEvent = _file.Prepare("""INSERT INTO event (at, "group", name, kind, document) VALUES (?1, ?2, ?3, ?4, ?5)""");
        _putTrial = _file.Prepare("INSERT INTO trial (octets) VALUES (zeroblob(?1))");
        _dropTrial = _file.Prepare("DELETE FROM trial");
        _dropJournal = _file.Prepare("DELETE FROM journal WHERE id = ?1");
        _tally = _file.Prepare("UPDATE tally SET entries = entries + ?2, octets = octets + ?3 WHERE name = ?1");
        _keep = _file.Prepare("INSERT INTO kept (level, since) VALUES (?1, ?2) ON CONFLICT (level) DO UPDATE SET since = max(since, excluded.since)");
        _kept = _file.Prepare(KeptSince.Select);
        _shrink = _file.Prepare("PRAGMA incremental_vacuum(512)");
        _putRow = [.. HistoryLevels.All.Select(level => _file.Prepare(
            $"INSERT OR REPLACE INTO {HistorySchema.Table(level)} (key, points, counts, detail) VALUES (?1, ?2, ?3, ?4)"))];
        _setAsideRow = [.. HistoryLevels.All.Select(level => _file.Prepare(
            $"INSERT INTO damaged (name, key, counts, detail) SELECT '{HistorySchema.Table(level)}', key, counts, detail FROM {HistorySchema.Table(level)} WHERE key = ?1"))];
        _setAsideJournal = _file.Prepare("INSERT INTO damaged (name, key, counts, detail) SELECT 'journal', source, counts, detail FROM journal WHERE id = ?1");
        Retention = new Retention(_file, _tally);
    }

    /// <summary>Drops what is too old.</summary>
    public Retention Retention { get; }

    /// <summary>Keeps reports, all of them or none, and says of each whether it is new.</summary>
    public int Commit(IReadOnlyList<PendingReport> reports, DirectoryChanges changes) => _file.InTransaction(() =>
    {
        Put(changes);
        long octets = 0;
        int added = 0, journaled = 0;
        foreach (PendingReport report in reports)
        {
            _putReport.Bind(1, report.Start).Bind(2, report.Source).Bind(3, report.End).Bind(4, report.IsSuspect ? 1 : 0).Run();
            report.IsNew = _putReport.Changes > 0;
            if (!report.IsNew) continue;
            added++;
            if (report.Length == 0) continue;
            _putJournal.Bind(1, report.Source).Bind(2, report.Start).Bind(3, report.Counts).Bind(4, report.Detail).Run();
            journaled++;
            octets += report.Length;
        }

        if (added > 0) Tally("report", added, 0);
        if (journaled > 0) Tally("journal", journaled, octets);
        return added;
    });

    /// <summary>Keeps events.</summary>
    public int Commit(IReadOnlyList<HistoryEvent> events) => _file.InTransaction(() =>
    {
        foreach (HistoryEvent happened in events)
        {
            _putEvent.Bind(1, HistoryTime.Of(happened.At)).Bind(2, happened.Group).Bind(3, happened.Name).Bind(4, happened.Kind)
                .Bind(5, happened.Document.Span).Run();
        }

        return events.Count;
    });

    /// <summary>Stores what is known of sources and destinations.</summary>
    public int Commit(DirectoryChanges changes) => _file.InTransaction(() =>
    {
        Put(changes);
        return 0;
    });

    /// <summary>Writes rows that a part of the journal was settled into, and drops that part.</summary>
    public int Commit(SettledSpan settled) => _file.InTransaction(() =>
    {
        // Another process may have pruned since the rows were put together.
        KeptSince kept = KeptSince.Read(_kept);
        foreach (SettledRow row in settled.Rows)
        {
            if (!kept.Has(row.Level, HistoryTime.Of(RowKey.StartOf(row.Level, row.Key.Span)))) continue;
            int level = (int)row.Level;
            if (row.IsFormerDamaged) _setAsideRow[level].Bind(1, row.Key.Value).Run();
            _putRow[level].Bind(1, row.Key.Value).Bind(2, row.Points).Bind(3, settled.CountsOf(row)).Bind(4, settled.DetailOf(row)).Run();
            settled.Add(row.Level, row.Points - row.FormerPoints, row.Octets - row.FormerOctets);
        }

        foreach (HistoryLevel level in HistoryLevels.All)
        {
            (long points, long octets) = settled.TakeTally(level);
            if (points != 0 || octets != 0) Tally(HistorySchema.Table(level), points, octets);
        }

        foreach (JournalEntry entry in settled.Journal)
        {
            if (entry.IsDamaged) _setAsideJournal.Bind(1, entry.Id).Run();
            _dropJournal.Bind(1, entry.Id).Run();
        }

        Tally("journal", -settled.Journal.Count, -settled.Journal.Sum(entry => (long)entry.Length));
        return settled.Rows.Count;
    });

    /// <summary>Says from when on something is kept; never less than before.</summary>
    /// <param name="since">By number of the level, in 100 ns since the Unix epoch.</param>
    public int Keep(IReadOnlyDictionary<int, long> since) => _file.InTransaction(() =>
    {
        foreach ((int level, long from) in since) _keep.Bind(1, level).Bind(2, from).Run();
        return since.Count;
    });

    /// <summary>Sees whether there is room for some octets, in the file and beside it.</summary>
    public void Try(int octets)
    {
        _file.InTransaction(() =>
        {
            _putTrial.Bind(1, octets).Run();
            return 0;
        });
        _file.InTransaction(() =>
        {
            _dropTrial.Run();
            return 0;
        });
    }

    /// <summary>Gives some of the room that nothing needs back to the disk; tells how many octets, 0 when there is no more.</summary>
    public long Shrink()
    {
        long before = _file.Number("PRAGMA page_count");
        while (_shrink.Next()) continue;
        return (before - _file.Number("PRAGMA page_count")) * _file.Number("PRAGMA page_size");
    }

    /// <summary>Brings what was committed from the log to the file, as far as no reader is in the way; waits for none.</summary>
    public void Checkpoint() => SqliteFile.Run(
        _file.Connection, $"PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = {SqliteFile.BusyMilliseconds}");

    /// <summary>Since when what is kept.</summary>
    public KeptSince Kept() => KeptSince.Read(_kept);

    public void Dispose() => _file.Dispose();

    private void Tally(string table, long entries, long octets) => _tally.Bind(1, table).Bind(2, entries).Bind(3, octets).Run();

    private void Put(DirectoryChanges changes)
    {
        foreach ((int id, (HistorySource source, long seen)) in changes.Sources)
            _putSource.Bind(1, id).Bind(2, source.Group).Bind(3, source.Name).Bind(4, TagText.Write(source.Tags)).Bind(5, seen).Run();
        foreach (((string group, int number), (HistoryDestination destination, long seen)) in changes.Destinations)
        {
            _putDestination.Bind(1, group).Bind(2, number).Bind(3, destination.Name).Bind(4, destination.Host).Bind(5, destination.Address)
                .Bind(6, destination.Port).Bind(7, TagText.Write(destination.Tags)).Bind(8, seen).Run();
        }

        foreach ((string group, byte trafficClass) in changes.Classes) _putClass.Bind(1, group).Bind(2, trafficClass).Run();
    }
}
