using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Llama.Tests.Cli.Joining;

/// <summary>A discovery server that answers as a test tells it, on the test's clock.</summary>
internal sealed class ScriptedServer(FakeTime time) : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private readonly List<ServerRequest> _requests = [];
    private readonly HashSet<string> _pushedStarts = [];
    private TaskCompletionSource _changed = new();

    /// <summary>True refuses connections.</summary>
    public bool IsAway { get; set; }

    /// <summary>True speaks the original's API alone.</summary>
    public bool IsOriginal { get; set; }

    /// <summary>What the original's API says of configurations.</summary>
    public string Yaml { get; set; } = "";

    /// <summary>Answers instead of the server where it gives something.</summary>
    public Func<ServerRequest, HttpResponseMessage?> Instead { get; set; } = _ => null;

    public string Tag { get; private set; } = "t1";

    public string Configuration { get; private set; } = Json(["192.0.2.2"]);

    public IReadOnlyList<ServerRequest> Requests
    {
        get
        {
            lock (_gate) return [.. _requests];
        }
    }

    public IEnumerable<ServerRequest> Registrations => Requests.Where(request => request.Method == "PUT");

    /// <summary>Starts of reports that were taken, in the order they came; none comes twice.</summary>
    public List<string> Pushed { get; } = [];

    /// <summary>Reports that came although the server had them.</summary>
    public int PushedAgain { get; private set; }

    public static string Json(IEnumerable<string> addresses)
    {
        IEnumerable<string> targets = addresses.Select((address, i) => $$"""
            {"group":"g","name":"p{{i}}","full_name":"p{{i}}.example","address":"{{address}}","port":8100,"tags":{"site":"s{{i}}"} }
            """);
        return """
            {"group":"g","name":"a","tag":"x","interval_s":1,"tests":[{"name":"g","cps":2,
             "ports":[{"class":0,"size":200,"timeout_ms":500,"count":2}],"targets":[TARGETS]}]}
            """.Replace("TARGETS", string.Join(',', targets), StringComparison.Ordinal);
    }

    public static HttpResponseMessage Reply(HttpStatusCode status, string body, string type = "application/json") =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, type) };

    public static HttpResponseMessage Problem(HttpStatusCode status, string detail) =>
        Reply(status, JsonSerializer.Serialize(new { title = "x", detail }), "application/problem+json");

    /// <summary>Has another configuration from now on, and says so to whoever waits for it.</summary>
    public void Change(string tag, string configuration)
    {
        (Tag, Configuration) = (tag, configuration);
        Interlocked.Exchange(ref _changed, new TaskCompletionSource()).SetResult();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        byte[] body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        var asked = new ServerRequest(
            time.GetTimestamp(), request.Method.Method, request.RequestUri!.PathAndQuery, body,
            request.Headers.Authorization?.ToString(), request.Headers.IfNoneMatch.FirstOrDefault()?.Tag.Trim('"'));
        lock (_gate) _requests.Add(asked);
        if (IsAway) throw new HttpRequestException(HttpRequestError.ConnectionError, "refused", new SocketException((int)SocketError.ConnectionRefused));
        if (Instead(asked) is { } instead) return instead;
        return IsOriginal || asked.Path.StartsWith("/api/v1/", StringComparison.Ordinal) ? Original(asked) : await NativeAsync(asked, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> NativeAsync(ServerRequest asked, CancellationToken cancellation)
    {
        if (asked.Method == "PUT")
        {
            return Reply(HttpStatusCode.OK, """{"group":"g","name":"a","address":"192.0.2.1","port":8100,"lease_s":300,"renew_s":30,"config_tag":"t1","outcome":"joined","echo":"confirmed"}""");
        }

        if (asked.Method == "POST") return Take(asked);
        if (asked.KnownTag == Tag)
        {
            Task changed = Volatile.Read(ref _changed).Task;
            await changed.WaitAsync(TimeSpan.FromSeconds(30), time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }

        // What waits when the server goes away hears no more of it.
        if (IsAway) throw new HttpRequestException(HttpRequestError.ResponseEnded, "gone", new IOException("The server went away."));
        HttpResponseMessage reply = asked.KnownTag == Tag ? new HttpResponseMessage(HttpStatusCode.NotModified) : Reply(HttpStatusCode.OK, Configuration);
        reply.Headers.ETag = new($"\"{Tag}\"");
        return reply;
    }

    private HttpResponseMessage Original(ServerRequest asked) => asked.Method switch
    {
        "POST" when asked.Path == "/api/v1/register" => Reply(HttpStatusCode.OK, "{}"),
        "GET" when asked.Path.StartsWith("/api/v1/config/", StringComparison.Ordinal) => Reply(HttpStatusCode.OK, Yaml, "text/html"),
        _ => Reply(HttpStatusCode.NotFound, "<!doctype html>", "text/html"),
    };

    private HttpResponseMessage Take(ServerRequest asked)
    {
        int known = 0;
        using JsonDocument push = JsonDocument.Parse(asked.Unpacked);
        foreach (JsonElement report in push.RootElement.GetProperty("reports").EnumerateArray())
        {
            string start = report.GetProperty("start").GetString()!;
            if (_pushedStarts.Add(start)) Pushed.Add(start);
            else known++;
        }

        PushedAgain += known;
        return Reply(HttpStatusCode.OK, $$"""{"accepted":1,"known":{{known}}}""");
    }
}

/// <summary>What a probe asked for.</summary>
internal sealed record ServerRequest(long At, string Method, string Path, byte[] Body, string? Authorization, string? KnownTag)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string Unpacked
    {
        get
        {
            using var reader = new StreamReader(new GZipStream(new MemoryStream(Body), CompressionMode.Decompress));
            return reader.ReadToEnd();
        }
    }
}
