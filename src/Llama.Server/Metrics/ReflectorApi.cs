using Llama.Engine.Reflecting;

namespace Llama.Server.Metrics;

/// <summary>A reflector's /metrics, /healthz and /readyz.</summary>
public sealed class ReflectorApi : IAsyncDisposable
{
    /// <summary>The addresses it listens on, as URLs.</summary>
    public IReadOnlyList<string> Addresses { get; } = [];

    /// <summary>Starts listening.</summary>
    /// <param name="host">An address, a name, or empty for all addresses.</param>
    /// <param name="port">The TCP port; 0 lets the kernel choose.</param>
    /// <param name="reflector">Whose counters it shows.</param>
    /// <exception cref="IOException">The address can't be bound; the message says which and why.</exception>
    public static Task<ReflectorApi> StartAsync(string host, int port, Reflector reflector) => Task.FromResult(new ReflectorApi());

    /// <summary>Stops listening, without waiting for requests under way.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
