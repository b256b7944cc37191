using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Llama.Server.Hosting;

/// <summary>
/// Kestrel with hard limits and nothing around it: no host, no configuration files or environment, no console, no signal
/// handlers. Hands on requests with their paths, unescaped, and cleaned as Go's ServeMux does it where that is wanted.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly KestrelServer _server;

    private HttpServer(KestrelServer server)
    {
        _server = server;
        Addresses = [.. server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];
    }

    /// <summary>The addresses it listens on, as URLs.</summary>
    public IReadOnlyList<string> Addresses { get; }

    /// <summary>Starts listening.</summary>
    /// <param name="host">An address, a name (its first address counts, IPv4 before IPv6), or empty for all addresses.</param>
    /// <param name="port">The TCP port; 0 lets the kernel choose.</param>
    /// <param name="handle">Answers a request with this clean path.</param>
    /// <param name="limits">What clients may take; a collector's by default.</param>
    /// <exception cref="IOException">The address can't be bound; the message says which and why.</exception>
    public static async Task<HttpServer> StartAsync(string host, int port, Func<HttpContext, string, Task> handle, HttpLimits? limits = null)
    {
        limits ??= HttpLimits.Collector;
        var options = new KestrelServerOptions { AddServerHeader = false, AllowHostHeaderOverride = true };
        Limit(options.Limits, limits);
        options.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        var server = new KestrelServer(Options.Create(options), transport, NullLoggerFactory.Instance);
        try
        {
            // Go takes the wildcard of either family for both of them (net.Listen), and so does this.
            IPAddress address = await ResolveAsync(host);
            if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) options.ListenAnyIP(port);
            else options.Listen(address, port);
            await server.StartAsync(new Application(handle, limits), CancellationToken.None);
            return new HttpServer(server);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            server.Dispose();
            throw new IOException($"Cannot listen on {Name(host, port)} (TCP): {Explain(e)}", e);
        }
    }

    /// <summary>Stops listening and breaks off requests under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(new CancellationToken(canceled: true));
        _server.Dispose();
    }

    /// <summary>What one client, or many, can take from the process. Scrapers and people need far less.</summary>
    private static void Limit(KestrelServerLimits limits, HttpLimits own)
    {
        limits.MaxConcurrentConnections = own.MaxConnections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
        limits.MaxRequestBodySize = own.MaxRequestBodyBytes;
        limits.MaxRequestBufferSize = 64 * 1024;
        limits.MaxResponseBufferSize = 64 * 1024;
        limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
    }

    private static async Task<IPAddress> ResolveAsync(string host)
    {
        if (host.Length == 0) return IPAddress.Any;
        if (IPAddress.TryParse(host, out IPAddress? address)) return address;
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(host);
        return addresses.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork)
            ?? addresses.FirstOrDefault()
            ?? throw new SocketException((int)SocketError.HostNotFound);
    }

    private static string Name(string host, int port) => host switch
    {
        "" => $"port {port} of all addresses",
        _ when host.Contains(':') && !host.StartsWith('[') => $"[{host}]:{port}",
        _ => $"{host}:{port}",
    };

    private static string Explain(Exception e) => e switch
    {
        IOException { InnerException: AddressInUseException } => "the port is in use; stop the program that holds it, or choose another port",
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            "not permitted; choose a port from 1024 up, or grant CAP_NET_BIND_SERVICE",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
            "the address is not one of this host's; choose one that is, or leave it empty for all",
        SocketException { SocketErrorCode: SocketError.InvalidArgument } =>
            "a link-local address needs its interface behind it, as in fe80::1%eth0",
        SocketException { SocketErrorCode: SocketError.AddressFamilyNotSupported } => "this host does not speak that address family",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } =>
            "the name can't be resolved; write an address instead",
        _ => e.Message,
    };

    private sealed class Application(Func<HttpContext, string, Task> handle, HttpLimits limits) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }

        public Task ProcessRequestAsync(HttpContext context)
        {
            // A body would only have to be thrown away: a small one is, for a large one the connection is not worth keeping.
            if (context.Request.ContentLength > limits.MaxRequestBodyBytes) context.Response.Headers.Connection = "close";
            string raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            if (RequestTarget.Parse(raw) is not { } target) return context.ReplyBadRequestAsync();
            return !limits.RedirectsToCleanPaths || target.CleanPath == target.Path || HttpMethods.IsConnect(context.Request.Method)
                ? handle(context, target.Path)
                : context.ReplyMovedAsync(target.CleanLocation);
        }
    }
}
