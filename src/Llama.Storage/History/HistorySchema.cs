namespace Llama.Storage.History;

/// <summary>The tables of the history's file.</summary>
internal static class HistorySchema
{
    /// <summary>Version 1.</summary>
    /// <remarks>
    /// source, destination   who measured and whom; numbers of destinations begin anew in each group; tags are a JSON object
    /// measured_class        classes that a group has measured
    /// report                which reports were taken: start and end in 100 ns since the Unix epoch, flags: 0x01 suspect
    /// journal               reports that are in no level yet: one block each, all destinations, one point
    /// level tables          blocks by <see cref="RowKey"/>; counts is enough to count, detail has the rest
    /// event                 what happened in the mesh; at in 100 ns since the Unix epoch
    /// kept                  since when a level (5: report) holds all that was settled, in 100 ns since the Unix epoch, at the start of a row
    ///                       span; no row: since ever. Raised and committed before older rows are dropped, and nothing older is written to
    ///                       the level any more, so that readers never count a part of something for the whole
    /// tally                 how much each table holds, changed together with it; entries are points of levels, and rows of others
    /// damaged               blocks that could not be read, as they were
    /// trial                 always empty: what is written to see whether there is room again
    /// </remarks>
    public const string Version1 = """
        CREATE TABLE source (
            id INTEGER PRIMARY KEY, "group" TEXT NOT NULL, name TEXT NOT NULL, tags TEXT NOT NULL, seen INTEGER NOT NULL, UNIQUE ("group", name)
        ) STRICT;
        CREATE TABLE destination (
            "group" TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL, address TEXT NOT NULL, port INTEGER NOT NULL,
            tags TEXT NOT NULL, seen INTEGER NOT NULL, PRIMARY KEY ("group", number), UNIQUE ("group", name, host)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE measured_class ("group" TEXT NOT NULL, class INTEGER NOT NULL, PRIMARY KEY ("group", class)) STRICT, WITHOUT ROWID;
        CREATE TABLE report (
            source INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, flags INTEGER NOT NULL, PRIMARY KEY (start, source)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE journal (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, start INTEGER NOT NULL, counts BLOB NOT NULL, detail BLOB NOT NULL) STRICT;
        CREATE INDEX journal_by_source ON journal (source, start);
        CREATE TABLE raw (key INTEGER PRIMARY KEY, points INTEGER NOT NULL, counts BLOB NOT NULL, detail BLOB NOT NULL) STRICT;
        CREATE TABLE minute (key INTEGER PRIMARY KEY, points INTEGER NOT NULL, counts BLOB NOT NULL, detail BLOB NOT NULL) STRICT;
        CREATE TABLE ten_minutes (key INTEGER PRIMARY KEY, points INTEGER NOT NULL, counts BLOB NOT NULL, detail BLOB NOT NULL) STRICT;
        CREATE TABLE hour (key INTEGER PRIMARY KEY, points INTEGER NOT NULL, counts BLOB NOT NULL, detail BLOB NOT NULL) STRICT;
        CREATE TABLE day (key INTEGER PRIMARY KEY, points INTEGER NOT NULL, counts BLOB NOT NULL, detail BLOB NOT NULL) STRICT;
        CREATE TABLE event (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, "group" TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, document BLOB NOT NULL
        ) STRICT;
        CREATE INDEX event_by_time ON event (at);
        CREATE TABLE kept (level INTEGER PRIMARY KEY, since INTEGER NOT NULL) STRICT;
        CREATE TABLE tally (name TEXT PRIMARY KEY, entries INTEGER NOT NULL, octets INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO tally VALUES ('raw', 0, 0), ('minute', 0, 0), ('ten_minutes', 0, 0), ('hour', 0, 0), ('day', 0, 0), ('journal', 0, 0), ('report', 0, 0);
        CREATE TABLE damaged (id INTEGER PRIMARY KEY, name TEXT NOT NULL, key INTEGER NOT NULL, counts BLOB NOT NULL, detail BLOB NOT NULL) STRICT;
        CREATE TABLE trial (octets BLOB NOT NULL) STRICT
        """;

    /// <summary>What the file is like.</summary>
    public static SqliteLayout Layout { get; } = new(
        """
        PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = 1;
        PRAGMA cache_size = -65536; PRAGMA journal_size_limit = 67108864
        """,
        ApplicationId: 0x4C4C4D48, // "LLMH"
        [Version1]);

    /// <summary>The table of a level.</summary>
    public static string Table(HistoryLevel level) => level switch
    {
        HistoryLevel.Raw => "raw",
        HistoryLevel.Minute => "minute",
        HistoryLevel.TenMinutes => "ten_minutes",
        HistoryLevel.Hour => "hour",
        _ => "day",
    };
}
