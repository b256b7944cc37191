using System.Net;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Tests.Wire.Sockets;

/// <summary>When datagrams left, as the kernel says, over real loopback sockets.</summary>
public sealed class TransmitTimeTests
{
    private const long Millisecond = 1_000_000;

    [Theory]
    [MemberData(nameof(LinuxDatagramSocketTests.Paths), MemberType = typeof(LinuxDatagramSocketTests))]
    public void A_transmit_time_lies_between_the_send_call_and_the_arrival(string address, string bind)
    {
        using var exchange = new Exchange(Backend.Linux, IPAddress.Parse(bind));
        exchange.Sender.NotesTransmitTimes = true;
        Assert.True(exchange.Sender.NotesTransmitTimes);
        DatagramBatch batch = Numbered(exchange.Target(IPAddress.Parse(address)), 80);
        WallTime before = Clock.System.Wall;
        Assert.Equal(80, exchange.Sender.Send(batch));

        List<Arrival> arrivals = exchange.Take(exchange.Receiver, 80);
        List<TransmitTime> times = TakeAll(exchange.Sender);
        Assert.Equal(Enumerable.Range(0, 80).Select(i => 1000u + (uint)i), times.Select(time => time.Token));
        for (int i = 0; i < 80; i++)
        {
            Assert.True(batch[i].Has(DatagramMarks.TransmitTimeFollows));
            Assert.InRange(times[i].Time.Nanos, before.Nanos, arrivals[i].Header.Received.Nanos);
        }
    }

    [Theory]
    [MemberData(nameof(LinuxDatagramSocketTests.Paths), MemberType = typeof(LinuxDatagramSocketTests))]
    public void Failures_never_give_a_datagram_the_time_of_another(string address, string bind)
    {
        using var exchange = new Exchange(Backend.Linux, IPAddress.Parse(bind));
        UdpEndpoint target = exchange.Target(IPAddress.Parse(address));
        exchange.Sender.NotesTransmitTimes = true;
        var calls = new Dictionary<uint, (WallTime From, WallTime To)>();
        var times = new List<TransmitTime>();
        int followed = 0;
        for (uint round = 0; round < 60; round++)
        {
            // Refused before the kernel looks at the payload, while it does, and not at all; one by one, and within a batch.
            DatagramBatch batch = Exchange.BatchTo(target, 3, maxLength: 70_000);
            for (int i = 0; i < 3; i++) batch[i].Token = round * 3 + (uint)i;
            if (round % 5 == 1) batch[1].Remote = target with { Port = 0 };
            if (round % 5 == 3) batch[1].Length = 70_000;
            if (round % 7 == 3) batch[2].Length = 70_000;
            WallTime from = Clock.System.Wall;
            exchange.Sender.Send(batch);
            WallTime to = Clock.System.Wall;
            for (int i = 0; i < 3; i++)
            {
                if (!batch[i].Has(DatagramMarks.TransmitTimeFollows)) continue;
                Assert.Equal(0, batch[i].Error);
                calls.Add(batch[i].Token, (from, to));
                followed++;
            }

            if (round % 2 == 0) times.AddRange(TakeAll(exchange.Sender));
        }

        times.AddRange(TakeAll(exchange.Sender));
        Assert.InRange(followed, 60, 179);
        Assert.Equal(followed, times.Count);
        Assert.All(times, time => Assert.InRange(time.Time.Nanos, calls[time.Token].From.Nanos, calls[time.Token].To.Nanos));
    }

    [Fact]
    public void What_a_received_datagram_tells_is_the_same_with_transmit_times()
    {
        using var exchange = new Exchange(Backend.Linux, IPAddress.Any);
        exchange.Sender.NotesTransmitTimes = exchange.Receiver.NotesTransmitTimes = true;
        DatagramBatch batch = Exchange.BatchTo(exchange.Target(IPAddress.Loopback), 3);
        for (int i = 0; i < 3; i++)
        {
            batch[i].Tos = 0xB8;
            batch[i].Marks = DatagramMarks.HasTos;
        }

        WallTime before = Clock.System.Wall;
        exchange.Sender.Send(batch);
        Assert.All(exchange.Take(exchange.Receiver, 3), arrival =>
        {
            Assert.True(arrival.Header.Has(
                DatagramMarks.KernelTime | DatagramMarks.HasTos | DatagramMarks.HasTtl | DatagramMarks.HasLocal));
            Assert.False(arrival.Header.Has(DatagramMarks.Truncated));
            Assert.InRange(arrival.Header.Received.Nanos, before.Nanos, Clock.System.Wall.Nanos);
            Assert.Equal(0xB8, arrival.Header.Tos);
            Assert.Equal(64, arrival.Header.Ttl);
            Assert.Equal(IPAddress.Loopback, arrival.Header.Local.ToIPAddress());
        });
    }

    [Fact]
    public void Times_that_wait_to_be_taken_neither_wake_nor_look_like_datagrams()
    {
        using var exchange = new Exchange(Backend.Linux, IPAddress.Loopback);
        exchange.Sender.NotesTransmitTimes = true;
        exchange.Network.Wait(new IDatagramSocket?[4], 0);
        exchange.Sender.Send(Exchange.BatchTo(exchange.Target(IPAddress.Loopback), 2));
        exchange.Take(exchange.Receiver, 2);

        IDatagramSocket?[] ready = new IDatagramSocket?[4];
        Assert.Equal(0, exchange.Network.Wait(ready, 0));
        Assert.Equal(0, exchange.Sender.Receive(new DatagramBatch(2, 100)));
        MonotonicTime start = Clock.System.Monotonic;
        exchange.Network.Sleep(20 * Millisecond);
        Assert.InRange(Clock.System.Monotonic - start, 20 * Millisecond, long.MaxValue);
        Assert.Equal(2, TakeAll(exchange.Sender).Count);
    }

    [Fact]
    public void Turned_off_nothing_is_noted_and_turned_on_again_it_counts_anew()
    {
        using var exchange = new Exchange(Backend.Linux, IPAddress.Loopback);
        UdpEndpoint target = exchange.Target(IPAddress.Loopback);
        foreach (bool isOn in new[] { true, false, true })
        {
            exchange.Sender.NotesTransmitTimes = isOn;
            DatagramBatch batch = Numbered(target, 5);
            exchange.Sender.Send(batch);
            Assert.Equal(isOn, batch[0].Has(DatagramMarks.TransmitTimeFollows));
            Assert.Equal(isOn ? 5 : 0, TakeAll(exchange.Sender).Count);
        }
    }

    [Fact]
    public void The_portable_backend_has_none()
    {
        using var exchange = new Exchange(Backend.Portable, IPAddress.Loopback);
        exchange.Sender.NotesTransmitTimes = true;
        Assert.False(exchange.Sender.NotesTransmitTimes);
        DatagramBatch batch = Numbered(exchange.Target(IPAddress.Loopback), 1);
        exchange.Sender.Send(batch);
        Assert.False(batch[0].Has(DatagramMarks.TransmitTimeFollows));
        Assert.Empty(TakeAll(exchange.Sender));
    }

    private static DatagramBatch Numbered(UdpEndpoint to, int count)
    {
        DatagramBatch batch = Exchange.BatchTo(to, count);
        for (int i = 0; i < count; i++) batch[i].Token = 1000u + (uint)i;
        return batch;
    }

    private static List<TransmitTime> TakeAll(IDatagramSocket socket)
    {
        var all = new List<TransmitTime>();
        var times = new TransmitTime[40];
        int count;
        do
        {
            count = socket.TakeTransmitTimes(times);
            all.AddRange(times.AsSpan(0, count));
        }
        while (count == times.Length);
        return all;
    }
}
