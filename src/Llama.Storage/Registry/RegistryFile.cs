using Llama.Wire;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Llama.Storage.Registry;

/// <summary>The open database: its tables, and the statements that read and write them. Belongs to one thread at a time.</summary>
internal sealed class RegistryFile : IDisposable
{
    /// <summary>What this program writes. A file of an older version is brought here step by step, one of a newer version is refused.</summary>
    private const int SchemaVersion = 1;

    /// <summary>"LLMA", so that file(1) and others can tell.</summary>
    private const int ApplicationId = 0x4C4C4D41;

    private const int Corrupt = 11, NotADatabase = 26, Full = 13, ReadOnly = 8, IoError = 10, CannotOpen = 14;

    private readonly SqliteConnection _connection;
    private readonly Statement _begin, _commit, _put, _drop, _renew;

    static RegistryFile()
    {
        EmbeddedLibrary.Provide(typeof(SQLite3Provider_e_sqlite3).Assembly, "e_sqlite3");
        Batteries_V2.Init();
    }

    private RegistryFile(SqliteConnection connection)
    {
        _connection = connection;
        _begin = new Statement(connection, "BEGIN IMMEDIATE");
        _commit = new Statement(connection, "COMMIT");
        _put = new Statement(
            connection,
            """
            INSERT INTO registration ("group", name, document) VALUES (?1, ?2, ?3)
            ON CONFLICT ("group", name) DO UPDATE SET document = excluded.document
            """);
        _drop = new Statement(connection, """DELETE FROM registration WHERE "group" = ?1 AND name = ?2""");
        _renew = new Statement(
            connection,
            """
            INSERT INTO renewal (id, at) SELECT id, ?3 FROM registration WHERE "group" = ?1 AND name = ?2
            ON CONFLICT (id) DO UPDATE SET at = excluded.at
            """);
    }

    /// <summary>What is wrong with a file, if anything that makes it useless.</summary>
    /// <exception cref="IOException">It can't be looked at.</exception>
    public static string? FaultOf(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using SqliteConnection connection = Connect(path);
            using SqliteCommand check = connection.CreateCommand();
            check.CommandText = "PRAGMA quick_check(1)";
            string? result = (string?)check.ExecuteScalar();
            return result == "ok" ? null : $"the file is damaged ({result})";
        }
        catch (SqliteException error) when (error.SqliteErrorCode is Corrupt or NotADatabase)
        {
            return "the file is damaged, or no database";
        }
        catch (SqliteException error)
        {
            throw Explain(path, error);
        }
    }

    /// <summary>Opens a file, makes it where there is none, and brings it to this version.</summary>
    /// <exception cref="IOException">It can't be opened or written, or is of a newer version.</exception>
    public static RegistryFile Open(string path)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(path);
            Run(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA cache_size = -16000");
            Migrate(connection, path);
            return new RegistryFile(connection);
        }
        catch (SqliteException error)
        {
            connection?.Dispose();
            throw Explain(path, error);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    public static bool IsDiskFull(SqliteException error) => error.SqliteErrorCode == Full;

    /// <summary>What an error means to the operator.</summary>
    public static IOException Explain(string path, SqliteException error) => new(
        error.SqliteErrorCode switch
        {
            _ when IsDiskFull(error) || HasNoRoom(path) => $"{path}: the disk is full; make room, and the server goes on by itself.",
            Corrupt or NotADatabase => $"{path}: the file is damaged; restart the server, which sets it aside and begins a new one.",
            ReadOnly or CannotOpen => $"{path}: can't be opened for writing; give it and its directory to the user that runs llama.",
            IoError => $"{path}: can't be read or written ({error.Message}); look at the disk, then restart the server if it does not go on by itself.",
            _ => $"{path}: {error.Message}; restart the server if it does not go on by itself.",
        },
        error);

    public IReadOnlyList<StoredRegistration> Load()
    {
        using SqliteCommand select = _connection.CreateCommand();
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

    public int Commit(IReadOnlyList<RegistryChange> changes) => InTransaction(() =>
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

    public int Record(IReadOnlyList<Renewal> renewals) => InTransaction(() =>
    {
        foreach (Renewal renewal in renewals) Renew(renewal.Key, renewal.RenewedAt);
        return renewals.Count;
    });

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_begin, _commit, _put, _drop, _renew]) statement.Dispose();
        _connection.Dispose();
    }

    /// <summary>A full disk does not always call itself so: files that SQLite needs beside its own can't be made or grow then.</summary>
    private static bool HasNoRoom(string path)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).AvailableFreeSpace < 64 * 1024;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Migrate(SqliteConnection connection, string path)
    {
        int version = (int)(long)Ask(connection, "PRAGMA user_version");
        if (version > SchemaVersion)
        {
            throw new IOException(
                $"{path}: written by a newer llama (version {version} of its tables, this one knows {SchemaVersion}); update llama, or name another directory with --data.");
        }

        // Renewals have a table of their own: they are written again and again, and a row of them is a tenth of a registration's.
        if (version < 1)
        {
            Run(connection, $"""
                BEGIN IMMEDIATE;
                CREATE TABLE registration (
                    id INTEGER PRIMARY KEY, "group" TEXT NOT NULL, name TEXT NOT NULL, document BLOB NOT NULL, UNIQUE ("group", name)
                ) STRICT;
                CREATE TABLE renewal (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
                CREATE TRIGGER registration_dropped AFTER DELETE ON registration BEGIN DELETE FROM renewal WHERE id = old.id; END;
                PRAGMA application_id = {ApplicationId};
                PRAGMA user_version = 1;
                COMMIT
                """);
        }
    }

    private static object Ask(SqliteConnection connection, string statement)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = statement;
        return command.ExecuteScalar()!;
    }

    private static void Run(SqliteConnection connection, string statements)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = statements;
        command.ExecuteNonQuery();
    }

    private T InTransaction<T>(Func<T> work)
    {
        _begin.Run();
        try
        {
            T result = work();
            _commit.Run();
            return result;
        }
        catch
        {
            // Most errors have rolled back already; the connection is given up after this in any case.
            if (raw.sqlite3_get_autocommit(_connection.Handle!) == 0) Run(_connection, "ROLLBACK");
            throw;
        }
    }

    private void Renew(RegistryKey key, DateTimeOffset at) => Name(_renew, key).Bind(3, at.ToUnixTimeMilliseconds()).Run();

    private static Statement Name(Statement statement, RegistryKey key) => statement.Bind(1, key.Group).Bind(2, key.Name);
}
