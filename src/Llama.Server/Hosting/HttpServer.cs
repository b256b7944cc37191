using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Llama.Server.Hosting;

/// <summary>
/// Kestrel with hard limits and nothing around it: no host, no configuration files or environment, no console, no signal
/// handlers. Hands on requests with their paths, unescaped, and cleaned as Go's ServeMux does it where that is wanted. A handler
/// that fails costs its own request, and a line for the operator.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly KestrelServer _server;
    private readonly ServiceProvider? _services;

    private HttpServer(KestrelServer server, ServiceProvider? services)
    {
        _server = server;
        _services = services;
        Addresses = [.. server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];
    }

    /// <summary>The addresses it listens on, as URLs.</summary>
    public IReadOnlyList<string> Addresses { get; }

    /// <summary>Starts listening.</summary>
    /// <param name="host">An address, a name (its first address counts, IPv4 before IPv6), or empty for all addresses.</param>
    /// <param name="port">The TCP port; 0 lets the kernel choose.</param>
    /// <param name="handle">Answers a request with this path.</param>
    /// <param name="limits">What clients may take; a collector's by default.</param>
    /// <param name="faults">Hears of requests that fail by a fault of ours; nobody by default.</param>
    /// <exception cref="IOException">The address can't be bound; the message says which and why.</exception>
    public static async Task<HttpServer> StartAsync(
        string host, int port, Func<HttpContext, string, Task> handle, HttpLimits? limits = null, FaultLog? faults = null)
    {
        limits ??= HttpLimits.Collector;
        var connections = new ConnectionCount(limits.MaxConnections);
        var options = new KestrelServerOptions { AddServerHeader = false, AllowHostHeaderOverride = true };
        Limit(options.Limits, limits);
        ServiceProvider? services = limits.Certificate is null ? null : ServicesOfTls();
        options.ApplicationServices = services!;
        options.ConfigureEndpointDefaults(endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http1;
            endpoint.Use(next => connection => connections.CountAsync(next, connection));
            if (limits.Certificate is { } certificate) endpoint.UseHttps(Handshake(certificate));
        });
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        var server = new KestrelServer(Options.Create(options), transport, NullLoggerFactory.Instance);
        try
        {
            // Go takes the wildcard of either family for both of them (net.Listen), and so does this.
            IPAddress address = await ResolveAsync(host);
            if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) options.ListenAnyIP(port);
            else options.Listen(address, port);
            await server.StartAsync(new Application(handle, limits, connections, faults ?? FaultLog.Silent), CancellationToken.None);
            return new HttpServer(server, services);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            server.Dispose();
            services?.Dispose();
            throw new IOException($"Cannot listen on {Name(host, port)} (TCP): {Explain(e)}", e);
        }
    }

    /// <summary>Stops listening and breaks off requests under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(new CancellationToken(canceled: true));
        _server.Dispose();
        if (_services is not null) await _services.DisposeAsync();
    }

    /// <summary>What Kestrel's TLS asks for and keeps to itself, such as its metrics.</summary>
    private static ServiceProvider ServicesOfTls()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        return builder.Services.BuildServiceProvider();
    }

    private static TlsHandshakeCallbackOptions Handshake(Func<SslStreamCertificateContext> certificate) => new()
    {
        HandshakeTimeout = TimeSpan.FromSeconds(10),
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate() }),
    };

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

    private sealed class Application(
        Func<HttpContext, string, Task> handle, HttpLimits limits, ConnectionCount connections, FaultLog faults) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }

        public async Task ProcessRequestAsync(HttpContext context)
        {
            // A body would only have to be thrown away: a small one is, for a large one the connection is not worth keeping.
            if (context.Request.ContentLength > limits.MaxRequestBodyBytes || connections.IsCrowded)
                context.Response.Headers.Connection = "close";
            try
            {
                await ServeAsync(context);
            }
            catch (Exception e) when (context.RequestAborted.IsCancellationRequested || e is ConnectionResetException or ConnectionAbortedException)
            {
                // Nobody is there any more to answer.
            }
            catch (Exception e)
            {
                await faults.AnswerAsync(context, e);
            }
        }

        private Task ServeAsync(HttpContext context)
        {
            string raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            if (RequestTarget.Parse(raw) is not { } target) return context.ReplyBadRequestAsync();
            return !limits.RedirectsToCleanPaths || target.CleanPath == target.Path || HttpMethods.IsConnect(context.Request.Method)
                ? handle(context, target.Path)
                : context.ReplyMovedAsync(target.CleanLocation);
        }
    }
}
