using Llama.Engine.Reflecting;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Metrics;

/// <summary>A reflector's /metrics, /healthz and /readyz.</summary>
public sealed class ReflectorApi : IAsyncDisposable
{
    private readonly HttpServer _server;

    private ReflectorApi(HttpServer server) => _server = server;

    /// <summary>The addresses it listens on, as URLs.</summary>
    public IReadOnlyList<string> Addresses => _server.Addresses;

    /// <summary>Starts listening.</summary>
    /// <param name="host">An address, a name, or empty for all addresses.</param>
    /// <param name="port">The TCP port; 0 lets the kernel choose.</param>
    /// <param name="reflector">Whose counters it shows.</param>
    /// <exception cref="IOException">The address can't be bound; the message says which and why.</exception>
    public static Task<ReflectorApi> StartAsync(string host, int port, Reflector reflector) =>
        StartAsync(host, port, () => ReflectorMetrics.Write(reflector.Counters, reflector.ReceiveBufferBytes));

    /// <inheritdoc cref="StartAsync(string, int, Reflector)"/>
    internal static async Task<ReflectorApi> StartAsync(string host, int port, Func<ReadOnlyMemory<byte>> metrics) =>
        new(await HttpServer.StartAsync(host, port, (context, path) => AnswerAsync(context, path, metrics)));

    /// <summary>Stops listening, without waiting for requests under way.</summary>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static Task AnswerAsync(HttpContext context, string path, Func<ReadOnlyMemory<byte>> metrics)
    {
        if (path is not ("/metrics" or "/healthz" or "/readyz")) return context.ReplyNotFoundAsync();
        if (!context.IsRead(out Task refusal)) return refusal;
        return path == "/metrics"
            ? context.ReplyAsync(StatusCodes.Status200OK, PrometheusText.ContentType, metrics())
            : context.ReplyOkAsync();
    }
}
