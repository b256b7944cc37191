using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Llama.Storage;

/// <summary>
/// A statement that runs again and again, with other values each time. It spares the parameter objects, boxes and copies of a command,
/// which cost more than a short statement itself. Belongs to its connection's thread.
/// </summary>
internal sealed class Statement : IDisposable
{
    private const int Row = 100, Done = 101;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    /// <summary>Compiles a statement whose parameters are ?1, ?2, ...</summary>
    /// <exception cref="SqliteException">It can't be.</exception>
    public Statement(SqliteConnection connection, string text)
    {
        _database = connection.Handle!;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(_database, text, out _statement), _database);
    }

    /// <summary>Gives a parameter its value, which it keeps until it gets another.</summary>
    public Statement Bind(int parameter, string value)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_bind_text(_statement, parameter, value), _database);
        return this;
    }

    /// <inheritdoc cref="Bind(int, string)"/>
    public Statement Bind(int parameter, long value)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_bind_int64(_statement, parameter, value), _database);
        return this;
    }

    /// <inheritdoc cref="Bind(int, string)"/>
    public Statement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_bind_blob(_statement, parameter, value), _database);
        return this;
    }

    /// <summary>Goes to the next row; false behind the last one, and then it can be run again.</summary>
    /// <exception cref="SqliteException">It failed; it can be run again.</exception>
    public bool Next()
    {
        int result = raw.sqlite3_step(_statement);
        if (result == Row) return true;
        int reset = raw.sqlite3_reset(_statement);
        if (result != Done) SqliteException.ThrowExceptionForRC(reset == 0 ? result : reset, _database);
        return false;
    }

    /// <summary>Leaves the rest of the rows, so that it can be run again.</summary>
    public void Leave() => raw.sqlite3_reset(_statement);

    /// <summary>A number of the row, by the column's place from 0.</summary>
    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>A text of the row.</summary>
    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, column));

    /// <summary>
    /// Octets of the row, valid until the next call of <see cref="Next"/>. SQLite reads from disk only up to the end of the column that is
    /// asked for.
    /// </summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>How many octets a column of the row has; less is read from disk than for <see cref="Blob"/>.</summary>
    public int Length(int column) => raw.sqlite3_column_bytes(_statement, column);

    /// <summary>How many rows the connection's last statement that writes has written or dropped.</summary>
    public int Changes => raw.sqlite3_changes(_database);

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="SqliteException">It failed; it can be run again.</exception>
    public void Run()
    {
        int result = raw.sqlite3_step(_statement);
        int reset = raw.sqlite3_reset(_statement);
        if (result != Done) SqliteException.ThrowExceptionForRC(reset == 0 ? result : reset, _database);
    }

    public void Dispose() => _statement.Dispose();
}
