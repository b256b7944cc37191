using System.Net;
using System.Net.Sockets;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Engine.Reflecting;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Ping;

/// <summary>
/// Measures to a reflector of this process for a moment, and forgets it. Code is compiled when it first runs, which takes
/// milliseconds: without this they would be the first round-trip time, and the longest.
/// </summary>
internal static class WarmUp
{
    private const int Datagrams = 40;
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(300);

    public static void Run(bool portable, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        enough.CancelAfter(Limit);
        try
        {
            using var reflector = new Reflector(() => DatagramNetwork.Create(portable), Clock.System, new ReflectorOptions
            {
                Bind = new IPEndPoint(IPAddress.Loopback, 0),
            });
            using var prober = new Prober(DatagramNetwork.Create(portable), Clock.System, new ProberOptions { Publish = _ => { } });
            prober.Apply(new ProbingPlan
            {
                Interval = TimeSpan.FromSeconds(1),
                Tests =
                [
                    new ProbingTest
                    {
                        Name = "warm-up",
                        CyclesPerSecond = 1000,
                        MostDatagrams = Datagrams,
                        Ports = [new SourcePort { Ordinal = 0, Address = IPAddress.Any, Timeout = Limit }],
                        Targets = [new Target { Host = "self", EndPoint = reflector.LocalEndPoint }],
                    },
                ],
            });
            prober.Run(enough.Token);
        }
        catch (SocketException)
        {
            // No loopback, no warm-up.
        }
    }
}
