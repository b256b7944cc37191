using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Llama.Server.Joining;

/// <summary>
/// Requests to whichever of the servers answers. What goes wrong comes as <see cref="ServerRefusalException"/>, whatever it was. Any thread
/// may call it.
/// </summary>
internal sealed class ServerConnection : IDisposable
{
    private const int MostReplyBytes = 64 << 20;

    private readonly HttpClient _http;
    private readonly Uri[] _servers;
    private readonly TimeProvider _time;
    private int _current;

    public ServerConnection(DiscoveryClientOptions options)
    {
        _servers = [.. options.Servers.Select(server => server.AbsolutePath.EndsWith('/') ? server : new Uri(server.AbsoluteUri + "/"))];
        _time = options.Time;
        _http = new HttpClient(options.Handler ?? NetworkHandler(options), disposeHandler: true)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MostReplyBytes,
        };
        if (options.Token is { } token) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>How messages name the server that is asked next.</summary>
    public string Name => Server.GetLeftPart(UriPartial.Authority);

    private Uri Server => _servers[(int)((uint)Volatile.Read(ref _current) % _servers.Length)];

    /// <summary>Sends a request and reads the reply whole.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">Path and query below the server's address, without a slash in front.</param>
    /// <param name="content">The body, or null.</param>
    /// <param name="patience">How long it may take in all.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="prepare">Adds headers.</param>
    /// <returns>A reply with a status of success, or 304.</returns>
    /// <exception cref="ServerRefusalException">There is no such reply.</exception>
    public async Task<ServerReply> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        TimeSpan patience,
        CancellationToken cancellation,
        Action<HttpRequestHeaders>? prepare = null)
    {
        int asked = Volatile.Read(ref _current);
        Uri server = Server;
        using var request = new HttpRequestMessage(method, new Uri(server, path)) { Content = content };
        prepare?.Invoke(request.Headers);
        using var limit = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, either.Token);
            byte[] body = await response.Content.ReadAsByteArrayAsync(either.Token);
            return response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotModified
                ? new ServerReply(response.StatusCode, response.Headers.ETag?.Tag.Trim('"'), body)
                : throw Refusals.Of(response, body);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested && error is not ServerRefusalException)
        {
            // Whatever it is: what the far end sends must not end a probe.
            Interlocked.CompareExchange(ref _current, asked + 1, asked);
            string reason = error is OperationCanceledException ? $"no answer in {patience.TotalSeconds:0} s" : Explain(error);
            throw new ServerRefusalException(RefusalKind.Away, $"{server.GetLeftPart(UriPartial.Authority)}: {reason}", inner: error);
        }
    }

    public void Dispose() => _http.Dispose();

    private static SocketsHttpHandler NetworkHandler(DiscoveryClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),

            // Names are looked up again now and then: servers move.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            AutomaticDecompression = DecompressionMethods.All,

            // The server takes a probe's address from its connection, and that must not be a proxy's.
            UseProxy = false,
        };
        if (options.Authorities is { } authorities)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (!options.From.Equals(IPAddress.Any) && !options.From.Equals(IPAddress.IPv6Any))
            handler.ConnectCallback = (context, cancellation) => ConnectAsync(options.From, context.DnsEndPoint, cancellation);
        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(IPAddress from, DnsEndPoint to, CancellationToken cancellation)
    {
        var socket = new Socket(from.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(to, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Explain(Exception error)
    {
        Exception cause = error;
        while (cause.InnerException is { } inner) cause = inner;
        return error switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "the name can't be resolved",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } when cause is AuthenticationException =>
                $"its certificate is not trusted (--ca-file names the authority of a private one): {Refusals.Line(cause.Message)}",
            _ => Refusals.Line(cause.Message),
        };
    }
}

/// <summary>A reply that was read whole.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Tag">Its ETag without quotes; null where it has none.</param>
/// <param name="Body">Its body.</param>
internal sealed record ServerReply(HttpStatusCode Status, string? Tag, byte[] Body);
