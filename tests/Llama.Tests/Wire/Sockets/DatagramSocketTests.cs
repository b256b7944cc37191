using System.Net;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Tests.Wire.Sockets;

/// <summary>What every network does, over real loopback sockets.</summary>
public sealed class DatagramSocketTests
{
    private const int InvalidArgument = 22;
    private const int MessageTooLong = 90;
    private const int FamilyNotSupported = 97;

    public static TheoryData<Backend, string> BackendsAndFamilies()
    {
        var data = new TheoryData<Backend, string>();
        foreach (Backend backend in Enum.GetValues<Backend>())
        {
            data.Add(backend, "127.0.0.1");
            if (System.Net.Sockets.Socket.OSSupportsIPv6)
                data.Add(backend, "::1");
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(BackendsAndFamilies))]
    public void A_batch_is_received_and_sent_back_where_it_lies(Backend backend, string address)
    {
        var loopback = IPAddress.Parse(address);
        using var exchange = new Exchange(backend, loopback);
        DatagramBatch batch = Exchange.BatchTo(exchange.Target(loopback), 20, length: 1028);
        Assert.Equal(20, exchange.Sender.Send(batch));

        var echo = new DatagramBatch(32, 1500);
        int echoed = 0;
        IDatagramSocket?[] ready = new IDatagramSocket?[4];
        while (echoed < 20)
        {
            Assert.Equal(1, exchange.Network.Wait(ready, 5_000_000_000));
            Assert.Same(exchange.Receiver, ready[0]);
            exchange.Receiver.Receive(echo);
            echoed += exchange.Receiver.Send(echo);
        }

        List<Arrival> replies = exchange.Take(exchange.Sender, 20);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (byte)i), replies.Select(r => r.Bytes[^1]));
        Assert.All(replies, r =>
        {
            Assert.Equal(1028, r.Bytes.Length);
            Assert.Equal(exchange.Target(loopback), r.Header.Remote);
            Assert.Equal(0, r.Header.Error);
        });
    }

    [Theory]
    [MemberData(nameof(BackendsAndFamilies))]
    public void A_time_of_arrival_lies_between_sending_and_receiving(Backend backend, string address)
    {
        var loopback = IPAddress.Parse(address);
        using var exchange = new Exchange(backend, loopback);
        WallTime before = Clock.System.Wall;
        exchange.Sender.Send(Exchange.BatchTo(exchange.Target(loopback), 8));
        List<Arrival> arrivals = exchange.Take(exchange.Receiver, 8);
        WallTime after = Clock.System.Wall;

        Assert.All(arrivals, a =>
        {
            Assert.InRange(a.Header.Received.Nanos, before.Nanos, after.Nanos);
            Assert.Equal(backend != Backend.Portable, a.Header.Has(DatagramMarks.KernelTime));
        });
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void The_wildcard_of_either_family_reaches_both(Backend backend)
    {
        foreach (IPAddress any in new[] { IPAddress.Any, IPAddress.IPv6Any })
        {
            using var exchange = new Exchange(backend, any);
            var addresses = new List<IPAddress> { IPAddress.Loopback };
            if (System.Net.Sockets.Socket.OSSupportsIPv6)
                addresses.Add(IPAddress.IPv6Loopback);
            foreach (IPAddress address in addresses)
            {
                exchange.Sender.Send(Exchange.BatchTo(exchange.Target(address), 1));
                Arrival arrival = Assert.Single(exchange.Take(exchange.Receiver, 1));
                Assert.Equal(address, arrival.Header.Remote.ToIPAddress());
                Assert.Equal(exchange.Sender.LocalEndPoint.Port, arrival.Header.Remote.Port);
            }
        }
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void Packet_info_tells_the_address_it_was_sent_to(Backend backend)
    {
        using var exchange = new Exchange(backend, IPAddress.Any);
        var second = IPAddress.Parse("127.0.0.2");
        exchange.Sender.Send(Exchange.BatchTo(exchange.Target(second), 1));
        Datagram arrival = Assert.Single(exchange.Take(exchange.Receiver, 1)).Header;
        Assert.True(arrival.Has(DatagramMarks.HasLocal));
        Assert.Equal(second, arrival.Local.ToIPAddress());
        Assert.Equal(0, arrival.Local.Port);
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void What_is_longer_than_the_room_is_cut_and_marked(Backend backend)
    {
        using var exchange = new Exchange(backend, IPAddress.Loopback);
        DatagramBatch batch = Exchange.BatchTo(exchange.Target(IPAddress.Loopback), 2, length: 100);
        batch[1].Length = 101;
        exchange.Sender.Send(batch);

        List<Arrival> arrivals = exchange.Take(exchange.Receiver, 2, maxLength: 100);
        Assert.All(arrivals, a => Assert.Equal(100, a.Bytes.Length));
        Assert.False(arrivals[0].Header.Has(DatagramMarks.Truncated));
        Assert.True(arrivals[1].Header.Has(DatagramMarks.Truncated));
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void An_empty_datagram_arrives_and_does_not_hide_the_next(Backend backend)
    {
        using var exchange = new Exchange(backend, IPAddress.Loopback);
        using var plain = new System.Net.Sockets.UdpClient();
        plain.Send([], 0, exchange.Receiver.LocalEndPoint);
        plain.Send([7], 1, exchange.Receiver.LocalEndPoint);
        List<Arrival> arrivals = exchange.Take(exchange.Receiver, 2);
        Assert.Empty(arrivals[0].Bytes);
        Assert.Equal([7], arrivals[1].Bytes);
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void A_datagram_that_can_not_be_sent_does_not_stop_the_others(Backend backend)
    {
        using var exchange = new Exchange(backend, IPAddress.Loopback);
        UdpEndpoint target = exchange.Target(IPAddress.Loopback);
        DatagramBatch batch = Exchange.BatchTo(target, 9, maxLength: 70_000);
        batch[0].Remote = target with { Port = 0 };
        batch[2].Length = 70_000;
        batch[3].Length = 0;
        batch[5].Length = 70_001;
        batch[6].Remote = UdpEndpoint.From(new IPEndPoint(IPAddress.IPv6Loopback, 9));
        batch[8].Remote = target with { Port = 0 };

        Assert.Equal(3, exchange.Sender.Send(batch));
        Assert.Equal(
            [InvalidArgument, 0, MessageTooLong, 0, 0, MessageTooLong, FamilyNotSupported, 0, InvalidArgument],
            Enumerable.Range(0, 9).Select(i => batch[i].Error));
        Assert.Equal([1, 4, 7], exchange.Take(exchange.Receiver, 3).Select(a => a.Bytes[0]));
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void Errors_are_forgotten_when_the_batch_is_sent_again(Backend backend)
    {
        using var exchange = new Exchange(backend, IPAddress.Loopback);
        UdpEndpoint target = exchange.Target(IPAddress.Loopback);
        DatagramBatch batch = Exchange.BatchTo(target with { Port = 0 }, 1);
        Assert.Equal(0, exchange.Sender.Send(batch));
        Assert.NotEqual(0, batch[0].Error);
        batch[0].Remote = target;
        Assert.Equal(1, exchange.Sender.Send(batch));
        Assert.Equal(0, batch[0].Error);
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void Nothing_there_is_a_batch_of_none(Backend backend)
    {
        using var exchange = new Exchange(backend, IPAddress.Loopback);
        var batch = new DatagramBatch(4, 100) { Count = 3 };
        Assert.Equal(0, exchange.Receiver.Receive(batch));
        Assert.Equal(0, batch.Count);
        Assert.Equal(0, exchange.Receiver.Send(batch));
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void Datagrams_to_a_closed_port_do_not_disturb_the_sender(Backend backend)
    {
        using var exchange = new Exchange(backend, IPAddress.Loopback);
        UdpEndpoint closed = exchange.Target(IPAddress.Loopback);
        exchange.Receiver.Dispose();
        for (int i = 0; i < 3; i++)
            Assert.Equal(2, exchange.Sender.Send(Exchange.BatchTo(closed, 2)));
        Assert.Equal(0, exchange.Sender.Receive(new DatagramBatch(2, 100)));
    }
}
