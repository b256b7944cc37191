using System.Net;

namespace Llama.Server.Sinks.OpenTelemetry;

/// <summary>
/// Stands between the exporter and the network and remembers how the last request went: the exporter itself only says yes or no.
/// Belongs to one exporter; one request at a time.
/// </summary>
/// <param name="network">What requests go through; belongs to all.</param>
/// <param name="options">Where they go, and how.</param>
/// <param name="time">The clock.</param>
internal sealed class OtlpTransport(HttpMessageHandler network, OtlpOptions options, TimeProvider time) : HttpMessageHandler
{
    private const HttpStatusCode TooEarly = (HttpStatusCode)425;
    private const int LongestReason = 200;
    private readonly HttpMessageInvoker _invoker = new(network, disposeHandler: false);

    /// <summary>The status of the answer; null when there was none.</summary>
    public HttpStatusCode? Status { get; private set; }

    /// <summary>When to try again, where the answer said so.</summary>
    public TimeSpan? RetryAfter { get; private set; }

    /// <summary>Why there was no answer; null when there was one, or nothing was sent.</summary>
    public string? Failure { get; private set; }

    /// <summary>Gives up requests; set before each.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>False holds requests back: the SDK sends once more whenever something of it ends, wanted or not.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Forgets the last request.</summary>
    public void Reset() => (Status, RetryAfter, Failure) = (null, null, null);

    /// <summary>What went wrong with the last request, for whoever has the records.</summary>
    public SinkException Fault() => Status switch
    {
        null => Unavailable(Failure ?? "there is more to send than one request takes: choose rows=rollup, or a lower max-series"),
        HttpStatusCode.RequestEntityTooLarge => Unavailable("413: it takes no request of that size: raise its limit, or choose rows=rollup or a lower max-series"),
        HttpStatusCode.RequestTimeout or TooEarly or HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            or HttpStatusCode.NotFound or < HttpStatusCode.BadRequest or >= HttpStatusCode.InternalServerError => Unavailable(Told()),
        _ => new SinkException(SinkFault.Refused, $"{options.Name}: {Told()}"),
    };

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Reset();
        if (!IsOpen) return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        foreach ((string name, string value) in options.Headers) request.Headers.TryAddWithoutValidation(name, value);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Cancellation);
        try
        {
            HttpResponseMessage answer = _invoker.Send(request, both.Token);
            Status = answer.StatusCode;
            RetryAfter = answer.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - time.GetUtcNow() : null;
            return answer;
        }
        catch (HttpRequestException error)
        {
            Failure = Cut(error.Message);
            throw;
        }
        catch (OperationCanceledException)
        {
            Failure = $"no answer within {options.Timeout.TotalSeconds} s";
            throw;
        }
    }

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The exporter sends synchronously.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _invoker.Dispose();
        base.Dispose(disposing);
    }

    private SinkException Unavailable(string why) => new(SinkFault.Unavailable, $"{options.Name}: {why}", RetryAfter > TimeSpan.Zero ? RetryAfter : null);

    private string Told() => $"it answered {(int)Status.GetValueOrDefault()} {Status}";

    private static string Cut(string text) => text.ReplaceLineEndings(" ") is var line && line.Length > LongestReason ? line[..LongestReason] : line;
}
