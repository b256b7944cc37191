using System.Globalization;
using Npgsql;

namespace Llama.Server.Sinks.Postgres;

/// <summary>
/// Writes to a table of PostgreSQL that it makes itself: COPY into a temporary table, from there what is new into the one that stays,
/// all in one transaction. So a delivery is there as a whole or not at all, and one that comes twice is there once.
/// </summary>
internal sealed class PostgresSink : ISink
{
    private const int WriteAt = 64 * 1024;
    private readonly NpgsqlDataSource _database;
    private readonly PostgresSchema _schema;
    private readonly PostgresRows _rows;
    private readonly string _prepare;
    private readonly string _copy;
    private readonly string _insert;
    private bool _schemaIsThere;

    public PostgresSink(PostgresOptions options)
    {
        string table = options.Table.Quoted;
        Name = options.Name;
        WantsBuckets = options.Buckets;
        _database = options.Open();
        _schema = new PostgresSchema(options.Table, PostgresSchema.Steps);
        _rows = new PostgresRows(options.Buckets);

        // The server's own limit, too: a statement must not go on by itself when this end has given up.
        _prepare = string.Create(
            CultureInfo.InvariantCulture,
            $"SET LOCAL statement_timeout = {(long)options.Timeout.TotalMilliseconds}; "
            + $"CREATE TEMPORARY TABLE IF NOT EXISTS llama_incoming (LIKE {table}) ON COMMIT DELETE ROWS");
        _copy = $"COPY pg_temp.llama_incoming ({PostgresRows.Columns}) FROM STDIN (FORMAT binary)";

        // In the order of the key, so that two writers of the same rows wait for each other instead of blocking each other.
        _insert = $"INSERT INTO {table} ({PostgresRows.Columns}) SELECT {PostgresRows.Columns} FROM pg_temp.llama_incoming "
            + "ORDER BY time, row_key ON CONFLICT DO NOTHING";
    }

    public string Name { get; }

    public bool WantsBuckets { get; }

    public async Task<long> DeliverAsync(IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellation)
    {
        try
        {
            await using NpgsqlConnection connection = await _database.OpenConnectionAsync(cancellation);
            if (!_schemaIsThere) await _schema.EnsureAsync(connection, cancellation);
            _schemaIsThere = true;
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
            await ExecuteAsync(connection, _prepare, cancellation);
            await CopyAsync(connection, records, cancellation);
            int written = await ExecuteAsync(connection, _insert, cancellation);
            await transaction.CommitAsync(cancellation);
            return written;
        }
        catch (Exception error) when (PostgresFault.IsExpected(error))
        {
            // Whatever it was, the table may be gone with it, or have become another.
            _schemaIsThere = false;
            throw PostgresFault.Of(error, Name);
        }
        catch (SinkException refusal)
        {
            throw new SinkException(refusal.Fault, $"{Name}: {refusal.Message}", inner: refusal);
        }
    }

    public ValueTask DisposeAsync()
    {
        _rows.Dispose();
        return _database.DisposeAsync();
    }

    private async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellation)
    {
        await using NpgsqlRawCopyStream stream = await connection.BeginRawBinaryCopyAsync(_copy, cancellation);
        try
        {
            _rows.Begin();
            foreach (ReadOnlyMemory<byte> record in records)
            {
                _rows.Add(record.Span);
                if (_rows.Written.Length < WriteAt) continue;
                await stream.WriteAsync(_rows.Written, cancellation);
                _rows.Clear();
            }

            _rows.End();
            await stream.WriteAsync(_rows.Written, cancellation);
        }
        catch (InvalidDataException)
        {
            // Else the stream would end the COPY in good order when it is disposed.
            await stream.CancelAsync();
            throw;
        }
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync(cancellation);
    }
}
