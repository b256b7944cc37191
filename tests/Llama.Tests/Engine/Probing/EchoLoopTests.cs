using System.Net;
using Llama.Engine.Probing;
using Llama.Engine.Reflecting;
using Llama.Tests.Engine.Simulation;
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
        List<Task<bool>> silent = [.. Enumerable.Range(102, 100).Select(host => Begin(At(host)))];
        List<Task<bool>> answering = [.. Enumerable.Range(2, 100).Select(host => Begin(At(host)))];

        RunUntil(answering);
        Assert.InRange(_world.NowNanos - start, 0, 10_000_000);
        Assert.All(answering, answer => Assert.True(answer.Result));
        RunUntil(silent);
        Assert.InRange(_world.NowNanos - start, 0, 1_100_000_000);
        Assert.All(silent, answer => Assert.False(answer.Result));
    }

    [Fact]
    public void A_target_that_cannot_be_sent_to_does_not_answer()
    {
        _network.Sockets[0].SendError = _ => 101;

        Assert.False(Ask(At(2)));
    }

    [Fact]
    public async Task Over_real_sockets_a_reflector_answers_and_a_closed_port_does_not()
    {
        using var reflector = new Reflector(
            () => DatagramNetwork.Create(), Llama.Wire.Clocks.Clock.System, new ReflectorOptions { Bind = new(IPAddress.Loopback, 0) });
        using var check = new EchoCheck(DatagramNetwork.Create(), Llama.Wire.Clocks.Clock.System);

        Assert.True(await check.AnswersAsync(reflector.LocalEndPoint, default, CancellationToken.None));
        Assert.False(await check.AnswersAsync(new(IPAddress.Loopback, 9), default, CancellationToken.None));
    }

    private static UdpEndpoint At(int host, int port = 8100) => UdpEndpoint.From(Bench.At(host, port));

    private void AddReflector(int host, byte[]? key = null)
    {
        var socket = (SimulatedSocket)_world.NewNetwork(_clock).Open(new DatagramSocketOptions { Bind = Bench.At(host) });
        var worker = new ReflectorWorker(socket, _clock, new ReflectorOptions { Key = key ?? [] }, null);
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

    private Task<bool> Begin(UdpEndpoint reflector, byte[]? key = null)
    {
        var question = new EchoQuestion(reflector, key ?? []);
        _loop.Ask(question);
        return question.Answer;
    }

    private bool Ask(UdpEndpoint reflector, byte[]? key = null)
    {
        Task<bool> answer = Begin(reflector, key);
        RunUntil([answer]);
        return answer.Result;
    }

    private void RunUntil(IReadOnlyList<Task<bool>> answers)
    {
        for (int i = 0; i < 100_000 && !answers.All(answer => answer.IsCompleted); i++) _loop.Step();
        Assert.All(answers, answer => Assert.True(answer.IsCompleted));
    }
}
