using Llama.Wire;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Llama.Storage;

/// <summary>What a kind of file is like. Immutable.</summary>
/// <param name="Pragmas">What each connection that writes it sets first.</param>
/// <param name="ApplicationId">Four letters, so that file(1) and others can tell.</param>
/// <param name="Steps">
/// Statements that bring a file to the next version, from an empty one on: the first one makes version 1. Each is one transaction.
/// </param>
internal sealed record SqliteLayout(string Pragmas, int ApplicationId, IReadOnlyList<string> Steps)
{
    /// <summary>What this program writes. A file of an older version is brought here step by step, one of a newer version is refused.</summary>
    public int Version => Steps.Count;
}

/// <summary>An open SQLite file of ours, and what all of them need. Belongs to one thread at a time.</summary>
internal sealed class SqliteFile : IDisposable
{
    private const int Corrupt = 11, NotADatabase = 26, Full = 13, ReadOnly = 8, IoError = 10, CannotOpen = 14;

    /// <summary>How long what another connection does is waited for.</summary>
    public const int BusyMilliseconds = 5000;

    private readonly List<Statement> _statements = [];
    private readonly Statement _begin, _commit;

    static SqliteFile()
    {
        EmbeddedLibrary.Provide(typeof(SQLite3Provider_e_sqlite3).Assembly, "e_sqlite3");
        Batteries_V2.Init();
    }

    private SqliteFile(SqliteConnection connection)
    {
        Connection = connection;
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
    }

    /// <summary>The connection, which is closed with this.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>Opens a file to write, makes it where there is none, and brings it to this version.</summary>
    /// <exception cref="IOException">It can't be opened or written, or is of a newer version.</exception>
    public static SqliteFile Open(string path, SqliteLayout layout)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(path, SqliteOpenMode.ReadWriteCreate);
            RefuseNewer(connection, path, layout);
            Run(connection, layout.Pragmas);
            Migrate(connection, layout);
            return new SqliteFile(connection);
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

    /// <summary>A connection that can't write to a file of this version.</summary>
    /// <exception cref="IOException">There is none, it can't be read, or is of another version.</exception>
    public static SqliteConnection ConnectToRead(string path, SqliteLayout layout)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(path, SqliteOpenMode.ReadOnly);
            RefuseNewer(connection, path, layout);
            if (VersionOf(connection) < layout.Version) throw new IOException($"{path}: written by an older llama; start this llama server with it once, which brings it up to date.");
            return connection;
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

    /// <summary>What is wrong with a file, if anything that makes it useless.</summary>
    /// <param name="path">The file; one that is not there is fine.</param>
    /// <param name="check">Looks at it, and says what is wrong; null when all is well.</param>
    /// <exception cref="IOException">It can't be looked at.</exception>
    public static string? FaultOf(string path, Func<SqliteConnection, string?> check)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using SqliteConnection connection = Connect(path, SqliteOpenMode.ReadWriteCreate);
            return check(connection) is { } fault ? $"the file is damaged ({fault})" : null;
        }
        catch (SqliteException error) when (IsDamage(error))
        {
            return "the file is damaged, or no database";
        }
        catch (SqliteException error)
        {
            throw Explain(path, error);
        }
    }

    /// <summary>Reads the whole file, and says what is wrong with it first; null when all is well.</summary>
    public static string? QuickCheck(SqliteConnection connection)
    {
        string result = (string)Ask(connection, "PRAGMA quick_check(1)");
        return result == "ok" ? null : result;
    }

    /// <summary>Gives a file, with those that belong to it, another name, and tells it.</summary>
    public static string SetAside(string path)
    {
        int number = 1;
        while (File.Exists(Aside(path, number))) number++;
        foreach (string suffix in (string[])["", "-wal", "-shm"])
        {
            if (File.Exists(path + suffix)) File.Move(path + suffix, Aside(path, number) + suffix);
        }

        return Aside(path, number);
    }

    public static bool IsDiskFull(SqliteException error) => error.SqliteErrorCode == Full;

    public static bool IsDamage(SqliteException error) => error.SqliteErrorCode is Corrupt or NotADatabase;

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

    /// <summary>What to say when the library that all this rests on is not there.</summary>
    public static IOException? ExplainMissingLibrary(Exception error) =>
        error is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException }
            ? new IOException("The SQLite library can't be loaded; keep libe_sqlite3 next to llama, or take the published llama, which has it inside.", error)
            : null;

    /// <summary>The first value that statements answer with.</summary>
    public static object Ask(SqliteConnection connection, string statement)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = statement;
        return command.ExecuteScalar()!;
    }

    /// <summary>Runs statements.</summary>
    public static void Run(SqliteConnection connection, string statements)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = statements;
        command.ExecuteNonQuery();
    }

    /// <summary>The first number that statements answer with.</summary>
    public long Number(string statement) => (long)Ask(Connection, statement);

    /// <summary>A statement that is disposed of with this.</summary>
    public Statement Prepare(string text)
    {
        var statement = new Statement(Connection, text);
        _statements.Add(statement);
        return statement;
    }

    /// <summary>Does all of something or nothing of it, durably.</summary>
    public T InTransaction<T>(Func<T> work)
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
            // Most errors have rolled back already.
            foreach (Statement statement in _statements) statement.Leave();
            if (raw.sqlite3_get_autocommit(Connection.Handle!) == 0) Run(Connection, "ROLLBACK");
            throw;
        }
    }

    public void Dispose()
    {
        foreach (Statement statement in _statements) statement.Dispose();
        Connection.Dispose();
    }

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();

            // For statements that do not go through a command.
            Run(connection, $"PRAGMA busy_timeout = {BusyMilliseconds}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static int VersionOf(SqliteConnection connection) => (int)(long)Ask(connection, "PRAGMA user_version");

    private static void RefuseNewer(SqliteConnection connection, string path, SqliteLayout layout)
    {
        int version = VersionOf(connection);
        if (version > layout.Version)
        {
            throw new IOException(
                $"{path}: written by a newer llama (version {version} of its tables, this one knows {layout.Version}); update llama, or name another directory with --data.");
        }
    }

    private static void Migrate(SqliteConnection connection, SqliteLayout layout)
    {
        for (int version = VersionOf(connection); version < layout.Version; version++)
        {
            Run(connection, $"""
                BEGIN IMMEDIATE;
                {layout.Steps[version]};
                PRAGMA application_id = {layout.ApplicationId};
                PRAGMA user_version = {version + 1};
                COMMIT
                """);
        }
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

    private static string Aside(string path, int number) =>
        Path.Combine(Path.GetDirectoryName(path)!, $"{Path.GetFileNameWithoutExtension(path)}-damaged-{number}{Path.GetExtension(path)}");
}
