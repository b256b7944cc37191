using Llama.Engine.Reflecting;
using Llama.Server.Hosting;
using Llama.Server.Joining;
using Llama.Server.Metrics;
using Llama.Server.Sinks.Delivery;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Collecting;

/// <summary>The collector's HTTP API: /influxdata, /status, /api/v2/summaries, /metrics, /healthz, /readyz.</summary>
public sealed class CollectorApi : IAsyncDisposable
{
    private readonly HttpServer _server;

    private CollectorApi(HttpServer server) => _server = server;

    /// <summary>The addresses it listens on, as URLs.</summary>
    public IReadOnlyList<string> Addresses => _server.Addresses;

    /// <summary>Starts listening.</summary>
    /// <param name="host">An address, a name, or empty for all addresses.</param>
    /// <param name="port">The TCP port; 0 lets the kernel choose.</param>
    /// <param name="state">What it shows.</param>
    /// <param name="sinks">Where its reports go, for /metrics; null where they go nowhere.</param>
    /// <exception cref="IOException">The address can't be bound; the message says which and why.</exception>
    public static Task<CollectorApi> StartAsync(string host, int port, CollectorState state, SinkSet? sinks = null) =>
        StartAsync(host, port, state, more: sinks is null ? null : sinks.WriteMetricsAsync);

    /// <summary>Starts listening for a probe: its /metrics tell of its reflector and of its server, too.</summary>
    /// <param name="host">An address, a name, or empty for all addresses.</param>
    /// <param name="port">The TCP port; 0 lets the kernel choose.</param>
    /// <param name="state">What it shows.</param>
    /// <param name="reflector">The probe's reflector.</param>
    /// <param name="joining">How the probe gets on with its server.</param>
    /// <param name="sinks">Where its reports go besides the server; null where they go nowhere.</param>
    /// <exception cref="IOException">The address can't be bound; the message says which and why.</exception>
    public static Task<CollectorApi> StartAsync(
        string host, int port, CollectorState state, Reflector reflector, JoiningCounters joining, SinkSet? sinks = null) =>
        StartAsync(host, port, state, page =>
        {
            ReflectorMetrics.Write(page.Text, reflector.Counters, reflector.ReceiveBufferBytes);
            JoiningMetrics.Write(page.Text, joining);
            return sinks?.WriteMetricsAsync(page) ?? ValueTask.CompletedTask;
        });

    /// <summary>Stops listening, without waiting for requests under way.</summary>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task<CollectorApi> StartAsync(string host, int port, CollectorState state, Func<MetricsPage, ValueTask>? more) =>
        new(await HttpServer.StartAsync(host, port, (context, path) => AnswerAsync(context, path, state, more)));

    private static Task AnswerAsync(HttpContext context, string path, CollectorState state, Func<MetricsPage, ValueTask>? more)
    {
        switch (path)
        {
            case "/influxdata":
                return context.ReplyTextLikeGoAsync(state.Current.InfluxData);
            case "/status":
                return context.ReplyOkAsync();
            case "/api/v2/summaries" or "/metrics" or "/healthz" or "/readyz":
                return context.IsRead(out Task refusal) ? ReadAsync(context, path, state, more) : refusal;
            default:
                return path.StartsWith("/api/v2/", StringComparison.Ordinal)
                    ? context.ReplyProblemAsync(StatusCodes.Status404NotFound, $"There is no {path}. A collector has /api/v2/summaries.")
                    : context.ReplyNotFoundAsync();
        }
    }

    private static Task ReadAsync(HttpContext context, string path, CollectorState state, Func<MetricsPage, ValueTask>? more)
    {
        switch (path)
        {
            case "/api/v2/summaries":
                return SummariesReply.SendAsync(context, state.Current);
            case "/metrics":
                context.Response.ContentType = PrometheusText.ContentType;
                return HttpMethods.IsHead(context.Request.Method)
                    ? Task.CompletedTask
                    : CollectorMetrics.WriteAsync(state.Current, more, context.Response.BodyWriter, context.RequestAborted);
            case "/readyz" when state.Unreadiness is { } reason:
                return context.ReplyTextAsync(StatusCodes.Status503ServiceUnavailable, System.Text.Encoding.UTF8.GetBytes(reason));
            default:
                return context.ReplyOkAsync();
        }
    }
}
