using System.Net;
using Llama.Wire.Sockets;

namespace Llama.Tests.Wire.Sockets;

/// <summary>What only the kernel's own calls can do.</summary>
public sealed class LinuxDatagramSocketTests
{
    private static readonly byte[] Classes = [0x00, 0xB8, 0x02, 0xFF, 0x00, 0x28];

    /// <summary>Which address is sent to, from a socket bound to what: IPv4, IPv4 on dual-stack sockets, IPv6.</summary>
    public static TheoryData<string, string> Paths()
    {
        var data = new TheoryData<string, string> { { "127.0.0.1", "127.0.0.1" }, { "127.0.0.1", "0.0.0.0" } };
        if (System.Net.Sockets.Socket.OSSupportsIPv6)
        {
            data.Add("127.0.0.1", "::");
            data.Add("::1", "::1");
            data.Add("::1", "::");
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Each_datagram_of_a_batch_has_a_class_of_its_own(string address, string bind)
    {
        using var exchange = new Exchange(Backend.Linux, IPAddress.Parse(bind));
        DatagramBatch batch = Exchange.BatchTo(exchange.Target(IPAddress.Parse(address)), Classes.Length + 1);
        for (int i = 0; i < Classes.Length; i++)
        {
            batch[i].Tos = Classes[i];
            batch[i].Marks = DatagramMarks.HasTos;
        }
        batch[Classes.Length].Tos = 0x10;
        Assert.Equal(batch.Count, exchange.Sender.Send(batch));

        List<Arrival> arrivals = exchange.Take(exchange.Receiver, batch.Count);
        Assert.All(arrivals, a => Assert.True(a.Header.Has(DatagramMarks.HasTos)));
        Assert.Equal([.. Classes, 0x00], arrivals.Select(a => a.Header.Tos));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void The_TTL_asked_for_is_the_TTL_that_arrives(string address, string bind)
    {
        foreach (byte ttl in new byte[] { 1, 64, 255 })
        {
            using var exchange = new Exchange(Backend.Linux, IPAddress.Parse(bind));
            using IDatagramSocket sender = exchange.Network.Open(Exchange.Options(IPAddress.Parse(bind)) with { Ttl = ttl });
            sender.Send(Exchange.BatchTo(exchange.Target(IPAddress.Parse(address)), 1));
            Datagram arrival = Assert.Single(exchange.Take(exchange.Receiver, 1)).Header;
            Assert.True(arrival.Has(DatagramMarks.HasTtl));
            Assert.Equal(ttl, arrival.Ttl);
        }
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    public void A_reply_leaves_from_the_address_that_was_sent_to(string senderBind)
    {
        using var exchange = new Exchange(Backend.Linux, IPAddress.Any, IPAddress.Parse(senderBind));
        IPAddress[] addresses = [IPAddress.Parse("127.0.0.2"), IPAddress.Parse("127.9.8.7"), IPAddress.Loopback];
        DatagramBatch batch = Exchange.BatchTo(default, addresses.Length);
        for (int i = 0; i < addresses.Length; i++)
            batch[i].Remote = exchange.Target(addresses[i]);
        Assert.Equal(3, exchange.Sender.Send(batch));

        var echo = new DatagramBatch(4, 100);
        Assert.Equal(3, exchange.Receiver.Receive(echo));
        Assert.Equal(3, exchange.Receiver.Send(echo));
        Assert.Equal(addresses, exchange.Take(exchange.Sender, 3).Select(a => a.Header.Remote.ToIPAddress()));
    }

    [SkippableFact]
    public void An_IPv6_reply_leaves_from_the_address_that_was_sent_to()
    {
        Skip.IfNot(System.Net.Sockets.Socket.OSSupportsIPv6, "this host has no IPv6");
        using var exchange = new Exchange(Backend.Linux, IPAddress.IPv6Any);
        exchange.Sender.Send(Exchange.BatchTo(exchange.Target(IPAddress.IPv6Loopback), 1));
        var echo = new DatagramBatch(4, 100);
        Assert.Equal(1, exchange.Receiver.Receive(echo));
        Assert.Equal(IPAddress.IPv6Loopback, echo[0].Local.ToIPAddress());
        Assert.Equal(1, exchange.Receiver.Send(echo));
        Assert.Equal(exchange.Target(IPAddress.IPv6Loopback), Assert.Single(exchange.Take(exchange.Sender, 1)).Header.Remote);
    }

    [Fact]
    public void A_source_address_that_can_not_be_used_is_an_error_of_its_datagram_alone()
    {
        using var exchange = new Exchange(Backend.Linux, IPAddress.Any);
        DatagramBatch batch = Exchange.BatchTo(exchange.Target(IPAddress.Loopback), 3);
        batch[0].Local = UdpEndpoint.From(new IPEndPoint(IPAddress.Parse("192.0.2.9"), 0));
        batch[0].Marks = DatagramMarks.HasLocal;
        batch[1].Local = UdpEndpoint.From(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        batch[1].Marks = DatagramMarks.HasLocal;
        Assert.Equal(1, exchange.Sender.Send(batch));
        Assert.NotEqual(0, batch[0].Error);
        Assert.NotEqual(0, batch[1].Error);
        Assert.Equal(2, Assert.Single(exchange.Take(exchange.Receiver, 1)).Bytes[0]);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Don_t_fragment_may_be_set_cleared_or_left(string address, string bind)
    {
        foreach (bool? dontFragment in new bool?[] { true, false, null })
        {
            using var exchange = new Exchange(Backend.Linux, IPAddress.Parse(bind));
            using IDatagramSocket sender = exchange.Network.Open(
                Exchange.Options(IPAddress.Parse(bind)) with { DontFragment = dontFragment });
            Assert.Equal(1, sender.Send(Exchange.BatchTo(exchange.Target(IPAddress.Parse(address)), 1)));
            exchange.Take(exchange.Receiver, 1);
        }
    }

    [Fact]
    public void What_does_not_fit_the_receive_buffer_is_counted()
    {
        using var exchange = new Exchange(
            Backend.Linux, IPAddress.Loopback, receiving: Exchange.Options(IPAddress.Loopback) with { ReceiveBufferBytes = 8192 });
        UdpEndpoint target = exchange.Target(IPAddress.Loopback);
        Assert.Equal(0, exchange.Receiver.ReceiveDrops);

        Assert.Equal(500, exchange.Sender.Send(Exchange.BatchTo(target, 500, length: 1000)));
        var taken = new DatagramBatch(512, 100);
        int received = exchange.Receiver.Receive(taken);
        Assert.InRange(received, 1, 499);

        // The kernel tells of drops with the next datagram that it could keep.
        Assert.Equal(1, exchange.Sender.Send(Exchange.BatchTo(target, 1)));
        Assert.Equal(1, exchange.Receiver.Receive(taken));
        Assert.Equal(500 - received, exchange.Receiver.ReceiveDrops);
    }

    [Fact]
    public void The_receive_buffer_that_was_granted_is_told()
    {
        using var exchange = new Exchange(
            Backend.Linux, IPAddress.Loopback, receiving: Exchange.Options(IPAddress.Loopback) with { ReceiveBufferBytes = 16384 });
        Assert.Equal(2 * 16384, exchange.Receiver.ReceiveBufferBytes);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Nothing_is_allocated_once_a_batch_has_been_used(string address, string bind)
    {
        using var exchange = new Exchange(Backend.Linux, IPAddress.Parse(bind));
        UdpEndpoint target = exchange.Target(IPAddress.Parse(address));
        DatagramBatch there = Exchange.BatchTo(target, 8);
        for (int i = 0; i < there.Count; i++)
            there[i].Marks = DatagramMarks.HasTos;
        there[3].Remote = target with { Port = 0 };
        var echo = new DatagramBatch(16, 1500);
        var back = new DatagramBatch(16, 1500);
        IDatagramSocket?[] ready = new IDatagramSocket?[4];

        // What a round allocates shows in every hundred of them; what the runtime does once, while it compiles a method anew, does not.
        Round();
        Round();
        long least = long.MaxValue;
        for (int hundred = 0; hundred < 4; hundred++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int round = 0; round < 100; round++)
                Round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        Assert.Equal(7, back.Count);

        void Round()
        {
            exchange.Sender.Send(there);
            exchange.Network.Wait(ready, 1_000_000_000);
            exchange.Receiver.Receive(echo);
            exchange.Receiver.Send(echo);
            exchange.Network.Wait(ready, 1_000_000_000);
            exchange.Sender.Receive(back);
            exchange.Network.Wait(ready, 1_000);
        }
    }
}
