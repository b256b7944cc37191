using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Llama.Server.Intake;
using Llama.Server.Joining;

namespace Llama.Server.Scraping;

/// <summary>Asks collectors over HTTP. Whatever goes wrong is an answer too. Any thread may call it.</summary>
internal sealed class ScrapeClient : IDisposable
{
    private const int MostBytes = 64 << 20;
    private static readonly TimeSpan RoomAgain = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http;
    private readonly MemoryBudget _bodies;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;

    public ScrapeClient(ScraperOptions options)
    {
        _http = new HttpClient(options.Handler ?? CollectorConnections.Open(), disposeHandler: options.Handler is null) { Timeout = Timeout.InfiniteTimeSpan };
        _bodies = new MemoryBudget(options.BodyBytes);
        _time = options.Time;
        _patience = options.Patience;
    }

    /// <summary>Asks for a path.</summary>
    /// <param name="collector">Whom.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="knownTag">The ETag of the answer that is known; null for none.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<ScrapeAnswer> GetAsync(CollectorEntry collector, string path, string? knownTag, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{collector.Address}{path}");
        if (knownTag is not null) request.Headers.TryAddWithoutValidation("If-None-Match", knownTag);
        BodyBuffer? body = null;
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.StatusCode == HttpStatusCode.NotModified) return new ScrapeAnswer(ScrapeOutcome.Unchanged);
            if (!response.IsSuccessStatusCode)
            {
                string reason = Refusals.Line(response.ReasonPhrase ?? "");
                return new ScrapeAnswer(ScrapeOutcome.HttpError, string.Create(CultureInfo.InvariantCulture, $"answers {(int)response.StatusCode} {reason}"))
                {
                    IsNotFound = response.StatusCode == HttpStatusCode.NotFound,
                };
            }

            body = new BodyBuffer(_bodies);
            await using Stream stream = await response.Content.ReadAsStreamAsync(either.Token);
            BodyEnd end = await body.FillAsync(stream, MostBytes, either.Token);
            while (end == BodyEnd.NoRoom)
            {
                await Task.Delay(RoomAgain, _time, either.Token);
                end = await body.FillAsync(stream, MostBytes, either.Token);
            }

            if (end == BodyEnd.TooLarge) return new ScrapeAnswer(ScrapeOutcome.TooLarge, "answers with more than 64 MiB");
            var answer = new ScrapeAnswer(ScrapeOutcome.Taken) { Body = body, Tag = response.Headers.ETag?.ToString() };
            body = null;
            return answer;
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            // Whatever it is: what one collector sends must not end the others.
            return limit.IsCancellationRequested
                ? new ScrapeAnswer(ScrapeOutcome.Timeout, string.Create(CultureInfo.InvariantCulture, $"does not answer in {_patience.TotalSeconds:0.###} s"))
                : new ScrapeAnswer(ScrapeOutcome.Unreachable, Explain(error));
        }
        finally
        {
            body?.Dispose();
        }
    }

    public void Dispose() => _http.Dispose();

    private static string Explain(Exception error)
    {
        Exception cause = error;
        while (cause.InnerException is { } inner) cause = inner;
        return cause is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }
            ? "its name can't be resolved"
            : Refusals.Line(cause.Message);
    }
}

/// <summary>What a collector answered. Disposing gives the memory of its body back.</summary>
/// <param name="Outcome">What came of it; <see cref="ScrapeOutcome.Taken"/> where there is a body to look at.</param>
/// <param name="Problem">What is wrong, for the operator; null where nothing is.</param>
internal sealed record ScrapeAnswer(ScrapeOutcome Outcome, string? Problem = null) : IDisposable
{
    /// <summary>True where there is no such path.</summary>
    public bool IsNotFound { get; init; }

    /// <summary>The body; null where there is none.</summary>
    public BodyBuffer? Body { get; init; }

    /// <summary>Its ETag, with quotes; null where it has none.</summary>
    public string? Tag { get; init; }

    public void Dispose() => Body?.Dispose();
}
