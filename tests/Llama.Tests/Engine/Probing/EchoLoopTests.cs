using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Llama.Engine.Probing;
using Llama.Engine.Reflecting;
using Llama.Tests.Engine.Simulation;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Tests.Engine.Probing;

public class EchoLoopTests
{
    private readonly SimulatedWorld _world = new();
    private readonly SimulatedClock _clock;
    private readonly SimulatedNetwork _network;
    private readonly EchoLoop _loop;
    private readonly List<Packet> _sent = [];

    public EchoLoopTests()
    {
        _clock = _world.NewClock();
        _network = _world.NewNetwork(_clock);
        _loop = new EchoLoop(_network, _clock, _network.Open(new DatagramSocketOptions { Bind = new(IPAddress.Parse("10.0.0.1"), 0) }));
        _world.Link = packet =>
        {
            _sent.Add(packet);
            return [(100_000, packet)];
        };
    }

    [Fact]
    public void A_reflector_that_answers_is_sent_one_datagram()
    {
        AddReflector(2);

        Assert.True(Ask(At(2)));
        Assert.Single(_sent, packet => packet.To == At(2));
    }

    [Fact]
    public void Silence_is_told_after_three_datagrams_and_about_a_second()
    {
        long start = _world.NowNanos;

        Assert.False(Ask(At(2)));
        Assert.Equal(3, _sent.Count);
        Assert.InRange(_world.NowNanos - start, 900_000_000, 1_100_000_000);
    }

    [Fact]
    public void A_datagram_that_gets_lost_is_sent_again()
    {
        AddReflector(2);
        Link everything = _world.Link;
        _world.Link = packet => everything(packet).Take(_sent.Count > 2 ? 1 : 0).ToList();

        Assert.True(Ask(At(2)));
    }

    [Fact]
    public void What_comes_from_another_address_or_port_is_no_answer()
    {
        Answer(At(2), packet => packet with { From = At(3) });
        Assert.False(Ask(At(2)));

        Answer(At(4), packet => packet with { From = At(4, 8101) });
        Assert.False(Ask(At(4)));
    }

    [Fact]
    public void Another_signature_is_no_answer()
    {
        Answer(At(2), packet =>
        {
            packet.Payload[11] ^= 1;
            return packet;
        });

        Assert.False(Ask(At(2)));
    }

    [Fact]
    public void An_echo_that_changes_nothing_is_an_answer_with_and_without_a_key()
    {
        Answer(At(2), packet => packet);

        Assert.True(Ask(At(2)));
        Assert.True(Ask(At(2), [1, 2, 3]));
    }

    [Fact]
    public void A_reflector_with_the_key_answers_and_one_with_another_key_does_not()
    {
        AddReflector(2, [1, 2, 3]);
        AddReflector(3, [4, 5, 6]);

        Assert.True(Ask(At(2), [1, 2, 3]));
        Assert.False(Ask(At(3), [1, 2, 3]));
        Assert.False(Ask(At(2)));
    }

    [Fact]
    public void An_answer_whose_tag_is_wrong_is_none()
    {
        Answer(At(2), packet =>
        {
            packet.Payload[27 + 40] ^= 1;
            return packet;
        });

        Assert.False(Ask(At(2), [1, 2, 3]));
    }

    [Fact]
    public void Nothing_that_arrives_is_answered_or_disturbs()
    {
        AddReflector(2);
        var random = new Random(7);
        for (int i = 0; i < 1000; i++)
        {
            byte[] junk = new byte[random.Next(200)];
            random.NextBytes(junk);
            if (i % 2 == 0 && junk.Length >= ProbeWriter.MinLength)
                ProbeWriter.Write(junk, new ProbeHeader((uint)i, 5, 0, _clock.Wall, 0, 1));
            _world.Send(new Packet(At(9), UdpEndpoint.From(_network.Sockets[0].LocalEndPoint), junk, 0, 64));
        }

        _sent.Clear();
        Assert.True(Ask(At(2)));
        Assert.DoesNotContain(_sent, packet => packet.To == At(9));
    }

    [Fact]
    public void Many_are_asked_at_once_and_answers_do_not_wait_for_the_silent()
    {
        for (int host = 2; host < 102; host++) AddReflector(host);
        long start = _world.NowNanos;
        List<Task<EchoReply?>> silent = [.. Enumerable.Range(102, 100).Select(host => Begin(At(host)))];
        List<Task<EchoReply?>> answering = [.. Enumerable.Range(2, 100).Select(host => Begin(At(host)))];

        RunUntil(answering);
        Assert.InRange(_world.NowNanos - start, 0, 10_000_000);
        Assert.All(answering, answer => Assert.NotNull(answer.Result));
        RunUntil(silent);
        Assert.InRange(_world.NowNanos - start, 0, 1_100_000_000);
        Assert.All(silent, answer => Assert.Null(answer.Result));
    }

    [Fact]
    public void A_target_that_cannot_be_sent_to_does_not_answer()
    {
        _network.Sockets[0].SendError = _ => 101;

        Assert.False(Ask(At(2)));
    }

    [Theory]
    [InlineData(0, 100_000, 100_000)]
    [InlineData(5_000_000_000, 100_000, 100_000)]
    [InlineData(-90_000_000_000_000, 40_000_000, 40_000_000)]
    [InlineData(70_000, 1_000_000, 3_000_000)]
    [InlineData(0, 300_000_000, 0)]
    public void A_reflector_that_tells_its_times_tells_how_its_clock_stands(long offsetNanos, long thereNanos, long backNanos)
    {
        AddReflector(2, clock: _world.NewClock(_clock.WallOffsetNanos + offsetNanos));
        Delay(thereNanos, backNanos);

        ClockOffset clock = Reply(At(2))!.Clock!.Value;

        Assert.Equal((thereNanos + backNanos) / 2, clock.ErrorNanos);
        Assert.Equal(offsetNanos + (thereNanos - backNanos) / 2, clock.Nanos);
    }

    [Fact]
    public void The_time_that_counts_is_that_of_the_datagram_that_came_back()
    {
        AddReflector(2, clock: _world.NewClock(_clock.WallOffsetNanos + 7_000_000));
        _world.Link = packet =>
        {
            _sent.Add(packet);
            return _sent.Count == 1 ? [] : [(100_000, packet)];
        };

        Assert.Equal(new ClockOffset(7_000_000, 100_000), Reply(At(2))!.Clock);
    }

    [Fact]
    public void A_reflector_that_tells_no_times_answers_and_nothing_is_known_of_its_clock()
    {
        Answer(At(2), packet => packet);

        EchoReply? reply = Reply(At(2));

        Assert.NotNull(reply);
        Assert.Null(reply.Clock);
    }

    [Theory]
    [InlineData(50_000_000)]
    [InlineData(-50_000_000)]
    [InlineData(3_600_000_000_000)]
    public void A_step_of_the_own_clock_on_the_way_leaves_the_offset_unknown(long stepNanos)
    {
        AddReflector(2);
        _world.Link = packet =>
        {
            if (packet.From == At(2)) _clock.WallOffsetNanos += stepNanos;
            return [(80_000_000, packet)];
        };

        EchoReply? reply = Reply(At(2));

        Assert.NotNull(reply);
        Assert.Null(reply.Clock);
    }

    [Fact]
    public void The_truth_is_never_further_away_than_the_error_says()
    {
        var gen = from offset in Gen.Choose(-1_000_000_000, 1_000_000_000)
                  from there in Gen.Choose(0, 500_000_000)
                  from dwell in Gen.Choose(0, 100_000_000)
                  from back in Gen.Choose(0, 500_000_000)
                  select (Offset: (long)offset, There: (long)there, Dwell: (long)dwell, Back: (long)back);
        Prop.ForAll(gen.ToArbitrary(), way =>
        {
            var sent = new WallTime(1_800_000_000_000_000_000);
            WallTime arrived = sent + way.Offset + way.There;
            ClockOffset told = ClockOffset.Of(sent, Stamps(arrived, arrived + way.Dwell), sent + way.There + way.Dwell + way.Back)!.Value;
            Assert.InRange(way.Offset, told.Nanos - told.ErrorNanos - 1, told.Nanos + told.ErrorNanos + 1);
        }).Check(Config.QuickThrowOnFailure);
    }

    [Theory]
    [InlineData(long.MinValue, 0)]
    [InlineData(-1, 5)]
    [InlineData(0, long.MaxValue)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(long.MaxValue, long.MinValue)]
    public void Times_of_a_reflector_that_can_not_be_are_not_believed(long received, long transmitted)
    {
        var sent = new WallTime(1_800_000_000_000_000_000);

        Assert.Null(ClockOffset.Of(sent, Stamps(new WallTime(received), new WallTime(transmitted)), sent + 1_000_000));
    }

    [Fact]
    public async Task Over_real_sockets_a_reflector_answers_and_a_closed_port_does_not()
    {
        using var reflector = new Reflector(
            () => DatagramNetwork.Create(), Clock.System, new ReflectorOptions { Bind = new(IPAddress.Loopback, 0) });
        using var check = new EchoCheck(DatagramNetwork.Create(), Clock.System);

        EchoReply? reply = await check.AskAsync(reflector.LocalEndPoint, default, CancellationToken.None);
        Assert.NotNull(reply);
        if (reply.Clock is { } clock) Assert.InRange(Math.Abs(clock.Nanos), 0, clock.ErrorNanos + 1_000_000);
        Assert.Null(await check.AskAsync(new(IPAddress.Loopback, 9), default, CancellationToken.None));
    }

    private static UdpEndpoint At(int host, int port = 8100) => UdpEndpoint.From(Bench.At(host, port));

    private static ReflectorStamps Stamps(WallTime received, WallTime transmitted) => new(0, 64, received, transmitted, 1, KernelTime: true);

    /// <summary>Gives the way there and the way back a length each.</summary>
    private void Delay(long thereNanos, long backNanos) => _world.Link = packet => [(packet.To.Port == 8100 ? thereNanos : backNanos, packet)];

    private void AddReflector(int host, byte[]? key = null, SimulatedClock? clock = null)
    {
        var socket = (SimulatedSocket)_world.NewNetwork(clock ?? _clock).Open(new DatagramSocketOptions { Bind = Bench.At(host) });
        var worker = new ReflectorWorker(socket, clock ?? _clock, new ReflectorOptions { Key = key ?? [] }, null);
        socket.Arrived = () => worker.Step();
    }

    /// <summary>A host that sends back what a test makes of a datagram.</summary>
    private void Answer(UdpEndpoint at, Func<Packet, Packet> answer)
    {
        var socket = (SimulatedSocket)_world.NewNetwork(_clock).Open(new DatagramSocketOptions { Bind = at.ToIPEndPoint() });
        var batch = new DatagramBatch(8, 2000);
        socket.Arrived = () =>
        {
            socket.Receive(batch);
            for (int i = 0; i < batch.Count; i++) _world.Send(answer(new Packet(at, batch[i].Remote, batch.Payload(i).ToArray(), 0, 64)));
        };
    }

    private Task<EchoReply?> Begin(UdpEndpoint reflector, byte[]? key = null)
    {
        var question = new EchoQuestion(reflector, key ?? []);
        _loop.Ask(question);
        return question.Answer;
    }

    private bool Ask(UdpEndpoint reflector, byte[]? key = null) => Reply(reflector, key) is not null;

    private EchoReply? Reply(UdpEndpoint reflector, byte[]? key = null)
    {
        Task<EchoReply?> answer = Begin(reflector, key);
        RunUntil([answer]);
        return answer.Result;
    }

    private void RunUntil(IReadOnlyList<Task<EchoReply?>> answers)
    {
        for (int i = 0; i < 100_000 && !answers.All(answer => answer.IsCompleted); i++) _loop.Step();
        Assert.All(answers, answer => Assert.True(answer.IsCompleted));
    }
}
