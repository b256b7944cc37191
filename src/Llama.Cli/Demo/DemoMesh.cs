using System.Net;
using System.Threading.Channels;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Engine.Reflecting;
using Llama.Engine.Summaries;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Demo;

/// <summary>
/// Several probes on loopback addresses of this process that test each other over real sockets. The last of them sits behind a
/// hop that delays both ways and loses on the way in, so whoever sends to it loses on the way there, and what it sends itself
/// loses on the way back. One sender's first flow towards it is lost whole.
/// </summary>
internal sealed class DemoMesh : IDisposable
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
    private readonly List<Reflector> _reflectors = [];
    private readonly List<Prober> _probers = [];
    private readonly ImpairedHop _hop = new(DatagramNetwork.Create(), Clock.System, Seed);

    /// <summary>Opens all sockets.</summary>
    /// <param name="probes">How many probes, 2 to <see cref="MostProbes"/>.</param>
    /// <exception cref="System.Net.Sockets.SocketException">A loopback address can't be bound.</exception>
    public DemoMesh(int probes)
    {
        Names = [.. Sites[..(probes - 1)], FarSite];
        try
        {
            IPEndPoint[] reflectors = [.. Enumerable.Range(0, probes).Select(OpenReflector)];
            for (int source = 0; source < probes; source++) OpenProber(source, [.. Reach(source, reflectors)]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The probes' names; the last one is behind the hop.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The reports of all probes, as they come.</summary>
    public ChannelReader<IntervalReport> Reports => _reports.Reader;

    /// <summary>Measures until cancelled; ends early, with what happened, when a part fails.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] parts = [.. _probers.Select(prober => Start(() => prober.Run(ending.Token))), Start(() => _hop.Run(ending.Token))];
        await Task.WhenAny([.. parts, .. _reflectors.Select(reflector => reflector.Completion)]).ConfigureAwait(false);
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
    public void Dispose()
    {
        _probers.ForEach(prober => prober.Dispose());
        _hop.Dispose();
        _reflectors.ForEach(reflector => reflector.Dispose());
    }

    // Only Linux has all of 127.0.0.0/8 on the loopback interface; elsewhere the probes share one address.
    private static IPAddress AddressOf(int probe) => OperatingSystem.IsLinux() ? IPAddress.Parse($"127.77.0.{probe + 1}") : IPAddress.Loopback;

    private static Task Start(Action run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private IPEndPoint OpenReflector(int probe)
    {
        var reflector = new Reflector(() => DatagramNetwork.Create(), Clock.System, new ReflectorOptions
        {
            Bind = new IPEndPoint(AddressOf(probe), 0),
            MaxPerSecond = null,
            MaxPerSecondPerSource = null,
        });
        _reflectors.Add(reflector);
        return reflector.LocalEndPoint;
    }

    // Where a probe sends to in order to reach each of the others.
    private IEnumerable<Target> Reach(int source, IPEndPoint[] reflectors)
    {
        int impaired = reflectors.Length - 1;
        Impairment intoHop = source == 0 ? In : In with { LossOfFlow = (_, flow) => source == impaired - 1 && flow == 0 ? 1 : null };
        for (int destination = 0; destination < reflectors.Length; destination++)
        {
            if (destination == source) continue;
            var listen = new IPEndPoint(AddressOf(destination), 0);
            IPEndPoint reach = destination == impaired ? _hop.Open(listen, reflectors[destination], intoHop, Out)
                : source == impaired ? _hop.Open(listen, reflectors[destination], Out, In)
                : reflectors[destination];
            yield return new Target
            {
                Host = Names[destination],
                EndPoint = reach,
                Tags = new Dictionary<string, string> { ["src_name"] = Names[source], ["dst_name"] = Names[destination] },
            };
        }
    }

    private void OpenProber(int source, Target[] targets)
    {
        // CPU pressure is left out: on a laptop that builds something it would put a question mark on every cell, while what
        // it would do to the numbers shows anyway, as late sends.
        var prober = new Prober(DatagramNetwork.Create(), Clock.System, new ProberOptions { Publish = report => _reports.Writer.TryWrite(report) });
        _probers.Add(prober);
        double flows = Names.Count * (Names.Count - 1) * FlowsOfPair;
        prober.Apply(new ProbingPlan
        {
            Interval = TimeSpan.FromSeconds(1),
            Tests =
            [
                new ProbingTest
                {
                    Name = Names[source],
                    CyclesPerSecond = Math.Clamp(MostDatagramsPerSecond / flows, 1, 10),
                    Ports = [.. Enumerable.Range(0, FlowsOfPair).Select(ordinal => new SourcePort
                    {
                        Ordinal = ordinal,
                        Address = AddressOf(source),
                        Timeout = TimeSpan.FromMilliseconds(500),
                    })],
                    Targets = targets,
                },
            ],
        });
    }
}
