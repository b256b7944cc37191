using System.Text;
using Llama.Mesh.Membership;
using Llama.Server.Discovery.Access;
using Llama.Server.Discovery.Original;
using Llama.Server.Hosting;
using Llama.Server.Metrics;
using Llama.Storage.Registry;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery;

/// <summary>
/// The discovery server: probes join, learn whom to test, and are listed. /api/v1 answers as the original does, /api/v2 is ours.
/// </summary>
public sealed class DiscoveryServer : IAsyncDisposable
{
    private readonly Registry _registry;
    private readonly MinuteRound _minutes;
    private readonly HttpServer _http;

    private DiscoveryServer(Registry registry, MinuteRound minutes, HttpServer http)
    {
        _registry = registry;
        _minutes = minutes;
        _http = http;
    }

    /// <summary>The addresses it listens on, as URLs.</summary>
    public IReadOnlyList<string> Addresses => _http.Addresses;

    /// <summary>Waits until something has happened to a probe since <paramref name="after"/>, and tells what. Any thread may call it.</summary>
    /// <param name="after">The sequence of the last event that is known; 0 for none.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<IReadOnlyList<MeshEvent>> EventsAfterAsync(long after, CancellationToken cancellation)
    {
        await _registry.Events.WaitAsync(after, cancellation);
        return _registry.Events.After(after, int.MaxValue);
    }

    /// <summary>Loads what is stored and starts listening.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="store">Where registrations outlive the process; disposed with the server.</param>
    /// <param name="time">Its clocks.</param>
    /// <exception cref="IOException">The address can't be bound, or what is stored can't be read; the message says why and what to do.</exception>
    public static async Task<DiscoveryServer> StartAsync(DiscoveryOptions options, IRegistryStore store, TimeProvider time)
    {
        var registry = new Registry(store, new RegistryOptions { Configuration = options.Configuration, Echo = options.Echo, Warn = options.Warn }, time);
        MinuteRound? minutes = null;
        try
        {
            await registry.StartAsync(CancellationToken.None);
            minutes = new MinuteRound(registry, options, time);
            var requests = new RequestCounters();
            var original = new OriginalApi(
                registry,
                options,
                new AccessRules(options),
                new ClientAddresses(options.TrustedProxies),
                new SourceRates(options.RegistrationsPerSecondPerSource, time),
                minutes,
                new DiscoveryMetrics(registry, requests),
                time);
            var limits = new HttpLimits
            {
                MaxConnections = 20_000,
                MaxRequestBodyBytes = 16 * 1024 * 1024,
                RedirectsToCleanPaths = false,
                Certificate = options.Certificate,
            };
            HttpServer http = await HttpServer.StartAsync(
                options.Host,
                options.Port,
                (context, path) => requests.CountAsync(context, path, AnswerAsync(context, path, registry, original)),
                limits,
                new FaultLog(options.Warn, time));
            return new DiscoveryServer(registry, minutes, http);
        }
        catch
        {
            if (minutes is not null) await minutes.DisposeAsync();
            await registry.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening, then brings what is to be stored to disk.</summary>
    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _minutes.DisposeAsync();
        await _registry.DisposeAsync();
    }

    private static Task AnswerAsync(HttpContext context, string path, Registry registry, OriginalApi original)
    {
        return path switch
        {
            "/healthz" => context.ReplyOkAsync(),
            "/readyz" when registry.StoreFault is { } fault => context.ReplyTextAsync(StatusCodes.Status503ServiceUnavailable, Encoding.UTF8.GetBytes(fault)),
            "/readyz" => context.ReplyOkAsync(),
            _ => original.AnswerAsync(context, path),
        };
    }
}
