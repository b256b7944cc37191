using System.Buffers.Binary;
using Llama.Engine.Reflecting;
using Llama.Tests.Engine.Simulation;
using Llama.Tests.Wire.Datagrams;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;
using static Llama.Tests.Engine.Simulation.Bench;

namespace Llama.Tests.Engine.Reflecting;

public sealed class ReflectorWorkerTests
{
    private static readonly UdpEndpoint Here = UdpEndpoint.From(At(2));
    private static readonly UdpEndpoint There = UdpEndpoint.From(At(1, 5555));

    private readonly Bench _bench = new();
    private readonly List<Packet> _replies = [];

    public ReflectorWorkerTests()
    {
        _bench.World.Link = packet =>
        {
            if (packet.From == Here) _replies.Add(packet);
            return [(1000, packet)];
        };
    }

    [Fact]
    public void Everything_the_Go_reflector_answered_is_answered_with_the_same_bytes_and_ToS()
    {
        ReflectorWorker worker = Start();
        WireCapture[] captures = [.. WireCapture.Read("reflector_replies.hex")];
        Assert.True(captures.Length > 30);
        foreach (WireCapture capture in captures)
        {
            Packet? reply = Ask(capture.Datagram, tos: Convert.ToByte(capture["sent_ip_tos"], 16));
            byte[] expected = capture["reply"] == "identical" ? capture.Datagram : WireCapture.Bytes(capture["reply"]);
            Assert.NotNull(reply);
            Assert.Equal(expected, reply.Payload);
            Assert.Equal(Convert.ToByte(capture["reply_ip_tos"], 16), reply.Tos);
        }

        Assert.Equal(captures.Length, worker[ReflectorVerdict.Reflected]);
    }

    [Theory]
    [InlineData("reflector_no_reply.hex")]
    [InlineData("reflector_crashers.hex")]
    public void Everything_the_Go_reflector_did_not_answer_or_survive_is_dropped_and_counted(string file)
    {
        ReflectorWorker worker = Start();
        WireCapture[] captures = [.. WireCapture.Read(file)];
        Assert.True(captures.Length > 5);
        Assert.All(captures, capture => Assert.Null(Ask(capture.Datagram)));
        Assert.Equal(captures.Length, worker[ReflectorVerdict.Malformed]);
        Assert.NotNull(Ask([0x12, 0x01, 0x00]));
    }

    [Fact]
    public void IPv6_replies_have_the_recorded_bytes()
    {
        Start();
        foreach (WireCapture capture in WireCapture.Read("reflector_ipv6.hex")) Assert.Equal(capture.Datagram, Ask(capture.Datagram)?.Payload);
    }

    [Fact]
    public void Extension_is_stamped_in_place_and_nothing_else_changes()
    {
        Start();
        byte[] request = Probe(session: 77, sequence: 4);
        Packet first = Ask(request, tos: 0x28, ttl: 61)!;
        Packet second = Ask(Probe(session: 77, sequence: 5))!;
        Packet other = Ask(Probe(session: 78, sequence: 0))!;

        ReflectorStamps stamps = ProbeExtension.ReadStamps(first.Payload.AsSpan(27));
        Assert.Equal((byte)0x28, stamps.ReceivedTos);
        Assert.Equal((byte)61, stamps.ReceivedTtl);
        Assert.True(stamps.KernelTime);
        Assert.True(stamps.Transmitted >= stamps.Received);
        Assert.Equal(1u, stamps.SessionReceives);
        Assert.Equal(2u, ProbeExtension.ReadStamps(second.Payload.AsSpan(27)).SessionReceives);
        Assert.Equal(1u, ProbeExtension.ReadStamps(other.Payload.AsSpan(27)).SessionReceives);
        Assert.Equal(ProbeMarks.Reflected | ProbeMarks.KernelReceiveTime, ProbeExtension.ReadMarks(first.Payload.AsSpan(27)));
        Assert.Equal(request[..27], first.Payload[..27]);
        Assert.Equal(request[79..], first.Payload[79..]);
        Assert.Equal(0xB8, first.Tos);
    }

    [Fact]
    public void Long_datagrams_with_an_extension_come_back_whole()
    {
        Start();
        Assert.Equal(9000, Ask(Probe(1, 0, size: 9000))!.Payload.Length);
    }

    [Fact]
    public void Reflected_datagram_is_not_reflected_again()
    {
        ReflectorWorker worker = Start();
        byte[] reflected = Ask(Probe(1, 0))!.Payload;
        Assert.Null(Ask(reflected));
        Assert.Equal(1, worker[ReflectorVerdict.AlreadyReflected]);
    }

    [Fact]
    public void Datagram_from_port_zero_is_dropped()
    {
        ReflectorWorker worker = Start();
        Assert.Null(Ask(Probe(1, 0), from: There with { Port = 0 }));
        Assert.Equal(1, worker[ReflectorVerdict.SourcePortZero]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(200)]
    [InlineData(1000)]
    public void Datagram_bouncing_between_two_reflectors_dies_however_far_apart_they_are(int roundTripMillis)
    {
        ReflectorWorker first = Start();
        ReflectorWorker second = _bench.AddReflector(At(3));
        _bench.World.Link = packet => [(roundTripMillis * Millisecond / 2, packet)];
        byte[] plain = WireCapture.Read("reflector_replies.hex").First().Datagram;
        for (byte i = 0; i < 200; i++)
        {
            byte[] spoofed = [.. plain];
            spoofed[5] = i;
            _bench.World.Send(new Packet(UdpEndpoint.From(At(3)), Here, spoofed, 0, 64));
        }

        PassTime(600 * Second);
        long received = first.Received + second.Received;
        PassTime(600 * Second);

        Assert.Equal(received, first.Received + second.Received);
        Assert.Equal(200, first[ReflectorVerdict.Bouncing] + second[ReflectorVerdict.Bouncing]);
    }

    [Fact]
    public void As_many_datagrams_as_Go_collectors_send_are_never_taken_for_bouncing()
    {
        ReflectorWorker worker = Start();
        byte[] plain = [0x0A, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 1, 0];
        _bench.World.Link = packet => packet.From == Here ? [] : [(1000, packet)];
        for (int i = 0; i < 2_000_000; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(plain.AsSpan(4), i);
            _bench.World.Send(new Packet(There, Here, plain, 0, 64));
            _bench.World.PassUntil(_bench.World.NowNanos + 20_000);
        }

        Assert.Equal(2_000_000, worker[ReflectorVerdict.Reflected]);
    }

    [Fact]
    public void Rate_above_the_limit_is_dropped_and_counted_and_the_rest_passes()
    {
        ReflectorWorker worker = Start(new ReflectorOptions { MaxPerSecond = 100, MaxPerSecondPerSource = null });
        for (int i = 0; i < 250; i++) Ask(Probe((ulong)i, 0));
        Assert.InRange(worker[ReflectorVerdict.Reflected], 100, 101);
        Assert.Equal(250, worker[ReflectorVerdict.Reflected] + worker[ReflectorVerdict.RateLimited]);

        _bench.World.NowNanos += Second / 2;
        for (int i = 0; i < 100; i++) Ask(Probe((ulong)i, 0));
        Assert.InRange(worker[ReflectorVerdict.Reflected], 150, 152);
    }

    [Fact]
    public void One_source_above_its_limit_leaves_the_others_alone()
    {
        ReflectorWorker worker = Start(new ReflectorOptions { MaxPerSecond = 1000, MaxPerSecondPerSource = 10 });
        for (int i = 0; i < 50; i++) Ask(Probe((ulong)i, 0));
        Assert.Equal(40, worker[ReflectorVerdict.SourceRateLimited]);
        Assert.NotNull(Ask(Probe(99, 0), from: UdpEndpoint.From(At(9))));
    }

    [Fact]
    public void Malformed_datagrams_use_up_nobody_s_rate()
    {
        Start(new ReflectorOptions { MaxPerSecond = 10, MaxPerSecondPerSource = 10 });
        for (int i = 0; i < 500; i++) Ask([0xFF]);
        Assert.NotNull(Ask(Probe(1, 0)));
    }

    [Fact]
    public void With_a_key_only_authenticated_datagrams_are_answered_and_replies_are_signed()
    {
        byte[] key = [9, 9, 9];
        var authenticator = new ProbeAuthenticator(key);
        ReflectorWorker worker = Start(new ReflectorOptions { Key = key });
        Assert.Null(Ask(Probe(1, 0)));
        Assert.Null(Ask(WireCapture.Read("reflector_replies.hex").First().Datagram));
        Assert.Equal(2, worker[ReflectorVerdict.NotAuthenticated]);

        byte[] signed = Probe(1, 1);
        authenticator.Sign(signed);
        Packet reply = Ask(signed)!;
        Assert.True(authenticator.Verify(reply.Payload, 27));
        Assert.Equal(1u, ProbeExtension.ReadStamps(reply.Payload.AsSpan(27)).SessionReceives);
    }

    [Fact]
    public void Refused_sends_are_counted()
    {
        ReflectorWorker worker = Start();
        _socket!.SendError = _ => 1;
        Assert.Null(Ask(Probe(1, 0)));
        Assert.Equal(1, worker[ReflectorVerdict.SendFailed]);
        Assert.Equal(0, worker[ReflectorVerdict.Reflected]);
    }

    [Fact]
    public void Random_and_mutated_datagrams_are_all_counted_and_never_answered_with_more()
    {
        ReflectorWorker worker = Start();
        byte[][] captures = [.. WireCapture.Read("reflector_replies.hex").Select(capture => capture.Datagram), Probe(1, 2)];
        var random = new Random(23);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = [.. captures[random.Next(captures.Length)]];
            for (int change = random.Next(4); change > 0; change--) bytes[random.Next(Math.Min(90, bytes.Length))] = (byte)random.Next(256);
            bytes = bytes[..random.Next(bytes.Length + 1)];
            Packet? reply = Ask(bytes);
            Assert.True(reply is null || reply.Payload.Length == Math.Min(bytes.Length, reply.Payload.Length));
        }

        Assert.Equal(20_000, worker.Received);
        Assert.Equal(20_000, Enum.GetValues<ReflectorVerdict>().Sum(verdict => worker[verdict]));
    }

    private void PassTime(long nanos)
    {
        long end = _bench.World.NowNanos + nanos;
        while (_bench.World.NowNanos < end) _bench.World.PassUntil(end);
    }

    private static byte[] Probe(ulong session, uint sequence, int size = 200)
    {
        byte[] datagram = new byte[size];
        ProbeWriter.Write(datagram, new ProbeHeader(1, session * 1000 + sequence, 0xB8, new WallTime(1), sequence, session));
        return datagram;
    }

    private SimulatedSocket? _socket;

    [Fact]
    public void The_time_of_sending_is_not_late_when_datagrams_come_in_a_heap_after_they_came_alone()
    {
        // The way into the kernel and out of it costs what eight datagrams cost.
        SimulatedSocket socket = (SimulatedSocket)_bench.World.NewNetwork(_bench.Clock).Open(new DatagramSocketOptions { Bind = Here.ToIPEndPoint() });
        socket.NanosOfCall = 8000;
        socket.NanosBeforeSend = () => 1000;
        var worker = new ReflectorWorker(socket, _bench.Clock, new ReflectorOptions { MaxPerSecond = null, MaxPerSecondPerSource = null }, null);
        var left = new List<long>();
        _bench.World.Link = packet =>
        {
            if (packet.From != Here) return [(0, packet)];
            left.Add(_bench.Clock.Wall.Nanos);
            _replies.Add(packet);
            return [];
        };
        int[] heaps = [.. Enumerable.Repeat(1, 60), .. Enumerable.Repeat(4, 30), 60];
        foreach (int heap in heaps)
        {
            for (uint i = 0; i < heap; i++)
            {
                byte[] datagram = new byte[256];
                ProbeWriter.Write(datagram, new ProbeHeader(i, i, 0, _bench.Clock.Wall, i, Session: 1));
                _bench.World.Send(new Packet(There, Here, datagram, 0, 64));
            }

            for (int i = 0; i < heap; i++) _bench.World.PassUntil(_bench.World.NowNanos);
            while (worker.Step() > 0) { }
        }

        for (int i = _replies.Count - 60; i < _replies.Count; i++)
            Assert.InRange(Transmitted(_replies[i]) - left[i], -12_000, 12_000);
    }

    private static long Transmitted(Packet reply)
    {
        ProbeReader.Read(reply.Payload, out ProbeFields fields);
        return ProbeExtension.ReadStamps(reply.Payload.AsSpan(fields.ExtensionOffset)).Transmitted.Nanos;
    }

    private ReflectorWorker Start(ReflectorOptions? options = null)
    {
        SimulatedClock clock = _bench.World.NewClock();
        _socket = (SimulatedSocket)_bench.World.NewNetwork(clock).Open(new DatagramSocketOptions { Bind = At(2) });
        options ??= new ReflectorOptions { MaxPerSecond = null, MaxPerSecondPerSource = null };
        var worker = new ReflectorWorker(_socket, clock, options, options.MaxPerSecond is { } rate ? new TokenBucket(rate) : null);
        _socket.Arrived = () => worker.Step();
        return worker;
    }

    /// <summary>Sends one datagram to the reflector.</summary>
    /// <returns>What it sent back; null for nothing.</returns>
    private Packet? Ask(byte[] datagram, byte tos = 0, byte ttl = 64, UdpEndpoint? from = null)
    {
        _replies.Clear();
        _bench.World.Send(new Packet(from ?? There, Here, datagram, tos, ttl));
        _bench.World.PassUntil(_bench.World.NowNanos + 1000);
        Packet? reply = _replies.SingleOrDefault();
        Assert.True(reply is null || reply.To == (from ?? There));
        return reply;
    }
}
