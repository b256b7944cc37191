using System.Net;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Engine.Reflecting;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Benchmarks.Gate;

/// <summary>What both roles allocate for a datagram: their own loops, in this process, in turns on one thread, over real sockets.</summary>
internal sealed class Allocation(Workbench bench) : IMeasurement
{
    private const int Warmup = 5_000;

    private readonly Samples _collector = new(), _reflector = new();

    public string Name => "allocation";

    public int Rounds => 1;

    public Task RunRoundAsync(CancellationToken cancellation)
    {
        using IDatagramNetwork far = DatagramNetwork.Create();
        using IDatagramSocket socket = far.Open(new DatagramSocketOptions { Bind = new IPEndPoint(IPAddress.Loopback, 0) });
        var reflector = new ReflectorWorker(socket, Clock.System, new ReflectorOptions(), bucket: null);
        using IDatagramNetwork near = DatagramNetwork.Create();
        var loop = new ProbingLoop(near, Clock.System, key: [], _ => { });
        loop.Apply(new PlanDirectory(near, Clock.System).Prepare(Plan(socket.LocalEndPoint)));

        int datagrams = bench.IsQuick ? 20_000 : 100_000;
        Run(loop, reflector, Warmup, cancellation);
        (long collectorBytes, long reflectorBytes) = Run(loop, reflector, datagrams, cancellation);
        loop.Finish();
        _collector.Add(collectorBytes / (double)datagrams);
        _reflector.Add(reflectorBytes / (double)datagrams);
        return Task.CompletedTask;
    }

    public IEnumerable<ResultRow> Rows()
    {
        yield return ResultRow.Of("collector: allocation per datagram", "0 bytes", _collector, "0.##", "bytes", bytes => bytes == 0);
        yield return ResultRow.Of("reflector: allocation per datagram", "0 bytes", _reflector, "0.##", "bytes", bytes => bytes == 0);
    }

    private static (long CollectorBytes, long ReflectorBytes) Run(
        ProbingLoop loop, ReflectorWorker reflector, long datagrams, CancellationToken cancellation)
    {
        long collectorBytes = 0, reflectorBytes = 0;
        long end = reflector.Received + datagrams;
        while (reflector.Received < end)
        {
            cancellation.ThrowIfCancellationRequested();
            long before = GC.GetAllocatedBytesForCurrentThread();
            loop.Step();
            long between = GC.GetAllocatedBytesForCurrentThread();
            reflector.Step();
            collectorBytes += between - before;
            reflectorBytes += GC.GetAllocatedBytesForCurrentThread() - between;
        }

        return (collectorBytes, reflectorBytes);
    }

    private static ProbingPlan Plan(IPEndPoint target) => new()
    {
        // Long enough that none ends meanwhile: a report is made of objects, and is no part of a datagram's way.
        Interval = TimeSpan.FromDays(3650),
        Tests =
        [
            new ProbingTest
            {
                Name = "test",
                CyclesPerSecond = 10_000,
                Ports = [.. Enumerable.Range(0, 4).Select(i => new SourcePort { Ordinal = i, Address = IPAddress.Loopback, Timeout = TimeSpan.FromSeconds(1) })],
                Targets = [new Target { Host = "reflector", EndPoint = target }],
            },
        ],
    };
}
