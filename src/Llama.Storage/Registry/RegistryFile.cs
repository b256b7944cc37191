using Microsoft.Data.Sqlite;

namespace Llama.Storage.Registry;

/// <summary>The open database: its tables, and the statements that read and write them. Belongs to one thread at a time.</summary>
internal sealed class RegistryFile : IDisposable
{
    // Renewals have a table of their own: they are written again and again, and a row of them is a tenth of a registration's.
    private static readonly SqliteLayout Layout = new(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA cache_size = -16000",
        ApplicationId: 0x4C4C4D41, // "LLMA"
        [
            """
            CREATE TABLE registration (
                id INTEGER PRIMARY KEY, "group" TEXT NOT NULL, name TEXT NOT NULL, document BLOB NOT NULL, UNIQUE ("group", name)
            ) STRICT;
            CREATE TABLE renewal (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
            CREATE TRIGGER registration_dropped AFTER DELETE ON registration BEGIN DELETE FROM renewal WHERE id = old.id; END
            """,
        ]);

    private readonly SqliteFile _file;
    private readonly Statement _put, _drop, _renew;

    private RegistryFile(SqliteFile file)
    {
        _file = file;
        _put = file.Prepare(
            """
            INSERT INTO registration ("group", name, document) VALUES (?1, ?2, ?3)
            ON CONFLICT ("group", name) DO UPDATE SET document = excluded.document
            """);
        _drop = file.Prepare("""DELETE FROM registration WHERE "group" = ?1 AND name = ?2""");
        _renew = file.Prepare(
            """
            INSERT INTO renewal (id, at) SELECT id, ?3 FROM registration WHERE "group" = ?1 AND name = ?2
            ON CONFLICT (id) DO UPDATE SET at = excluded.at
            """);
    }

    /// <summary>Opens a file, makes it where there is none, and brings it to this version.</summary>
    /// <exception cref="IOException">It can't be opened or written, or is of a newer version.</exception>
    public static RegistryFile Open(string path) => new(SqliteFile.Open(path, Layout));

    public IReadOnlyList<StoredRegistration> Load()
    {
        using SqliteCommand select = _file.Connection.CreateCommand();
        select.CommandText = """SELECT "group", name, document, at FROM registration JOIN renewal USING (id) ORDER BY id""";
        using SqliteDataReader reader = select.ExecuteReader();
        var all = new List<StoredRegistration>();
        while (reader.Read())
        {
            var key = new RegistryKey(reader.GetString(0), reader.GetString(1));
            all.Add(new StoredRegistration(key, reader.GetFieldValue<byte[]>(2), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3))));
        }

        return all;
    }

    public int Commit(IReadOnlyList<RegistryChange> changes) => _file.InTransaction(() =>
    {
        foreach (RegistryChange change in changes)
        {
            if (change.Now is { } now)
            {
                Name(_put, change.Key).Bind(3, now.Document.Span).Run();
                Renew(change.Key, now.RenewedAt);
            }
            else
            {
                Name(_drop, change.Key).Run();
            }
        }

        return changes.Count;
    });

    public int Record(IReadOnlyList<Renewal> renewals) => _file.InTransaction(() =>
    {
        foreach (Renewal renewal in renewals) Renew(renewal.Key, renewal.RenewedAt);
        return renewals.Count;
    });

    public void Dispose() => _file.Dispose();

    private void Renew(RegistryKey key, DateTimeOffset at) => Name(_renew, key).Bind(3, at.ToUnixTimeMilliseconds()).Run();

    private static Statement Name(Statement statement, RegistryKey key) => statement.Bind(1, key.Group).Bind(2, key.Name);
}
