using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Llama.Cli.Settings;
using Llama.Mesh;
using Llama.Server.Collecting;
using Llama.Server.Sinks.Delivery;

namespace Llama.Cli.Collecting;

/// <summary>A collector that does as its file says: serves its API, and follows changes of the file.</summary>
internal sealed class CollectorService(CollectorSettings settings, Log log, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly ConfigurationFile _file = new(settings.ConfigurationPath, settings.DestinationPort);
    private readonly SemaphoreSlim _reloadAsked = new(0);

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
        SinkSet? sinks = settings.OpenSinks();
        await using ConfiguredAsyncDisposable delivery = RunningSinks.Start(sinks).ConfigureAwait(false);
        CollectorFeed? feed = sinks is null ? null : new CollectorFeed(sinks, OriginOf(configuration.Api), tags: []);
        using var collector = new Collector(
            new CollectorOptions { Network = settings.Network, Key = settings.Key, Publish = feed is null ? null : feed.Take }, log, time);
        CollectorApi api = await StartApiAsync(configuration.Api, collector.State, sinks).ConfigureAwait(false);
        try
        {
            log.Info($"serves its API on {string.Join(", ", api.Addresses)}");
            if (await collector.ResolveAndApplyAsync(configuration, cancellation).ConfigureAwait(false) is { } problem)
                throw new Failure($"{_file.Name}: {problem}");
            foreach (string line in PlanOutline.Describe(configuration)) log.Info(line);
            await collector.RunAsync(ending => FollowAsync(collector, ending), cancellation).ConfigureAwait(false);
            log.Info("ended");
        }
        finally
        {
            await api.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reloadAsked.Dispose();

    private async Task FollowAsync(Collector collector, CancellationToken cancellation)
    {
        while (true)
        {
            bool asked = await _reloadAsked.WaitAsync(Beat, cancellation).ConfigureAwait(false);
            if (asked || _file.HasChanged()) Reload(collector, asked);
        }
    }

    private void Reload(Collector collector, bool asked)
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

        ApiSettings before = collector.Configuration!.Api;
        if (collector.TryApply(configuration) is { } problem)
        {
            log.Error($"{_file.Name} is not taken over: {problem}; goes on with the configuration in force");
            return;
        }

        log.Info($"took over {_file.Name}");
        foreach (string line in PlanOutline.Describe(configuration)) log.Info(line);
        if (before != configuration.Api)
            log.Warn($"api.bind is {Text(configuration.Api)} now; the API stays on {Text(before)} until a restart");
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

    private static async Task<CollectorApi> StartApiAsync(ApiSettings listen, CollectorState state, SinkSet? sinks)
    {
        try
        {
            return await CollectorApi.StartAsync(listen.Host, listen.Port, state, sinks).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            throw new Failure($"API (--api, or api.bind of the file): {error.Message}", error);
        }
    }

    // What listens on all addresses is known by the host's name, as who scrapes it knows it.
    private static string OriginOf(ApiSettings api) =>
        Text(api with { Host = api.Host is "" or "0.0.0.0" or "::" ? Dns.GetHostName() : api.Host });

    private static string Text(ApiSettings api) => new ListenAddress(api.Host, api.Port).ToString();
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

    /// <summary>Opens the sinks that its reports go to; gives null where they go nowhere.</summary>
    public Func<SinkSet?> OpenSinks { get; init; } = static () => null;

    /// <summary>What was read, with what the command line says over it.</summary>
    public ConfigurationResult Over(ConfigurationResult read) => Api is { } api && read.Configuration is { } configuration
        ? read with { Configuration = configuration with { Api = new ApiSettings { Host = api.Host, Port = api.Port } } }
        : read;

    /// <summary>How datagrams reach the kernel.</summary>
    public NetworkKind Network { get; init; }

    /// <summary>The key that datagrams are authenticated with; empty for none.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }
}
