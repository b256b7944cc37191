using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Llama.Cli.Joining;
using Llama.Cli.Settings;
using Llama.Engine.Summaries;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using Llama.Server.Sinks.Delivery;
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

    private const string FarSite = "syd1";

    private static readonly string[] Sites =
    [
        "ams1", "fra1", "iad1", "pdx1", "gru1", "nrt1", "lhr1", "cdg1", "sin1",
        "bom1", "jnb1", "ord1", "dfw1", "arn1", "hkg1", "mad1", "yyz1", "scl1", "waw1",
    ];

    private static readonly Impairment In = new()
    {
        Delay = TimeSpan.FromMilliseconds(40),
        Jitter = TimeSpan.FromMilliseconds(3),
        Loss = 0.08,
    };

    private static readonly Impairment Out = new() { Delay = TimeSpan.FromMilliseconds(20), Jitter = TimeSpan.FromMilliseconds(1) };

    private readonly Channel<IntervalReport> _reports = Channel.CreateUnbounded<IntervalReport>(new UnboundedChannelOptions { SingleReader = true });
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-demo-");
    private readonly ImpairedHop _hop = new(DatagramNetwork.Create(), Clock.System, Seed);
    private readonly IPEndPoint[] _probes;
    private readonly Dictionary<IPEndPoint, IPEndPoint>[] _detours;
    private readonly TimeProvider _time;
    private DiscoveryServer? _server;
    private SinkSet? _sinks;
    private RunningSinks? _delivering;

    private DemoMesh(int probes, TimeProvider time)
    {
        _time = time;
        Names = [.. Sites[..(probes - 1)], FarSite];
        _probes = [.. Enumerable.Range(0, probes).Select(probe => FreeAt(AddressOf(probe)))];
        _detours = [.. Enumerable.Range(0, probes).Select(Detours)];
    }

    /// <summary>The probes' names; the last one is behind the hop.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The reports of all probes, as they come.</summary>
    public ChannelReader<IntervalReport> Reports => _reports.Reader;

    /// <summary>The server's address.</summary>
    public Uri Server => new(_server!.Addresses[0]);

    /// <summary>Finds addresses for all, opens the hop, and starts the server.</summary>
    /// <param name="probes">How many probes, 2 to <see cref="MostProbes"/>.</param>
    /// <param name="sinks">Where the server's reports go, as <c>--sink</c> has it; may be empty.</param>
    /// <param name="log">What is said of the sinks.</param>
    /// <param name="time">What server and probes go by.</param>
    /// <exception cref="SocketException">A loopback address can't be bound.</exception>
    /// <exception cref="IOException">The server can't listen, or there is no room for its file.</exception>
    public static async Task<DemoMesh> StartAsync(int probes, IReadOnlyList<string> sinks, Log log, TimeProvider time)
    {
        var mesh = new DemoMesh(probes, time);
        try
        {
            if (sinks.Count > 0) mesh._sinks = SinkSettings.Open(mesh.SinkOptions(sinks), log, time);
            mesh._delivering = RunningSinks.Start(mesh._sinks);
            mesh._server = await DiscoveryServer.StartAsync(mesh.ServerOptions(), SqliteRegistryStore.Open(mesh._directory.FullName, _ => { }), time).ConfigureAwait(false);
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
        if (_delivering is not null) await _delivering.DisposeAsync().ConfigureAwait(false);
        _hop.Dispose();
        _directory.Delete(recursive: true);
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

    private SinkSetOptions SinkOptions(IReadOnlyList<string> sinks) => new() { Sinks = sinks, Directory = Path.Combine(_directory.FullName, "sinks") };

    private DiscoveryOptions ServerOptions() => new()
    {
        Host = AddressOf(0).ToString(),
        Port = 0,
        Sinks = _sinks,
        Configuration = new ServerConfiguration
        {
            Defaults = new GroupSettings
            {
                Interval = TimeSpan.FromSeconds(1),
                CyclesPerSecond = Math.Clamp(MostDatagramsPerSecond / (_probes.Length * (_probes.Length - 1) * FlowsOfPair), 1, 10),
                Flows = FlowsOfPair,
                Timeout = TimeSpan.FromMilliseconds(500),
                Echo = EchoRule.Off,
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
            Bind = AddressOf(probe),
            Port = _probes[probe].Port,
            Reach = target => _detours[probe].GetValueOrDefault(target, target),
            Publish = report => _reports.Writer.TryWrite(report),

            // On a laptop that builds something it would put a question mark on every cell, while what it does to the numbers shows
            // anyway, as late sends.
            IgnoresCpuPressure = true,
        };
        return new Probe(settings, new Log(TextWriter.Null, _time), _time).RunAsync(cancellation);
    }
}
