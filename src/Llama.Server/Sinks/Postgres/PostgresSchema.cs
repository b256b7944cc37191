using System.Globalization;
using Npgsql;

namespace Llama.Server.Sinks.Postgres;

/// <summary>
/// The table that summaries are written to, and how it came about: each step makes the version before it into the next. The version
/// stands in the table's comment, so it goes where the table goes.
/// </summary>
/// <param name="table">The table.</param>
/// <param name="steps">What makes each version; TABLE stands for the table's name.</param>
internal sealed class PostgresSchema(PostgresTable table, IReadOnlyList<string> steps)
{
    private const string Mark = "llama summaries, version ";

    /// <summary>The steps so far. Never changed: what has to change is a further step.</summary>
    public static IReadOnlyList<string> Steps { get; } =
    [
        """
        CREATE TABLE TABLE (
            time timestamptz NOT NULL,
            interval_start timestamptz NOT NULL,
            row_key uuid NOT NULL,
            kind text NOT NULL,
            origin text NOT NULL,
            group_name text,
            source_name text,
            destination_name text,
            source text,
            destination text,
            host text,
            port integer,
            class smallint,
            source_port integer,
            measurement text,
            suspect boolean NOT NULL,
            reckoned boolean NOT NULL,
            tags jsonb NOT NULL,
            origin_tags jsonb NOT NULL,
            fields jsonb,
            sent bigint,
            received bigint,
            lost bigint,
            lost_forward bigint,
            lost_reverse bigint,
            late bigint,
            duplicates bigint,
            reordered bigint,
            send_errors bigint,
            rtt_count bigint,
            rtt_sum_ns bigint,
            rtt_min_ns bigint,
            rtt_mean_ns bigint,
            rtt_p50_ns bigint,
            rtt_p90_ns bigint,
            rtt_p99_ns bigint,
            rtt_max_ns bigint,
            jitter_ns bigint,
            delay_variation_ns bigint,
            forward_delay_variation_ns bigint,
            reverse_delay_variation_ns bigint,
            forward_ttl bigint,
            reverse_ttl bigint,
            forward_tos bigint,
            reverse_tos bigint,
            forward_remarked bigint,
            reverse_remarked bigint,
            forward_ttl_changes bigint,
            pairs bigint,
            lossy_pairs bigint,
            rtt_bucket_ns bigint[],
            rtt_bucket_count bigint[],
            PRIMARY KEY (time, row_key)
        )
        """,
    ];

    /// <summary>Makes the table, or what it has to become, where that is left to do. Where nothing is, reading it needs no rights but to write rows.</summary>
    /// <exception cref="SinkException">The table is none that this program can write to.</exception>
    public async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        if (await VersionAsync(connection, cancellation) == steps.Count) return;
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);

        // Of writers that start together one makes the table, and the others find it made.
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock(hashtextextended('llama {table.Quoted}', 0))", cancellation);
        int version = await VersionAsync(connection, cancellation);
        for (int next = version; next < steps.Count; next++) await ExecuteAsync(connection, Named(steps[next]), cancellation);
        if (version == 0) await PartitionAsync(connection, cancellation);
        if (version < steps.Count)
            await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"COMMENT ON TABLE {table.Quoted} IS '{Mark}{steps.Count}'"), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>The version that is there; 0 for no table.</summary>
    private async Task<int> VersionAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        // Reading pg_class itself is what makes the session notice tables that others have made since it last looked.
        string sql = $"SELECT coalesce(obj_description(oid, 'pg_class'), '') FROM pg_class WHERE oid = to_regclass('{table.Quoted}')";
        await using var command = new NpgsqlCommand(sql, connection);
        if (await command.ExecuteScalarAsync(cancellation) is not string comment) return 0;
        if (!comment.StartsWith(Mark, StringComparison.Ordinal)
            || !int.TryParse(comment.AsSpan(Mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int version))
            throw new SinkException(SinkFault.Unavailable, $"there is a table {table.Quoted} that llama did not make: name another one with table=NAME");
        return version <= steps.Count
            ? version
            : throw new SinkException(SinkFault.Unavailable, string.Create(
                CultureInfo.InvariantCulture,
                $"the table {table.Quoted} is of version {version}, and this program knows {steps.Count}: update llama, or name another one with table=NAME"));
    }

    /// <summary>With TimescaleDB, a table of chunks of time. Its function is called as all versions of it since 2.0 have it.</summary>
    private async Task PartitionAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string sql = "SELECT quote_ident(nspname) FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE proname = 'create_hypertable' LIMIT 1";
        await using var command = new NpgsqlCommand(sql, connection);
        if (await command.ExecuteScalarAsync(cancellation) is string schema)
            await ExecuteAsync(connection, $"SELECT {schema}.create_hypertable('{table.Quoted}'::regclass, 'time'::name, if_not_exists => true)", cancellation);
    }

    private string Named(string step) => step.Replace(" TABLE TABLE ", $" TABLE {table.Quoted} ", StringComparison.Ordinal);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        // Only table names go into it, and those are letters, digits and underscores.
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
