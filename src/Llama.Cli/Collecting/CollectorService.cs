using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Llama.Cli.Settings;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Mesh;
using Llama.Server.Collecting;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Collecting;

/// <summary>
/// A collector at work: probes as its file says, serves its API, follows changes of the file and of host names. One loop
/// decides everything; the prober has a thread of its own.
/// </summary>
internal sealed class CollectorService(CollectorSettings settings, Log log, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly ConfigurationFile _file = new(settings.ConfigurationPath, settings.DestinationPort);
    private readonly HostResolver _resolver = new(Dns.GetHostAddressesAsync, time, log);
    private readonly CollectorState _state = new();
    private readonly SemaphoreSlim _reloadAsked = new(0);
    private CollectorConfiguration? _configuration;

    /// <summary>Runs until cancelled.</summary>
    /// <exception cref="Failure">It can't start, or its prober failed.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        // Before anything that can take time, such as a lookup: unheard, the signal ends the process.
        using PosixSignalRegistration hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _reloadAsked.Release();
        });
        CollectorConfiguration configuration = ReadOrFail();
        var watch = new ReportWatch(log);
        using var prober = new Prober(DatagramNetwork.Create(settings.Network == NetworkKind.Portable), Clock.System, new ProberOptions
        {
            Publish = report =>
            {
                _state.Accept(report);
                watch.Look(report);

                // The report before is garbage now, and still young: collected here, it never gets among what is kept for long.
                GC.Collect(1, GCCollectionMode.Forced, blocking: true);
            },
            Key = settings.Key,
            CpuPressureMicros = CpuPressure.Reader,
        });
        CollectorApi api = await StartApiAsync(configuration.Api).ConfigureAwait(false);
        try
        {
            log.Info($"serves its API on {string.Join(", ", api.Addresses)}");
            _resolver.Want(ProbingPlanner.HostNames(configuration));
            _resolver.Take(await _resolver.LookUpDueAsync(cancellation).ConfigureAwait(false));
            if (TryApply(prober, configuration) is { } problem) throw new Failure($"{_file.Name}: {problem}");
            foreach (string line in PlanOutline.Describe(configuration)) log.Info(line);
            await ProbeAsync(prober, cancellation).ConfigureAwait(false);
            log.Info("ended");
        }
        finally
        {
            await api.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reloadAsked.Dispose();

    private async Task ProbeAsync(Prober prober, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task probing = Task.Factory.StartNew(
            () => prober.Run(ending.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await Task.WhenAny(probing, FollowAsync(prober, ending.Token)).Unwrap().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await EndAsync(probing).ConfigureAwait(false);
        }
    }

    private async Task FollowAsync(Prober prober, CancellationToken cancellation)
    {
        Task<IReadOnlyList<HostResolver.Answer>>? lookup = null;
        while (true)
        {
            bool asked = await _reloadAsked.WaitAsync(Beat, cancellation).ConfigureAwait(false);
            if (asked || _file.HasChanged()) Reload(prober, asked);
            if (lookup is { IsCompleted: true })
            {
                if (_resolver.Take(await lookup.ConfigureAwait(false)) && TryApply(prober, _configuration!) is { } problem) log.Error(problem);
                lookup = null;
            }

            if (lookup is null && _resolver.IsDue) lookup = _resolver.LookUpDueAsync(cancellation);
        }
    }

    private void Reload(Prober prober, bool asked)
    {
        if (!_file.IsReloadable)
        {
            if (asked) log.Warn("SIGHUP: there is no configuration file to read again; give one with --config");
            return;
        }

        ConfigurationResult result = Read();
        if (result.Configuration is not { } configuration)
        {
            foreach (ConfigurationError error in result.Errors) log.Error(error.ToString());
            log.Error($"{_file.Name} is not taken over; goes on with the configuration in force");
            return;
        }

        _resolver.Want(ProbingPlanner.HostNames(configuration));
        CollectorConfiguration before = _configuration!;
        if (TryApply(prober, configuration) is { } problem)
        {
            _resolver.Want(ProbingPlanner.HostNames(before));
            log.Error($"{_file.Name} is not taken over: {problem}; goes on with the configuration in force");
            return;
        }

        log.Info($"took over {_file.Name}");
        foreach (string line in PlanOutline.Describe(configuration)) log.Info(line);
        if (before.Api != configuration.Api)
            log.Warn($"api.bind is {Text(configuration.Api)} now; the API stays on {Text(before.Api)} until a restart");
    }

    /// <returns>Why the plan can't be used, or null.</returns>
    private string? TryApply(Prober prober, CollectorConfiguration configuration)
    {
        ProbingPlan plan = ProbingPlanner.Plan(configuration, _resolver.AddressOf);
        try
        {
            prober.Apply(plan);
        }
        catch (SocketException error)
        {
            return PortFault.Explain(error, configuration, _configuration);
        }

        _state.Configure(plan);
        _configuration = configuration;

        // Reading a long file and applying its plan leave behind far more than they keep.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return null;
    }

    private CollectorConfiguration ReadOrFail()
    {
        ConfigurationResult result = Read();
        return result.Configuration ?? throw new Failure(string.Join('\n', result.Errors));
    }

    private ConfigurationResult Read()
    {
        ConfigurationResult result = settings.Over(_file.Read());
        foreach (ConfigurationError warning in result.Warnings) log.Warn(warning.ToString());
        return result;
    }

    private async Task<CollectorApi> StartApiAsync(ApiSettings listen)
    {
        try
        {
            return await CollectorApi.StartAsync(listen.Host, listen.Port, _state).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            throw new Failure($"API (--api, or api.bind of the file): {error.Message}", error);
        }
    }

    private static string Text(ApiSettings api) => new ListenAddress(api.Host, api.Port).ToString();

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

/// <summary>What the command line says about a collector.</summary>
internal sealed record CollectorSettings
{
    /// <summary>The YAML file; null for the built-in configuration.</summary>
    public string? ConfigurationPath { get; init; }

    /// <summary>The port of targets that have none of their own.</summary>
    public int DestinationPort { get; init; } = 8100;

    /// <summary>Where the API listens; null leaves it to the file.</summary>
    public ListenAddress? Api { get; init; }

    /// <summary>What was read, with what the command line says over it.</summary>
    public ConfigurationResult Over(ConfigurationResult read) => Api is { } api && read.Configuration is { } configuration
        ? read with { Configuration = configuration with { Api = new ApiSettings { Host = api.Host, Port = api.Port } } }
        : read;

    /// <summary>How datagrams reach the kernel.</summary>
    public NetworkKind Network { get; init; }

    /// <summary>The key that datagrams are authenticated with; empty for none.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }
}
