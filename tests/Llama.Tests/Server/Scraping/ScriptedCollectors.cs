using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;

namespace Llama.Tests.Server.Scraping;

/// <summary>Collectors that answer as a test tells them, on the test's clock.</summary>
internal sealed class ScriptedCollectors(FakeTime time) : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Func<Asked, CancellationToken, Task<HttpResponseMessage>>> _collectors = [];
    private readonly List<Asked> _asked = [];

    /// <summary>What was asked, in its order.</summary>
    public IReadOnlyList<Asked> Requests
    {
        get
        {
            lock (_gate) return [.. _asked];
        }
    }

    public IEnumerable<Asked> RequestsTo(string address) => Requests.Where(asked => asked.Address == address);

    /// <summary>Says how a collector answers; one that nobody spoke of refuses connections.</summary>
    public void Answer(string address, Func<Asked, HttpResponseMessage> answer) => Answer(address, (asked, _) => Task.FromResult(answer(asked)));

    public void Answer(string address, Func<Asked, CancellationToken, Task<HttpResponseMessage>> answer)
    {
        lock (_gate) _collectors[address] = answer;
    }

    /// <summary>A collector of the original's kind with this body.</summary>
    public void Original(string address, Func<string> body) =>
        Answer(address, asked => asked.Path == "/influxdata" ? Reply(HttpStatusCode.OK, body(), "text/plain") : NotFound());

    /// <summary>A collector of ours that publishes intervals of this length, a second after their end.</summary>
    public void Native(string address, TimeSpan interval, Func<long, Summary[]>? summaries = null, TimeSpan offset = default) => Answer(address, asked =>
    {
        TimeSpan lag = TimeSpan.FromSeconds(1);
        long number = (time.GetUtcNow() - lag).UtcTicks / interval.Ticks - 1;
        string tag = $"\"p-{number}\"";
        if (asked.KnownTag == tag) return new HttpResponseMessage(HttpStatusCode.NotModified);
        var start = new DateTimeOffset(number * interval.Ticks, TimeSpan.Zero);
        HttpResponseMessage reply = Reply(HttpStatusCode.OK, Report(start + offset, start + offset + interval, summaries?.Invoke(number) ?? []));
        reply.Headers.TryAddWithoutValidation("ETag", tag);
        return reply;
    });

    public void Remove(string address)
    {
        lock (_gate) _collectors.Remove(address);
    }

    public static string Report(DateTimeOffset start, DateTimeOffset end, params Summary[] summaries)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
            SummaryJson.Write(json, Reports.Report(summaries) with { Start = start, End = end });
        return Encoding.UTF8.GetString(body.ToArray());
    }

    public static HttpResponseMessage Reply(HttpStatusCode status, string body, string type = "application/json") =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, type) };

    public static HttpResponseMessage NotFound() => Reply(HttpStatusCode.NotFound, "404 page not found\n", "text/plain");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = new Asked(
            TimeSpan.FromTicks(time.GetTimestamp()), request.RequestUri!.Authority, request.RequestUri.PathAndQuery, request.Headers.IfNoneMatch.FirstOrDefault()?.ToString());
        Func<Asked, CancellationToken, Task<HttpResponseMessage>>? answer;
        lock (_gate)
        {
            _asked.Add(asked);
            _collectors.TryGetValue(asked.Address, out answer);
        }

        if (answer is null) throw new HttpRequestException(HttpRequestError.ConnectionError, "refused", new SocketException((int)SocketError.ConnectionRefused));
        return await answer(asked, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>What a collector was asked for, and when by the monotonic clock.</summary>
internal sealed record Asked(TimeSpan At, string Address, string Path, string? KnownTag);
