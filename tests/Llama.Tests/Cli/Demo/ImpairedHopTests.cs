using System.Net;
using System.Text;
using Llama.Cli.Demo;
using Llama.Tests.Engine.Simulation;
using Llama.Wire.Sockets;

namespace Llama.Tests.Cli.Demo;

public sealed class ImpairedHopTests : IDisposable
{
    private const long Millisecond = 1_000_000;
    private const long LinkNanos = 100_000;

    private static readonly IPEndPoint FrontDoor = new(IPAddress.Parse("127.77.0.5"), 8100);
    private static readonly IPEndPoint ReflectorAt = new(IPAddress.Parse("127.77.0.5"), 9000);

    private readonly SimulatedWorld _world = new();
    private readonly SimulatedClock _clock;
    private readonly SimulatedNetwork _hosts;
    private readonly ImpairedHop _hop;
    private readonly List<Datagram> _reflected = [];

    public ImpairedHopTests()
    {
        _clock = _world.NewClock();
        _hosts = _world.NewNetwork(_clock);
        _hop = new ImpairedHop(_world.NewNetwork(_clock), _clock, seed: 1);
        IDatagramSocket reflector = _hosts.Open(new DatagramSocketOptions { Bind = ReflectorAt });
        ((SimulatedSocket)reflector).Arrived = () => Echo(reflector);
    }

    [Fact]
    public void A_reply_takes_the_delays_of_both_ways_and_comes_from_the_hop_with_its_tos()
    {
        Open(Delayed(40), Delayed(20));
        SimulatedSocket sender = Sender();
        long start = _world.NowNanos;
        Send(sender, "hello", tos: 184);
        Datagram reply = Assert.Single(Receive(sender));
        Assert.Equal(60 * Millisecond + 4 * LinkNanos, reply.Received.Nanos - _clock.WallOffsetNanos - start);
        Assert.Equal(FrontDoor, reply.Remote.ToIPEndPoint());
        Assert.Equal(184, reply.Tos);
        Assert.Equal(184, Assert.Single(_reflected).Tos);
    }

    [Fact]
    public void Each_flow_comes_to_the_reflector_from_a_port_of_its_own_and_keeps_it()
    {
        Open(Impairment.None, Impairment.None);
        SimulatedSocket first = Sender(), second = Sender();
        Send(first, "1");
        Send(second, "2");
        Send(first, "3");
        Assert.Equal(2, Receive(first).Count);
        Assert.Single(Receive(second));
        Assert.Equal(2, _reflected.Select(datagram => datagram.Remote).Distinct().Count());
    }

    [Fact]
    public void What_is_lost_on_the_way_there_never_reaches_the_reflector()
    {
        Open(new Impairment { Loss = 1 }, Impairment.None);
        SimulatedSocket sender = Sender();
        Send(sender, "hello");
        Assert.Empty(Receive(sender));
        Assert.Empty(_reflected);
    }

    [Fact]
    public void What_is_lost_on_the_way_back_has_reached_the_reflector()
    {
        Open(Impairment.None, new Impairment { Loss = 1 });
        SimulatedSocket sender = Sender();
        Send(sender, "hello");
        Assert.Empty(Receive(sender));
        Assert.Single(_reflected);
    }

    [Fact]
    public void One_flow_can_be_dead_while_the_others_live()
    {
        Open(new Impairment { LossOfFlow = (_, flow) => flow == 1 ? 1 : null }, Impairment.None);
        SimulatedSocket[] senders = [Sender(), Sender(), Sender()];
        foreach (SimulatedSocket sender in senders) Send(sender, "hello");
        Assert.Equal([1, 0, 1], senders.Select(sender => Receive(sender).Count));
    }

    public void Dispose()
    {
        _hop.Dispose();
        _hosts.Dispose();
    }

    private static Impairment Delayed(double milliseconds) => new() { Delay = TimeSpan.FromMilliseconds(milliseconds) };

    private void Open(Impairment there, Impairment back) => Assert.Equal(FrontDoor, _hop.Open(FrontDoor, ReflectorAt, there, back));

    private SimulatedSocket Sender() =>
        (SimulatedSocket)_hosts.Open(new DatagramSocketOptions { Bind = new IPEndPoint(IPAddress.Parse("127.77.0.1"), 0) });

    // Sends, and lets the hop work until nothing happens any more.
    private void Send(SimulatedSocket sender, string text, byte tos = 0)
    {
        var batch = new DatagramBatch(1, 100) { Count = 1 };
        int length = Encoding.ASCII.GetBytes(text, batch.Room(0));
        batch[0] = new Datagram { Remote = UdpEndpoint.From(FrontDoor), Length = length, Tos = tos, Marks = DatagramMarks.HasTos };
        sender.Send(batch);
        long until = _world.NowNanos + 200 * Millisecond;
        while (_world.NowNanos < until) _hop.Step(until - _world.NowNanos);
    }

    private static List<Datagram> Receive(SimulatedSocket socket)
    {
        var batch = new DatagramBatch(16, 100);
        socket.Receive(batch);
        return [.. Enumerable.Range(0, batch.Count).Select(index => batch[index])];
    }

    private void Echo(IDatagramSocket socket)
    {
        var batch = new DatagramBatch(16, 100);
        socket.Receive(batch);
        for (int i = 0; i < batch.Count; i++) _reflected.Add(batch[i]);
        socket.Send(batch);
    }
}
