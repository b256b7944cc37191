using System.Globalization;
using Llama.Engine.Summaries;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Postgres;
using Llama.Server.Sinks.Records;
using Npgsql;

namespace Llama.EndToEnd.Sinks.Postgres;

/// <summary>What the sink does to a real PostgreSQL, read back with SQL.</summary>
public sealed class PostgresSinkTests(SharedPostgres shared) : IClassFixture<SharedPostgres>, IAsyncLifetime
{
    private RunningPostgres? _postgres;

    private RunningPostgres Postgres => _postgres ?? throw new SkipException("postgres is not installed (package postgresql).");

    public async Task InitializeAsync() => _postgres = shared.Server is { } server ? await server.NewDatabaseAsync() : null;

    public Task DisposeAsync() => Task.CompletedTask;

    [SkippableFact]
    public async Task Every_kind_of_row_is_read_back_as_it_was_measured()
    {
        await using PostgresSink sink = Postgres.Sink("?buckets=true");

        long written = await sink.DeliverAsync([EveryKind()], default);

        Assert.Equal(4, written);
        Assert.Equal(
            [
                "flow|2026-11-22 03:00:00|2026-11-22 03:00:30|default/a|default|a|b|10.0.0.1|10.0.0.2|b.example|8100|184|50000|null|t|15|null|null|null",
                "pair|2026-11-22 03:00:00|2026-11-22 03:00:30|default/a|default|a|b|10.0.0.1|10.0.0.2|b.example|8100|184|null|null|t|30|71418|{1003520,2007040}|{20,8}",
                "point|1999-12-31 23:59:59|1999-12-31 23:59:59|default/a|null|null|null|10.0.0.8|10.0.0.9|null|8101|null|null|raw_stats|t|7|null|null|null",
                "rollup|2026-11-22 03:00:00|2026-11-22 03:00:30|default/a|null|null|null|null|null|null|null|null|null|null|t|900|null|null|null",
            ],
            await Postgres.QueryAsync("""
                SELECT kind, interval_start AT TIME ZONE 'UTC', time AT TIME ZONE 'UTC', origin, group_name, source_name, destination_name, source, destination, host, port,
                    class, source_port, measurement, suspect, sent, rtt_mean_ns, rtt_bucket_ns, rtt_bucket_count
                FROM llama_summaries ORDER BY kind
                """));
        Assert.Equal(
            ["{\"city\": \"Zürich\uFFFD\", \"group\": \"default\", \"dst_name\": \"b\", \"src_name\": \"a\"}|{\"region\": \"west\"}|null"],
            await Postgres.QueryAsync("SELECT tags, origin_tags, fields FROM llama_summaries WHERE kind = 'pair'"));
        Assert.Equal(["6.666667|2"], await Postgres.QueryAsync("SELECT fields ->> 'loss', (SELECT count(*) FROM jsonb_object_keys(fields)) FROM llama_summaries WHERE kind = 'point'"));
    }

    [SkippableFact]
    public async Task Every_measure_has_a_column_of_its_own()
    {
        await using PostgresSink sink = Postgres.Sink();
        Measures measures = default;
        for (int i = 0; i < Measures.Count; i++) measures[(Measure)i] = 1000 + i;
        var writer = new ReportWriter();
        writer.Begin(SampleRecord.Start, SampleRecord.Start + SampleRecord.Interval, RecordFlags.None, "default/a"u8);
        writer.EndOriginTags();
        writer.BeginPair("10.0.0.1"u8, ""u8, "10.0.0.2"u8, 8100, 0);
        writer.EndPair(measures, []);

        await sink.DeliverAsync([writer.Record], default);

        string[] columns = [.. PostgresRows.Columns.Split(", ")[^Measures.Count..]];
        Assert.Equal(
            [string.Join('|', Enumerable.Range(1000, Measures.Count).Select(value => value.ToString(CultureInfo.InvariantCulture)))],
            await Postgres.QueryAsync($"SELECT {string.Join(", ", columns)} FROM llama_summaries"));
        for (int i = 0; i < Measures.Count; i++)
            Assert.Equal(((Measure)i).ToString(), string.Concat(columns[i].Replace("_ns", "").Split('_').Select(part => char.ToUpperInvariant(part[0]) + part[1..])));
    }

    [SkippableFact]
    public async Task What_comes_twice_is_there_once()
    {
        await using PostgresSink sink = Postgres.Sink();

        Assert.Equal(9, await sink.DeliverAsync([SampleRecord.Of(0)], default));
        Assert.Equal(9, await sink.DeliverAsync([SampleRecord.Of(0), SampleRecord.Of(1), SampleRecord.Of(1)], default));
        Assert.Equal(0, await sink.DeliverAsync([SampleRecord.Of(1)], default));

        Assert.Equal(["18|360"], await Postgres.QueryAsync("SELECT count(*), sum(sent) FROM llama_summaries"));
    }

    [SkippableFact]
    public async Task A_killed_server_costs_and_doubles_nothing()
    {
        await using RunningPostgres postgres = await RunningPostgres.StartAsync();
        await using PostgresSink sink = postgres.Sink();
        var failures = new List<SinkException>();
        bool killed = false;

        for (int batch = 0; batch < 20; batch++)
        {
            ReadOnlyMemory<byte>[] records = [.. Enumerable.Range(5 * batch, 5).Select(interval => SampleRecord.Of(interval, pairs: 40))];
            if (batch == 10)
            {
                // Killed while a delivery is under way, which may arrive or not.
                Task<long> delivery = sink.DeliverAsync(records, default);
                await postgres.KillAsync();
                try
                {
                    await delivery;
                }
                catch (SinkException error)
                {
                    failures.Add(error);
                }

                failures.Add(await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync(records, default)));
                await postgres.StartAgainAsync();
                killed = true;
            }

            // As whoever delivers does: the same again until it is taken.
            for (int attempt = 0; attempt < 5; attempt++)
            {
                try
                {
                    await sink.DeliverAsync(records, default);
                    break;
                }
                catch (SinkException error)
                {
                    failures.Add(error);
                }
            }
        }

        Assert.True(killed);
        Assert.All(failures, failure => Assert.Equal(SinkFault.Unavailable, failure.Fault));
        Assert.Equal(["12000|4000|100"], await postgres.QueryAsync("SELECT count(*), count(*) FILTER (WHERE kind = 'pair'), count(DISTINCT time) FROM llama_summaries"));
        Assert.Equal(["120000"], await postgres.QueryAsync("SELECT sum(sent) FROM llama_summaries WHERE kind = 'pair'"));
    }

    [SkippableFact]
    public async Task Writers_that_start_together_make_one_table()
    {
        PostgresSink[] sinks = [.. Enumerable.Range(0, 8).Select(_ => Postgres.Sink("?table=public.together"))];

        long[] written = await Task.WhenAll(sinks.Select(sink => sink.DeliverAsync([SampleRecord.Of(0), SampleRecord.Of(1)], default)));

        Assert.Equal(18, written.Sum());
        Assert.Equal(["18"], await Postgres.QueryAsync("SELECT count(*) FROM public.together"));
        foreach (PostgresSink sink in sinks) await sink.DisposeAsync();
    }

    [SkippableFact]
    public async Task A_newer_table_is_left_alone()
    {
        await using PostgresSink sink = Postgres.Sink();
        await sink.DeliverAsync([SampleRecord.Of(0)], default);
        await Postgres.ExecuteAsync("COMMENT ON TABLE llama_summaries IS 'llama summaries, version 99'");
        await using PostgresSink older = Postgres.Sink();

        SinkException refusal = await Assert.ThrowsAsync<SinkException>(() => older.DeliverAsync([SampleRecord.Of(1)], default));

        Assert.Equal(SinkFault.Unavailable, refusal.Fault);
        Assert.Contains("is of version 99, and this program knows 1: update llama", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["9"], await Postgres.QueryAsync("SELECT count(*) FROM llama_summaries"));
    }

    [SkippableFact]
    public async Task An_older_table_becomes_a_newer_one_and_keeps_its_rows()
    {
        await using PostgresSink sink = Postgres.Sink();
        await sink.DeliverAsync([SampleRecord.Of(0)], default);
        await using NpgsqlConnection connection = await Postgres.OpenAsync();
        var table = PostgresTable.Parse("llama_summaries");

        await new PostgresSchema(table, [.. PostgresSchema.Steps, "ALTER TABLE TABLE ADD COLUMN later bigint"]).EnsureAsync(connection, default);

        Assert.Equal(["9|0"], await Postgres.QueryAsync("SELECT count(*), count(later) FROM llama_summaries"));
        Assert.Equal(["llama summaries, version 2"], await Postgres.QueryAsync("SELECT obj_description('llama_summaries'::regclass)"));
    }

    [SkippableFact]
    public async Task Somebody_elses_table_is_left_alone()
    {
        await Postgres.ExecuteAsync("CREATE TABLE \"Orders\" (id int)");
        await using PostgresSink sink = Postgres.Sink("?table=Orders");

        SinkException refusal = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([SampleRecord.Of(0)], default));

        Assert.Equal(SinkFault.Unavailable, refusal.Fault);
        Assert.Contains("that llama did not make", refusal.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Who_may_only_insert_needs_no_more()
    {
        await using PostgresSink owner = Postgres.Sink();
        await owner.DeliverAsync([SampleRecord.Of(0)], default);
        await Postgres.ExecuteAsync("CREATE ROLE writer LOGIN PASSWORD 'w'; GRANT INSERT, SELECT ON llama_summaries TO writer; CREATE ROLE nobody LOGIN PASSWORD 'n'");
        await using var writer = new PostgresSink(PostgresOptions.Of(SinkUri.Parse(Postgres.Address("", "writer", "w"))));
        await using var nobody = new PostgresSink(PostgresOptions.Of(SinkUri.Parse(Postgres.Address("", "nobody", "n"))));
        await using var stranger = new PostgresSink(PostgresOptions.Of(SinkUri.Parse(Postgres.Address("", "writer", "wrong"))));

        Assert.Equal(9, await writer.DeliverAsync([SampleRecord.Of(1)], default));
        SinkException forbidden = await Assert.ThrowsAsync<SinkException>(() => nobody.DeliverAsync([SampleRecord.Of(2)], default));
        SinkException unknown = await Assert.ThrowsAsync<SinkException>(() => stranger.DeliverAsync([SampleRecord.Of(2)], default));

        Assert.Equal((SinkFault.Unavailable, SinkFault.Unavailable), (forbidden.Fault, unknown.Fault));
        Assert.EndsWith("permission denied for table llama_summaries (42501)", forbidden.Message, StringComparison.Ordinal);
        Assert.EndsWith("password authentication failed for user \"writer\" (28P01)", unknown.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Rows_that_a_constraint_forbids_are_refused_as_a_whole()
    {
        await using PostgresSink sink = Postgres.Sink();
        await sink.DeliverAsync([SampleRecord.Of(0)], default);
        await Postgres.ExecuteAsync("ALTER TABLE llama_summaries ADD CHECK (lost < 2) NOT VALID");

        SinkException refusal = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([SampleRecord.Of(1, pairs: 1), SampleRecord.Of(2)], default));

        Assert.Equal(SinkFault.Refused, refusal.Fault);
        Assert.Equal(["9"], await Postgres.QueryAsync("SELECT count(*) FROM llama_summaries"));
        Assert.Equal(3, await sink.DeliverAsync([SampleRecord.Of(1, pairs: 1)], default));
    }

    [SkippableFact]
    public async Task A_damaged_record_is_refused_and_leaves_nothing_behind()
    {
        await using PostgresSink sink = Postgres.Sink();

        SinkException refusal = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([SampleRecord.Of(0), SampleRecord.Of(1)[..^5]], default));

        Assert.Equal(SinkFault.Refused, refusal.Fault);
        Assert.Equal(["0"], await Postgres.QueryAsync("SELECT count(*) FROM llama_summaries"));
        Assert.Equal(9, await sink.DeliverAsync([SampleRecord.Of(0)], default));
    }

    [SkippableFact]
    public async Task A_table_that_was_dropped_is_made_again()
    {
        await using PostgresSink sink = Postgres.Sink();
        await sink.DeliverAsync([SampleRecord.Of(0)], default);
        await Postgres.ExecuteAsync("DROP TABLE llama_summaries");

        SinkException gone = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([SampleRecord.Of(1)], default));

        Assert.Equal(SinkFault.Unavailable, gone.Fault);
        Assert.Equal(9, await sink.DeliverAsync([SampleRecord.Of(1)], default));
    }

    [SkippableFact]
    public async Task A_locked_table_costs_a_statements_time_and_no_more()
    {
        await using PostgresSink sink = Postgres.Sink("?timeout-s=1");
        await sink.DeliverAsync([SampleRecord.Of(0)], default);
        await using NpgsqlConnection connection = await Postgres.OpenAsync();
        await using (NpgsqlTransaction transaction = await connection.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand("LOCK TABLE llama_summaries IN ACCESS EXCLUSIVE MODE", connection);
            await command.ExecuteNonQueryAsync();

            SinkException slow = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([SampleRecord.Of(1)], default));

            Assert.Equal(SinkFault.Unavailable, slow.Fault);
        }

        Assert.Equal(9, await sink.DeliverAsync([SampleRecord.Of(1)], default));
    }

    [SkippableFact]
    public async Task Where_there_are_hypertables_it_is_made_one()
    {

        // TimescaleDB itself is in no Debian package: this stands in for its function, as its manual describes it.
        await Postgres.ExecuteAsync("""
            CREATE SCHEMA "Ext"; CREATE TABLE hypertables (name text, dimension text);
            CREATE FUNCTION "Ext".create_hypertable(relation regclass, time_column_name name, if_not_exists boolean DEFAULT false) RETURNS void
                AS 'INSERT INTO hypertables VALUES (relation::text, time_column_name)' LANGUAGE sql
            """);
        await using PostgresSink sink = Postgres.Sink();

        await sink.DeliverAsync([SampleRecord.Of(0)], default);

        Assert.Equal(["llama_summaries|time"], await Postgres.QueryAsync("SELECT * FROM hypertables"));
    }

    private static ReadOnlyMemory<byte> EveryKind()
    {
        var writer = new ReportWriter();
        Measures measures = default;
        writer.Begin(SampleRecord.Start, SampleRecord.Start + SampleRecord.Interval, RecordFlags.Suspect, "default/a"u8);
        writer.AddTag("region", "west");
        writer.EndOriginTags();
        writer.BeginPair("10.0.0.1"u8, "b.example"u8, "10.0.0.2"u8, 8100, 184);
        writer.AddTag("city", "Zürich\0");
        writer.AddTag("dst_name", "b");
        writer.AddTag("group", "default");
        writer.AddTag("src_name", "a");
        measures[Measure.Sent] = 30;
        measures[Measure.RttMean] = 71_418;
        writer.EndPair(measures, [new LatencyBucket(LogLinear.IndexOf(1_000_000), 20), new LatencyBucket(LogLinear.IndexOf(2_000_000), 8)]);
        measures = default;
        measures[Measure.Sent] = 15;
        writer.AddFlow(50_000, measures);
        writer.BeginPair(""u8, ""u8, ""u8, 0, 0);
        writer.AddTag("region", "west");
        measures[Measure.Sent] = 900;
        writer.EndPair(measures, []);
        writer.BeginPoint("raw_stats"u8, new DateTimeOffset(1999, 12, 31, 23, 59, 59, TimeSpan.Zero).ToUnixTimeSeconds());
        writer.AddTag("dst_ip", "10.0.0.9");
        writer.AddTag("dst_port", "8101");
        writer.AddTag("src_ip", "10.0.0.8");
        measures[Measure.Sent] = 7;
        writer.EndPointTags(measures);
        writer.AddField("loss"u8, 6.666667);
        writer.AddField("rtt"u8, double.NaN);
        writer.AddField("sent"u8, 7);
        writer.EndPoint();
        return writer.Record.ToArray();
    }
}
