using System.Globalization;
using Llama.EndToEnd.Lab;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Postgres;
using Npgsql;

namespace Llama.EndToEnd.Sinks.Postgres;

/// <summary>A PostgreSQL of the system's package, with sinks that write to it and SQL that reads back.</summary>
internal sealed class RunningPostgres : IAsyncDisposable
{
    private static readonly ServerProgram Program = new()
    {
        Package = "postgresql",
        Command = "postgres",
        Directories = ["/usr/lib/postgresql/*/bin"],
        User = "postgres",
        Prepare = async server =>
        {
            if (Environment.IsPrivilegedProcess) await Tool.RunAsync(["chown", "-R", "postgres:", server.Directory]);
            string initdb = Path.Combine(Path.GetDirectoryName(server.Executable)!, "initdb");
            string password = Path.Combine(server.Directory, "password");
            await File.WriteAllTextAsync(password, "secret of the superuser");
            await Tool.RunAsync(server.OnBehalf([
                initdb, "-D", DataOf(server), "--no-locale", "--encoding=UTF8", "--username=postgres", "--auth=scram-sha-256", "--no-sync",
                $"--pwfile={password}",
            ]));
        },
        Arguments = server =>
        [
            "-D", DataOf(server), "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1",
            "-c", $"unix_socket_directories={server.Directory}",
        ],
        IsUp = async server =>
        {
            try
            {
                await using NpgsqlDataSource database = NpgsqlDataSource.Create(ConnectionString(server, "postgres"));
                await using NpgsqlConnection connection = await database.OpenConnectionAsync();
                return true;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        },
    };

    private static int _databases;
    private readonly RealServer _server;
    private readonly string _database;

    private RunningPostgres(RealServer server, string database)
    {
        _server = server;
        _database = database;
    }

    public static async Task<RunningPostgres> StartAsync() => new(await RealServer.StartAsync(Program), "postgres");

    /// <summary>An empty database in the same server, which goes with this one.</summary>
    public async Task<RunningPostgres> NewDatabaseAsync()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        await ExecuteAsync($"CREATE DATABASE {name}");
        return new RunningPostgres(_server, name);
    }

    public Task KillAsync() => _server.KillAsync();

    public Task StartAgainAsync() => _server.StartAsync();

    /// <summary>The address of a sink there.</summary>
    public string Address(string parameters = "", string user = "postgres", string? password = "secret%20of%20the%20superuser") =>
        string.Create(CultureInfo.InvariantCulture, $"postgres://{user}{(password is null ? "" : $":{password}")}@127.0.0.1:{_server.Port}/{_database}{parameters}");

    public PostgresSink Sink(string parameters = "") => new(PostgresOptions.Of(SinkUri.Parse(Address(parameters))));

    public async Task ExecuteAsync(string sql)
    {
        await using NpgsqlConnection connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>What a query gives: each row's columns as text, with bars between them.</summary>
    public async Task<string[]> QueryAsync(string sql)
    {
        await using NpgsqlConnection connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "null" : reader.GetString(i))));
        return [.. rows];
    }

    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString(_server, _database));
        await connection.OpenAsync();
        return connection;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string DataOf(RealServer server) => Path.Combine(server.Directory, "data");

    private static string ConnectionString(RealServer server, string database) => string.Create(
        CultureInfo.InvariantCulture,
        $"Host=127.0.0.1;Port={server.Port};Username=postgres;Password=secret of the superuser;Database={database};Pooling=false");
}
