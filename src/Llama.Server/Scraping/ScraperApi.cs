using System.Buffers;
using System.Text.Json;
using Llama.Server.Collecting;
using Llama.Server.Hosting;
using Llama.Server.Metrics;
using Llama.Server.Sinks.Delivery;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Scraping;

/// <summary>A scraper's /metrics, /healthz, /readyz and /status.</summary>
public sealed class ScraperApi : IAsyncDisposable
{
    private readonly HttpServer _server;

    private ScraperApi(HttpServer server) => _server = server;

    /// <summary>The addresses it listens on, as URLs.</summary>
    public IReadOnlyList<string> Addresses => _server.Addresses;

    /// <summary>Starts listening.</summary>
    /// <param name="host">An address, a name, or empty for all addresses.</param>
    /// <param name="port">The TCP port; 0 lets the kernel choose.</param>
    /// <param name="scraper">What it shows.</param>
    /// <param name="sinks">Where its reports go, for /metrics; null where they go nowhere.</param>
    /// <exception cref="IOException">The address can't be bound; the message says which and why.</exception>
    public static async Task<ScraperApi> StartAsync(string host, int port, Scraper scraper, SinkSet? sinks = null) =>
        new(await HttpServer.StartAsync(host, port, (context, path) => AnswerAsync(context, path, scraper, sinks)));

    /// <summary>Stops listening, without waiting for requests under way.</summary>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static Task AnswerAsync(HttpContext context, string path, Scraper scraper, SinkSet? sinks)
    {
        if (path is not ("/metrics" or "/healthz" or "/readyz" or "/status")) return context.ReplyNotFoundAsync();
        if (!context.IsRead(out Task refusal)) return refusal;
        return path switch
        {
            "/metrics" => SendMetricsAsync(context, scraper, sinks),
            "/status" => context.ReplyAsync(StatusCodes.Status200OK, "application/json", Status(scraper)),
            "/readyz" when !scraper.IsReady =>
                context.ReplyTextAsync(StatusCodes.Status503ServiceUnavailable, "it is not known yet which collectors there are"u8.ToArray()),
            _ => context.ReplyOkAsync(),
        };
    }

    private static async Task SendMetricsAsync(HttpContext context, Scraper scraper, SinkSet? sinks)
    {
        context.Response.ContentType = PrometheusText.ContentType;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        var page = new MetricsPage(context.Response.BodyWriter, context.RequestAborted);
        scraper.WriteMetrics(page.Text);
        ProcessMetrics.Write(page.Text);
        if (sinks is not null) await sinks.WriteMetricsAsync(page);
        await page.SendAsync();
    }

    private static ReadOnlyMemory<byte> Status(Scraper scraper)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteStartArray("collectors"u8);
        foreach (CollectorLoop loop in scraper.Loops.OrderBy(loop => loop.Entry.Origin, StringComparer.Ordinal)) Write(json, loop.Entry, loop.State);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return output.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, CollectorEntry entry, CollectorState state)
    {
        json.WriteStartObject();
        json.WriteString("address"u8, entry.Address);
        json.WriteString("name"u8, entry.Name);
        json.WriteString("kind"u8, state.Kind.SnakeCase());
        json.WriteString("outcome"u8, state.Outcome?.SnakeCase());
        json.WriteString("problem"u8, state.Problem);
        json.WriteNumber("failures"u8, state.Failures);
        SummaryJson.WriteTime(json, "asked_at", state.AskedAt);
        SummaryJson.WriteTime(json, "last_end", state.End);
        if (state.Interval is { } interval) json.WriteNumber("interval_s"u8, interval.TotalSeconds);
        else json.WriteNull("interval_s"u8);
        json.WriteNumber("reports"u8, state.Reports);
        json.WriteNumber("pairs"u8, state.Pairs);
        json.WriteNumber("missed_intervals"u8, state.Missed);
        json.WriteEndObject();
    }
}
