using System.Net;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Engine.Reflecting;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Tests.Engine;

/// <summary>Over the machine's own sockets: what is promised for the way of a datagram holds for the real ones.</summary>
public sealed class AllocationTests
{
    [Theory]
    [InlineData(false, 2500)]
    [InlineData(true, 2500)]
    [InlineData(false, 1200)]
    public void Nothing_is_allocated_on_the_way_of_a_datagram(bool withKey, double cyclesPerSecond)
    {
        byte[] key = withKey ? [1, 2, 3, 4] : [];
        using IDatagramNetwork reflectorNetwork = DatagramNetwork.Create();
        using IDatagramSocket reflectorSocket = reflectorNetwork.Open(new DatagramSocketOptions { Bind = new IPEndPoint(IPAddress.Loopback, 0) });
        var reflector = new ReflectorWorker(
            reflectorSocket, Clock.System, new ReflectorOptions { Key = key }, new TokenBucket(1_000_000));

        using IDatagramNetwork network = DatagramNetwork.Create();
        var books = new List<IntervalBook>();
        var loop = new ProbingLoop(network, Clock.System, key, books.Add);
        loop.Apply(new PlanDirectory(network, Clock.System).Prepare(Plan(reflectorSocket.LocalEndPoint, cyclesPerSecond)));

        Run(loop, reflector, datagrams: 2000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(loop, reflector, datagrams: 4000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        loop.Finish();
        Assert.True(books.Sum(book => book.Flows.Sum(flow => flow.Received)) >= 3500);
    }

    private static ProbingPlan Plan(IPEndPoint target, double cyclesPerSecond) => new()
    {
        // Long enough that none ends meanwhile: reports are made of objects, and may be.
        Interval = TimeSpan.FromDays(3650),
        Tests =
        [
            new ProbingTest
            {
                Name = "test",
                CyclesPerSecond = cyclesPerSecond,
                Ports = [.. Enumerable.Range(0, 4).Select(i => new SourcePort { Ordinal = i, Address = IPAddress.Loopback, Timeout = TimeSpan.FromSeconds(1) })],
                Targets = [new Target { Host = "reflector", EndPoint = target }],
            },
        ],
    };

    /// <summary>Both ends in turns on this thread, so that all they allocate is seen.</summary>
    private static void Run(ProbingLoop loop, ReflectorWorker reflector, long datagrams)
    {
        long end = reflector.Received + datagrams;
        while (reflector.Received < end)
        {
            loop.Step();
            reflector.Step();
        }
    }
}
