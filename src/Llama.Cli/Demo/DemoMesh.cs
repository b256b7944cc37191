using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Llama.Cli.Joining;
using Llama.Cli.Settings;
using Llama.Engine.Probing;
using Llama.Engine.Summaries;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using Llama.Server.Sinks.Delivery;
using Llama.Storage.History;
using Llama.Storage.Registry;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Demo;

/// <summary>
/// A discovery server and several probes on loopback addresses of this process, which join it and test each other over real sockets.
/// The last of them sits behind a hop that delays both ways and loses on the way in, so whoever sends to it loses on the way there,
/// and what it sends itself loses on the way back. One sender's first flow towards it is lost whole.
/// </summary>
internal sealed class DemoMesh : IAsyncDisposable
{
    /// <summary>Most probes there can be.</summary>
    public const int MostProbes = 20;

    private const int FlowsOfPair = 4;
    private const double MostDatagramsPerSecond = 3000;
    private const int Seed = 77;

    // The default of those who ask a server, so that `llama matrix` finds the demo without being told.
    private const int EasyPort = 5000;

    private static readonly Place Far = new("syd1", "oceania");

    private static readonly Place[] Near =
    [
        new("ams1", "europe"), new("fra1", "europe"), new("iad1", "america"), new("pdx1", "america"), new("gru1", "america"), new("nrt1", "asia"),
        new("lhr1", "europe"), new("cdg1", "europe"), new("sin1", "asia"), new("bom1", "asia"), new("jnb1", "africa"), new("ord1", "america"),
        new("dfw1", "america"), new("arn1", "europe"), new("hkg1", "asia"), new("mad1", "europe"), new("yyz1", "america"), new("scl1", "america"),
        new("waw1", "europe"),
    ];

    private static readonly Impairment In = new()
    {
        Delay = TimeSpan.FromMilliseconds(40),
        Jitter = TimeSpan.FromMilliseconds(3),
        Loss = 0.08,
    };

    private static readonly Impairment Out = new() { Delay = TimeSpan.FromMilliseconds(20), Jitter = TimeSpan.FromMilliseconds(1) };

    private readonly Channel<IntervalReport> _reports = Channel.CreateUnbounded<IntervalReport>(new UnboundedChannelOptions { SingleReader = true });
    private readonly string? _data;
    private readonly DirectoryInfo _directory;
    private readonly EchoCheck _echo = new(DatagramNetwork.Create(), Clock.System);
    private readonly ImpairedHop _hop = new(DatagramNetwork.Create(), Clock.System, Seed);
    private readonly Place[] _places;
    private readonly IPEndPoint[] _probes;
    private readonly Dictionary<IPEndPoint, IPEndPoint>[] _detours;
    private readonly TimeProvider _time;
    private SqliteHistoryStore? _history;
    private DiscoveryServer? _server;
    private SinkSet? _sinks;
    private RunningSinks? _delivering;

    private DemoMesh(DemoOptions options, TimeProvider time)
    {
        int probes = options.Probes;
        _time = time;
        _data = options.Data;
        _directory = _data is null ? Directory.CreateTempSubdirectory("llama-demo-") : new DirectoryInfo(_data);
        _places = [.. Near[..(probes - 1)], Far];
        Names = [.. _places.Select(place => place.Name)];
        _probes = [.. Enumerable.Range(0, probes).Select(probe => FreeAt(AddressOf(probe)))];
        _detours = [.. Enumerable.Range(0, probes).Select(Detours)];
    }

    /// <summary>The probes' names; the last one is behind the hop.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The reports of all probes, as they come.</summary>
    public ChannelReader<IntervalReport> Reports => _reports.Reader;

    /// <summary>The server's address, which is that of the web page.</summary>
    public Uri Server => new(_server!.Addresses[0]);

    /// <summary>Finds addresses for all, opens the hop, and starts the server.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="log">What is said of sinks and history.</param>
    /// <param name="time">What server and probes go by.</param>
    /// <exception cref="SocketException">A loopback address can't be bound.</exception>
    /// <exception cref="IOException">The server can't listen, or its files can't be opened or written.</exception>
    public static async Task<DemoMesh> StartAsync(DemoOptions options, Log log, TimeProvider time)
    {
        var mesh = new DemoMesh(options, time);
        try
        {
            if (options.Sinks.Count > 0) mesh._sinks = SinkSettings.Open(mesh.SinkOptions(options.Sinks), log, time);
            mesh._delivering = RunningSinks.Start(mesh._sinks);
            await mesh.ServeAsync(log).ConfigureAwait(false);
            return mesh;
        }
        catch
        {
            await mesh.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Measures until cancelled; ends early, with what happened, when a part fails.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task hop = Task.Factory.StartNew(() => _hop.Run(ending.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task[] parts = [.. Enumerable.Range(0, _probes.Length).Select(probe => ProbeAsync(probe, ending.Token)), hop];
        await Task.WhenAny(parts).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(parts).ConfigureAwait(false);
        }
        finally
        {
            _reports.Writer.TryComplete();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync().ConfigureAwait(false);
        if (_history is not null) await _history.DisposeAsync().ConfigureAwait(false);
        if (_delivering is not null) await _delivering.DisposeAsync().ConfigureAwait(false);
        _hop.Dispose();
        _echo.Dispose();
        if (_data is null) _directory.Delete(recursive: true);
    }

    // Only Linux has all of 127.0.0.0/8 on the loopback interface; elsewhere the probes share one address.
    private static IPAddress AddressOf(int probe) => OperatingSystem.IsLinux() ? IPAddress.Parse($"127.77.0.{probe + 1}") : IPAddress.Loopback;

    /// <summary>A port that is free for the reflector's UDP and for the API's TCP.</summary>
    private static IPEndPoint FreeAt(IPAddress address)
    {
        for (int attempt = 0; ; attempt++)
        {
            using var udp = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(address, 0));
            using var tcp = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                tcp.Bind(udp.LocalEndPoint!);
                return (IPEndPoint)udp.LocalEndPoint!;
            }
            catch (SocketException) when (attempt < 10)
            {
                // Somebody has the port for TCP; another one will do.
            }
        }
    }

    private async Task ServeAsync(Log log)
    {
        _history = SqliteHistoryStore.Open(_directory.FullName, new HistoryOptions { Time = _time, Inform = log.Info, Warn = log.Warn });
        try
        {
            _server = await ListenAsync(EasyPort, log).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Somebody has that port. If it is something else, that is in the way of any port.
            _server = await ListenAsync(0, log).ConfigureAwait(false);
        }

        if (_data is not null) await ForgetOthersAsync().ConfigureAwait(false);
    }

    private Task<DiscoveryServer> ListenAsync(int port, Log log) =>
        DiscoveryServer.StartAsync(ServerOptions() with { Port = port }, SqliteRegistryStore.Open(_directory.FullName, log.Warn), _time);

    /// <summary>Removes those from the server that were there the last time and are not now: everybody would find them dead.</summary>
    private async Task ForgetOthersAsync()
    {
        using var client = new HttpClient { BaseAddress = Server };
        foreach (string name in Near.Select(place => place.Name).Except(Names))
        {
            using HttpResponseMessage reply = await client.DeleteAsync(new Uri($"api/v2/groups/default/probes/{name}", UriKind.Relative)).ConfigureAwait(false);
        }
    }

    private SinkSetOptions SinkOptions(IReadOnlyList<string> sinks) => new() { Sinks = sinks, Directory = Path.Combine(_directory.FullName, "sinks") };

    private DiscoveryOptions ServerOptions() => new()
    {
        Host = IPAddress.Loopback.ToString(),
        Sinks = _sinks,
        Echo = _echo.AskAsync,
        History = _history,
        CountHistory = _history is null ? null : _history.StatisticsAsync,
        Configuration = new ServerConfiguration
        {
            Defaults = new GroupSettings
            {
                Interval = TimeSpan.FromSeconds(1),
                CyclesPerSecond = Math.Clamp(MostDatagramsPerSecond / (_probes.Length * (_probes.Length - 1) * FlowsOfPair), 1, 10),
                Flows = FlowsOfPair,
                Timeout = TimeSpan.FromMilliseconds(500),
            },
        },
    };

    // Where a probe sends to in order to reach those behind the hop, and where the one behind it sends to in order to reach the others.
    private Dictionary<IPEndPoint, IPEndPoint> Detours(int source)
    {
        int impaired = _probes.Length - 1;
        Impairment intoHop = source == 0 ? In : In with { LossOfFlow = (_, flow) => source == impaired - 1 && flow == 0 ? 1 : null };
        return Enumerable.Range(0, _probes.Length)
            .Where(destination => destination != source && (destination == impaired || source == impaired))
            .ToDictionary(
                destination => _probes[destination],
                destination => destination == impaired
                    ? _hop.Open(new IPEndPoint(AddressOf(destination), 0), _probes[destination], intoHop, Out)
                    : _hop.Open(new IPEndPoint(AddressOf(destination), 0), _probes[destination], Out, In));
    }

    private Task ProbeAsync(int probe, CancellationToken cancellation)
    {
        var settings = new ProbeSettings
        {
            Servers = [Server],
            Name = Names[probe],
            FullName = $"{Names[probe]}.example.net",
            Tags = _places[probe].Tags,
            Bind = AddressOf(probe),
            Port = _probes[probe].Port,
            Data = _data is null ? null : Path.Combine(_data, "probes", Names[probe]),
            Reach = target => _detours[probe].GetValueOrDefault(target, target),
            Publish = report => _reports.Writer.TryWrite(report),

            // On a laptop that builds something it would put a question mark on every cell, while what it does to the numbers shows
            // anyway, as late sends.
            IgnoresCpuPressure = true,
        };
        return new Probe(settings, new Log(TextWriter.Null, _time), _time).RunAsync(cancellation);
    }

    /// <summary>Where a probe pretends to be: an airport's code with a number behind it, and the part of the world that it is in.</summary>
    private sealed record Place(string Name, string Region)
    {
        public IReadOnlyList<KeyValuePair<string, string>> Tags => [new("region", Region), new("site", Name[..3])];
    }
}
