namespace Llama.Server.Collecting;

/// <summary>The collector's HTTP API: /influxdata, /status, /api/v2/summaries, /metrics, /healthz, /readyz.</summary>
public sealed class CollectorApi : IAsyncDisposable
{
    /// <summary>The addresses it listens on, as URLs.</summary>
    public IReadOnlyList<string> Addresses { get; } = [];

    /// <summary>Starts listening.</summary>
    /// <param name="host">An address, a name, or empty for all addresses.</param>
    /// <param name="port">The TCP port; 0 lets the kernel choose.</param>
    /// <param name="state">What it shows.</param>
    /// <exception cref="IOException">The address can't be bound; the message says which and why.</exception>
    public static Task<CollectorApi> StartAsync(string host, int port, CollectorState state) => Task.FromResult(new CollectorApi());

    /// <summary>Stops listening, without waiting for requests under way.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
