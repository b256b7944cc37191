using System.Text;
using Llama.Mesh.Membership;
using Llama.Server.Discovery.Access;
using Llama.Server.Discovery.Native;
using Llama.Server.Discovery.Original;
using Llama.Server.Hosting;
using Llama.Server.Intake;
using Llama.Server.Metrics;
using Llama.Server.Page;
using Llama.Server.Sinks.Delivery;
using Llama.Storage.Registry;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery;

/// <summary>
/// The discovery server: probes join, learn whom to test, and are listed. /api/v1 answers as the original does, /api/v2 is ours, / is the web page.
/// </summary>
public sealed class DiscoveryServer : IAsyncDisposable
{
    private const int MaxConnections = 20_000;

    // Clients that wait for news leave connections for those that have some.
    private const int MaxWaiting = MaxConnections / 2;

    private const int MaxBodyBytes = 16 * 1024 * 1024;

    private readonly Registry _registry;
    private readonly MinuteRound _minutes;
    private readonly SummaryIntake _intake;
    private readonly RequestCounters _requests = new();
    private readonly OriginalApi _original;
    private readonly NativeApi _native;
    private readonly WebPage _page = WebPage.OfProgram;
    private readonly FaultLog _faults;
    private readonly ServerHistory? _history;
    private readonly CollectorScrape? _scrape;
    private HttpServer? _http;

    private DiscoveryServer(DiscoveryOptions options, Registry registry, TimeProvider time)
    {
        var access = new AccessRules(options);
        var clients = new ClientAddresses(options.TrustedProxies);
        var rates = new SourceRates(options.RegistrationsPerSecondPerSource, time);
        _registry = registry;
        _minutes = new MinuteRound(registry, options, time);
        _history = options.History is { } history ? new ServerHistory(history, registry, options, time) : null;
        _intake = new SummaryIntake(IntakeOf(options, registry, access, _history), time);
        _scrape = options.Scrape is { } scrape ? new CollectorScrape(registry, _intake, options, scrape, time) : null;
        var metrics = new DiscoveryMetrics(registry, _intake, _requests, options.Sinks) { History = _history?.Metrics, Scrape = _scrape };
        _original = new OriginalApi(registry, options, access, clients, rates, _minutes, metrics, _page.SendHomeAsync, time);
        _native = new NativeApi(registry, _intake, options, access, clients, rates, MaxWaiting, time);
        _faults = new FaultLog(options.Warn, time);
    }

    /// <summary>The addresses it listens on, as URLs.</summary>
    public IReadOnlyList<string> Addresses => _http?.Addresses ?? [];

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
        DiscoveryServer? server = null;
        try
        {
            await registry.StartAsync(CancellationToken.None);
            server = new DiscoveryServer(options, registry, time);
            if (server._history is { } history) await history.ShowAsync(server._intake);
            await server.ListenAsync(options);
            return server;
        }
        catch
        {
            await (server?.DisposeAsync() ?? registry.DisposeAsync());
            throw;
        }
    }

    /// <summary>Stops listening, then brings what is to be stored to disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_http is not null) await _http.DisposeAsync();
        if (_scrape is not null) await _scrape.DisposeAsync();
        if (_history is not null) await _history.DisposeAsync();
        _intake.Dispose();
        await _minutes.DisposeAsync();
        await _registry.DisposeAsync();
    }

    private static IntakeOptions IntakeOf(DiscoveryOptions options, Registry registry, AccessRules access, ServerHistory? history)
    {
        Member? Find(string group, string name) => registry.Find(group, name)?.Member;
        PushFeed? sinks = options.Sinks is { } set ? new PushFeed(set, Find) : null;
        return new IntakeOptions
        {
            FindMember = Find,
            FindGroup = registry.Find,
            Groups = () => registry.Groups,
            Refuse = (context, group) => context.IsRefused(access.MayRegister(context, group), Problems.RegisterToken, out Task refusal) ? refusal : null,
            Keep = async (probe, report, cancellation) =>
            {
                // The history first: when one of them can't take a report it comes again, and the history knows what it has. Sinks would have it twice.
                bool isNew = history is null || await history.KeepAsync(probe, report);
                if (sinks is not null) await sinks.KeepAsync(probe, report, cancellation);
                return isNew;
            },
        };
    }

    private async Task ListenAsync(DiscoveryOptions options)
    {
        var limits = new HttpLimits
        {
            MaxConnections = MaxConnections,
            MaxRequestBodyBytes = MaxBodyBytes,
            RedirectsToCleanPaths = false,
            Certificate = options.Certificate,
        };
        _http = await HttpServer.StartAsync(
            options.Host, options.Port, (context, path) => _requests.CountAsync(context, path, AnswerAsync(context, path)), limits, _faults);
    }

    private Task AnswerAsync(HttpContext context, string path) => path switch
    {
        _ when NativeApi.Owns(path) => _native.AnswerAsync(context),
        "/healthz" or "/readyz" => SendHealthAsync(context, path),
        _ => _page.Answer(context, path) ?? _native.AnswerPrometheus(context, path) ?? AnswerOriginalAsync(context, path),
    };

    /// <summary>What fails looks as it does in the original.</summary>
    private async Task AnswerOriginalAsync(HttpContext context, string path)
    {
        try
        {
            await _original.AnswerAsync(context, path);
        }
        catch (Exception e) when (e is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            _faults.Tell(context, e);
            context.Response.Clear();
            await context.ReplyErrorPageAsync(StatusCodes.Status500InternalServerError);
        }
    }

    private Task SendHealthAsync(HttpContext context, string path)
    {
        if (!context.IsRead(out Task refusal)) return refusal;
        return path == "/readyz" && (_registry.StorageFault ?? _history?.Fault) is { } fault
            ? context.ReplyTextAsync(StatusCodes.Status503ServiceUnavailable, Encoding.UTF8.GetBytes(fault))
            : context.ReplyOkAsync();
    }
}
