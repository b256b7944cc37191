using System.Net;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Engine.Reflecting;
using Llama.Engine.Summaries;
using Llama.Wire.Sockets;

namespace Llama.Tests.Engine.Simulation;

/// <summary>A collector and reflectors in a simulated world, run for as long as a test wants.</summary>
internal sealed class Bench
{
    public const long Millisecond = 1_000_000;
    public const long Second = 1_000_000_000;

    private readonly Summarizer _summarizer;
    private readonly PlanDirectory _directory;

    public Bench(ReadOnlyMemory<byte> key = default)
    {
        World = new SimulatedWorld();
        Clock = World.NewClock();
        Network = World.NewNetwork(Clock);
        Options = new ProberOptions { Publish = Reports.Add, Key = key };
        _summarizer = new Summarizer(Options);
        _directory = new PlanDirectory(Network, Clock);
        Loop = new ProbingLoop(Network, Clock, key.Span, Close);
    }

    public SimulatedWorld World { get; }

    public SimulatedClock Clock { get; }

    public SimulatedNetwork Network { get; }

    public ProberOptions Options { get; }

    public ProbingLoop Loop { get; }

    public List<IntervalReport> Reports { get; } = [];

    /// <summary>All summaries of all reports so far.</summary>
    public IEnumerable<Summary> Summaries => Reports.SelectMany(report => report.Summaries);

    public static IPEndPoint At(int host, int port = 8100) => new(IPAddress.Parse($"10.0.0.{host}"), port);

    /// <summary>A plan with one test from 10.0.0.1: some flows to some targets.</summary>
    public static ProbingPlan Plan(
        double cyclesPerSecond, int flows, IEnumerable<IPEndPoint> targets, int intervalSeconds = 10, int timeoutMillis = 500) => new()
        {
            Interval = TimeSpan.FromSeconds(intervalSeconds),
            Tests =
            [
                new ProbingTest
                {
                    Name = "test",
                    CyclesPerSecond = cyclesPerSecond,
                    Ports =
                    [
                        .. Enumerable.Range(0, flows).Select(ordinal => new SourcePort
                        {
                            Ordinal = ordinal,
                            Address = IPAddress.Parse("10.0.0.1"),
                            Timeout = TimeSpan.FromMilliseconds(timeoutMillis),
                        }),
                    ],
                    Targets = [.. targets.Select(target => new Target { Host = target.Address.ToString(), EndPoint = target })],
                },
            ],
        };

    /// <summary>A reflector of ours, with a clock of its own.</summary>
    public ReflectorWorker AddReflector(IPEndPoint endPoint, long wallOffsetNanos = 0, ReflectorOptions? options = null) =>
        AddReflector(endPoint, World.NewClock(Clock.WallOffsetNanos + wallOffsetNanos), options);

    /// <summary>A reflector of ours on a host whose clock is as given.</summary>
    public ReflectorWorker AddReflector(IPEndPoint endPoint, SimulatedClock clock, ReflectorOptions? options = null)
    {
        var socket = (SimulatedSocket)World.NewNetwork(clock).Open(new DatagramSocketOptions { Bind = endPoint });
        var worker = new ReflectorWorker(
            socket, clock, options ?? new ReflectorOptions { MaxPerSecond = null, MaxPerSecondPerSource = null }, null);
        socket.Arrived = () => worker.Step();
        return worker;
    }

    /// <summary>A reflector that answers as it is told; null answers nothing.</summary>
    public void AddScripted(IPEndPoint endPoint, Func<Packet, IEnumerable<byte[]>> answer)
    {
        var socket = (SimulatedSocket)World.NewNetwork(Clock).Open(new DatagramSocketOptions { Bind = endPoint });
        var batch = new DatagramBatch(8, 16384);
        socket.Arrived = () =>
        {
            socket.Receive(batch);
            for (int i = 0; i < batch.Count; i++)
            {
                var packet = new Packet(batch[i].Remote, batch[i].Local, batch.Payload(i).ToArray(), batch[i].Tos, batch[i].Ttl);
                foreach (byte[] reply in answer(packet))
                    World.Send(new Packet(UdpEndpoint.From(endPoint), packet.From, reply, packet.Tos, 64));
            }
        };
    }

    public void Apply(ProbingPlan plan) => Loop.Apply(_directory.Prepare(plan));

    /// <summary>Lets the loop run for a time.</summary>
    public void RunFor(long nanos)
    {
        long end = World.NowNanos + nanos;
        while (World.NowNanos < end) Loop.Step();
    }

    /// <summary>Moves time to just after the start of an interval, without running anything.</summary>
    public void AlignTo(int intervalSeconds)
    {
        long wall = Clock.Wall.Nanos;
        World.NowNanos += intervalSeconds * Second - wall % (intervalSeconds * Second);
    }

    /// <summary>Sockets of the collector that are open.</summary>
    public int OpenSockets => Network.Sockets.Count(socket => !socket.IsDisposed);

    /// <summary>Makes the kernel refuse to send, with an errno for each destination.</summary>
    public void RefuseSends(Func<UdpEndpoint, int> error)
    {
        foreach (SimulatedSocket socket in Network.Sockets) socket.SendError = error;
    }

    /// <summary>Makes the kernel drop replies for want of buffer.</summary>
    public void DropInKernel(long count) => Network.Sockets[0].ReceiveDrops += count;

    private void Close(IntervalBook book)
    {
        Reports.Add(_summarizer.Summarize(book));
        book.Clear();
        Loop.Return(book);
    }
}
