using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Llama.Tests.Cli.Watching;

/// <summary>A server's API that answers as a test tells it: by path, the longest beginning that fits.</summary>
internal sealed class FakeApi : HttpMessageHandler
{
    private readonly Dictionary<string, Func<HttpResponseMessage>> _answers = [];
    private volatile bool _isAway;
    private readonly ConcurrentQueue<string> _asked = [];

    /// <summary>Paths with their queries, in the order they were asked for.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    /// <summary>What was sent along with the last request: authorization and the tag that was known.</summary>
    public (string? Authorization, string? Known) Last { get; private set; }

    public bool IsAway
    {
        get => _isAway;
        set => _isAway = value;
    }

    public FakeApi On(string path, string body, HttpStatusCode status = HttpStatusCode.OK, string type = "application/json", string? tag = null)
    {
        _answers[path] = () =>
        {
            bool isKnown = tag is not null && Last.Known == $"W/\"{tag}\"";
            var response = new HttpResponseMessage(isKnown ? HttpStatusCode.NotModified : status) { Content = new StringContent(isKnown ? "" : body, Encoding.UTF8, type) };
            if (tag is not null) response.Headers.ETag = new EntityTagHeaderValue($"\"{tag}\"", isWeak: true);
            return response;
        };
        return this;
    }

    public FakeApi Problem(string path, HttpStatusCode status, string detail) =>
        On(path, $$"""{"status":{{(int)status}},"detail":"{{detail}}"}""", status, "application/problem+json");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string path = request.RequestUri!.PathAndQuery;
        _asked.Enqueue(path);
        Last = (request.Headers.Authorization?.ToString(), request.Headers.IfNoneMatch.FirstOrDefault()?.ToString());
        if (IsAway) throw new HttpRequestException(HttpRequestError.ConnectionError, "x", new SocketException((int)SocketError.ConnectionRefused));
        string? best = _answers.Keys.Where(known => path.StartsWith(known, StringComparison.Ordinal)).MaxBy(known => known.Length);
        return Task.FromResult(best is null ? new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent("<html>") } : _answers[best]());
    }
}
