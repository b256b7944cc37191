namespace Llama.EndToEnd.Sinks.Postgres;

/// <summary>One server for the tests that do it no harm.</summary>
public sealed class SharedPostgres : IAsyncLifetime
{
    /// <summary>Null where PostgreSQL is not installed.</summary>
    internal RunningPostgres? Server { get; private set; }

    public async Task InitializeAsync()
    {
        try
        {
            Server = await RunningPostgres.StartAsync();
        }
        catch (SkipException)
        {
            // Skipping is for tests to do: here it would fail them.
        }
    }

    public async Task DisposeAsync()
    {
        if (Server is not null) await Server.DisposeAsync();
    }
}
