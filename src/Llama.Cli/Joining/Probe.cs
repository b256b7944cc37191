using System.Net;
using System.Runtime.CompilerServices;
using Llama.Cli.Collecting;
using Llama.Cli.Commands;
using Llama.Cli.Reflecting;
using Llama.Cli.Settings;
using Llama.Engine.Reflecting;
using Llama.Mesh.Joining;
using Llama.Server.Collecting;
using Llama.Server.Joining;
using Llama.Server.Sinks.Delivery;

namespace Llama.Cli.Joining;

/// <summary>
/// A host's part in a mesh: reflector, collector and API on one port, joined to a server. Holds nothing static, so that a process
/// may run several.
/// </summary>
internal sealed class Probe(ProbeSettings settings, Log log, TimeProvider time)
{
    /// <summary>Runs until cancelled.</summary>
    /// <exception cref="Failure">It can't start, or its reflector or prober stopped.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using StateDirectory state = settings.Data is { } data ? StateDirectory.Open(data, log) : StateDirectory.None(log);
        using Reflector reflector = RunningReflector.Open(ReflectorOptions(), settings.Network == NetworkKind.Portable, log);
        ProbeClaim claim = Claim(reflector.LocalEndPoint.Port, state.Instance);
        var counters = new JoiningCounters();
        using var client = new DiscoveryClient(new DiscoveryClientOptions
        {
            Servers = settings.Servers,
            Token = settings.Token,
            Authorities = settings.Authorities,
            From = settings.Bind ?? IPAddress.Any,
            Time = time,
        });
        var surroundings = new AgentSurroundings { Log = log, Time = time, IsVerbose = settings.IsVerbose };
        ReportPusher? pusher = settings.Pushes
            ? new ReportPusher(client, claim, new ReportSpool(state.SpoolPath, new SpoolLimits(), counters, time, log), counters, surroundings)
            : null;
        SinkSet? sinks = settings.OpenSinks();
        await using ConfiguredAsyncDisposable delivery = RunningSinks.Start(sinks).ConfigureAwait(false);
        CollectorFeed? feed = sinks is null ? null : new CollectorFeed(sinks, $"{settings.Group}/{settings.Name}", settings.Tags);
        using var collector = new Collector(
            new CollectorOptions
            {
                Network = settings.Network,
                Key = settings.Key,
                Reach = settings.Reach,
                IgnoresCpuPressure = settings.IgnoresCpuPressure,
                Publish = report =>
                {
                    pusher?.Offer(report);
                    feed?.Take(report);
                    settings.Publish?.Invoke(report);
                },
            },
            log,
            time);
        CollectorApi api = await StartApiAsync(claim.Identity.Port, collector.State, reflector, counters, sinks).ConfigureAwait(false);
        try
        {
            log.Info($"serves its API on {string.Join(", ", api.Addresses)}");
            var agent = new MeshAgent(client, claim, state, configuration => TryApply(configuration, collector, reflector), counters, surroundings);
            await collector.RunAsync(
                ending => Task.WhenAny(
                    agent.RunAsync(ending),
                    RunningReflector.WatchAsync(reflector, log, ending),
                    pusher?.RunAsync(ending) ?? Task.Delay(Timeout.Infinite, ending)).Unwrap(),
                cancellation).ConfigureAwait(false);
            log.Info("ended");
        }
        finally
        {
            await api.DisposeAsync().ConfigureAwait(false);
        }
    }

    private ReflectorOptions ReflectorOptions() => new()
    {
        Bind = new IPEndPoint(settings.Bind ?? RunningReflector.AllAddresses, settings.Port),
        Workers = settings.Workers,
        MaxPerSecond = settings.MaxPerSecond,
        MaxPerSecondPerSource = settings.MaxPerSecondPerSource,
        Key = settings.Key,
    };

    private ProbeClaim Claim(int port, string instance) => new()
    {
        Identity = new ProbeIdentity
        {
            Group = settings.Group,
            Name = settings.Name,
            FullName = settings.FullName,
            Port = port,
            Source = settings.Bind ?? IPAddress.Any,
        },
        Instance = instance,
        Version = VersionCommand.Version,
        Address = settings.Address,
        Tags = settings.Tags,
        Keepalive = settings.Keepalive,
        Pushes = settings.Pushes,
    };

    private string? TryApply(ProbeConfiguration configuration, Collector collector, Reflector reflector)
    {
        if (collector.TryApply(configuration.Collector) is { } problem) return problem;
        if (!settings.Key.IsEmpty) return null;
        collector.Rekey(configuration.DatagramKey.Span);
        reflector.Rekey(configuration.DatagramKey.Span);
        return null;
    }

    private async Task<CollectorApi> StartApiAsync(int port, CollectorState state, Reflector reflector, JoiningCounters counters, SinkSet? sinks)
    {
        try
        {
            return await CollectorApi.StartAsync(settings.Bind?.ToString() ?? "", port, state, reflector, counters, sinks).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            throw new Failure($"API (--port, --bind): {error.Message}", error);
        }
    }
}
