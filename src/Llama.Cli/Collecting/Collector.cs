using System.Net;
using System.Net.Sockets;
using Llama.Cli.Settings;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Engine.Summaries;
using Llama.Mesh;
using Llama.Server.Collecting;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Collecting;

/// <summary>
/// A collector at work: its prober, what its API shows, and the addresses of host names. Whoever follows a file or a server hands it
/// configurations, from any thread.
/// </summary>
internal sealed class Collector : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan BetweenTidyings = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Prober _prober;
    private readonly HostResolver _resolver;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly Func<IPEndPoint, IPEndPoint>? _reach;
    private long? _tidied;

    /// <summary>A collector that does nothing until it has a configuration and is run.</summary>
    public Collector(CollectorOptions options, Log log, TimeProvider time)
    {
        _time = time;
        _log = log;
        _reach = options.Reach;
        _resolver = new HostResolver(Dns.GetHostAddressesAsync, time, log);
        var watch = new ReportWatch(log);
        _prober = new Prober(DatagramNetwork.Create(options.Network == NetworkKind.Portable), Clock.System, new ProberOptions
        {
            Publish = report =>
            {
                State.Accept(report);
                watch.Look(report);
                options.Publish?.Invoke(report);

                // The report before is garbage now, and still young: collected here, it never gets among what is kept for long.
                GC.Collect(1, GCCollectionMode.Forced, blocking: true);
            },
            Key = options.Key,
            CpuPressureMicros = options.IgnoresCpuPressure ? null : CpuPressure.Reader,
        });
    }

    /// <summary>What its API shows.</summary>
    public CollectorState State { get; } = new();

    /// <summary>What it does; null until it has something to do.</summary>
    public CollectorConfiguration? Configuration { get; private set; }

    /// <summary>Takes a configuration once the host names in it have been asked for, so that it begins with all its targets.</summary>
    /// <returns>Why the configuration can't be used, or null.</returns>
    public async Task<string?> ResolveAndApplyAsync(CollectorConfiguration configuration, CancellationToken cancellation)
    {
        Task<IReadOnlyList<HostResolver.Answer>> lookup;
        lock (_gate)
        {
            _resolver.Want(ProbingPlanner.HostNames(configuration));
            lookup = _resolver.LookUpDueAsync(cancellation);
        }

        IReadOnlyList<HostResolver.Answer> answers = await lookup.ConfigureAwait(false);
        lock (_gate) _resolver.Take(answers);
        return TryApply(configuration);
    }

    /// <summary>Takes a configuration at once. Flows that stay keep their counts; host names that are new follow within seconds.</summary>
    /// <returns>Why the configuration can't be used, or null. Then the one in force stays.</returns>
    public string? TryApply(CollectorConfiguration configuration)
    {
        lock (_gate)
        {
            _resolver.Want(ProbingPlanner.HostNames(configuration));
            if (TryPlan(configuration) is not { } problem) return null;
            _resolver.Want(Configuration is { } inForce ? ProbingPlanner.HostNames(inForce) : []);
            return problem;
        }
    }

    /// <summary>Authenticates datagrams with another key from now on, or, with an empty one, not at all.</summary>
    public void Rekey(ReadOnlySpan<byte> key) => _prober.Rekey(key);

    /// <summary>Measures until cancelled, while <paramref name="follow"/> brings what there is to do.</summary>
    /// <exception cref="Failure">The prober stopped.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> follow, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task probing = Task.Factory.StartNew(
            () => _prober.Run(ending.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task following = follow(ending.Token);
        Task resolving = KeepResolvedAsync(ending.Token);
        try
        {
            await Task.WhenAny(probing, following, resolving).Unwrap().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await EndAsync(probing).ConfigureAwait(false);
            await Task.WhenAll(following, resolving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _prober.Dispose();

    private async Task KeepResolvedAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(Beat, _time, cancellation).ConfigureAwait(false);
            Task<IReadOnlyList<HostResolver.Answer>> lookup;
            lock (_gate)
            {
                if (!_resolver.IsDue) continue;
                lookup = _resolver.LookUpDueAsync(cancellation);
            }

            IReadOnlyList<HostResolver.Answer> answers = await lookup.ConfigureAwait(false);
            lock (_gate)
            {
                if (_resolver.Take(answers) && Configuration is { } inForce && TryPlan(inForce) is { } problem) _log.Error(problem);
            }
        }
    }

    private string? TryPlan(CollectorConfiguration configuration)
    {
        ProbingPlan plan = ProbingPlanner.Plan(configuration, _resolver.AddressOf, _reach);
        try
        {
            _prober.Apply(plan);
        }
        catch (SocketException error)
        {
            return PortFault.Explain(error, configuration, Configuration);
        }

        State.Configure(plan);
        Configuration = configuration;
        TidyUp();
        return null;
    }

    // Reading a long file and applying its plan leave behind far more than they keep. In a mesh where probes come and go a plan may
    // follow another at once, and the pause would show.
    private void TidyUp()
    {
        if (_tidied is { } before && _time.GetElapsedTime(before) < BetweenTidyings) return;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _tidied = _time.GetTimestamp();
    }

    private static async Task EndAsync(Task probing)
    {
        try
        {
            await probing.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception error)
        {
            throw new Failure($"the prober stopped: {error.Message}", error);
        }
    }
}

/// <summary>What a collector keeps from its start to its end.</summary>
internal sealed record CollectorOptions
{
    /// <summary>How datagrams reach the kernel.</summary>
    public NetworkKind Network { get; init; }

    /// <summary>The key that datagrams are authenticated with; empty for none.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Takes each report too, one at a time, on a thread that only reports wait for. It must not throw.</summary>
    public Action<IntervalReport>? Publish { get; init; }

    /// <summary>Where to send to in order to reach a target; null for the target itself.</summary>
    public Func<IPEndPoint, IPEndPoint>? Reach { get; init; }

    /// <summary>True does not look at how short of CPU the machine is.</summary>
    public bool IgnoresCpuPressure { get; init; }
}
