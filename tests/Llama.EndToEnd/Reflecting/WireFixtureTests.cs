using System.Net;
using System.Net.Sockets;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Reflecting;

/// <summary>What was recorded of the Go reflector, played to ours.</summary>
public sealed class WireFixtureTests
{
    private static readonly TimeSpan ReplyDeadline = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData("kernel")]
    [InlineData("portable")]
    public async Task What_was_answered_is_answered_with_the_same_bytes(string network)
    {
        await using RunningReflector reflector = await RunningReflector.Start("--network", network);
        using var client = new UdpSender(AddressFamily.InterNetwork);

        foreach (WireFixture request in WireFixture.Read("reflector_replies.hex"))
        {
            client.Send(request.Bytes, reflector.At(IPAddress.Loopback), request.Octet("sent_ip_tos"));
            byte[]? reply = await client.Receive(ReplyDeadline);

            Assert.True(reply is not null, $"No reply to {request.Name}.\n{reflector.Process.Transcript}");
            string expected = request.Words["reply"] == "identical" ? request.Hex : request.Words["reply"];
            Assert.True(Convert.ToHexStringLower(reply) == expected, $"Another reply to {request.Name}.");
        }
    }

    [SkippableTheory]
    [InlineData("kernel")]
    [InlineData("portable")]
    public async Task What_was_answered_is_answered_with_the_same_ToS(string network)
    {
        await using RunningReflector reflector = await RunningReflector.Start("--network", network);
        using LoopbackCapture capture = LoopbackCapture.StartOrSkip(reflector.Port);

        foreach (WireFixture request in WireFixture.Read("reflector_replies.hex"))
        {
            using var client = new UdpSender(AddressFamily.InterNetwork);
            client.Send(request.Bytes, reflector.At(IPAddress.Loopback), request.Octet("sent_ip_tos"));
            Assert.NotNull(await client.Receive(ReplyDeadline));

            byte? seen = capture.ClassTo(client.Port);
            Assert.True(seen == request.Octet("reply_ip_tos"), $"{request.Name}: {seen:x2} instead of {request.Words["reply_ip_tos"]}");
        }
    }

    [SkippableTheory]
    [InlineData("kernel")]
    [InlineData("portable")]
    public async Task Over_IPv6_the_bytes_are_the_same_and_the_traffic_class_is_what_the_datagram_asks_for(string network)
    {
        Skip.IfNot(Socket.OSSupportsIPv6, "This machine has no IPv6.");
        await using RunningReflector reflector = await RunningReflector.Start("--network", network);
        using LoopbackCapture capture = LoopbackCapture.StartOrSkip(reflector.Port);

        foreach (WireFixture request in WireFixture.Read("reflector_ipv6.hex"))
        {
            using var client = new UdpSender(AddressFamily.InterNetworkV6);
            client.Send(request.Bytes, reflector.At(IPAddress.IPv6Loopback), request.Octet("sent_tclass"));
            byte[]? reply = await client.Receive(ReplyDeadline);

            Assert.Equal(request.Bytes, reply);
            byte asked = request.Name.Contains("184", StringComparison.Ordinal) ? (byte)0xB8 : (byte)0;
            Assert.Equal(asked, capture.ClassTo(client.Port));
        }
    }

    [Theory]
    [InlineData("kernel", "reflector_no_reply.hex")]
    [InlineData("kernel", "reflector_crashers.hex")]
    [InlineData("portable", "reflector_no_reply.hex")]
    [InlineData("portable", "reflector_crashers.hex")]
    public async Task What_was_not_answered_is_counted_and_survived(string network, string file)
    {
        await using RunningReflector reflector = await RunningReflector.Start("--network", network);
        using var client = new UdpSender(AddressFamily.InterNetwork);
        IReadOnlyList<WireFixture> requests = WireFixture.Read(file);

        foreach (WireFixture request in requests) client.Send(request.Bytes, reflector.At(IPAddress.Loopback));
        await reflector.UntilReceived(requests.Count);
        await reflector.AssertAnswers(IPAddress.Loopback);

        Assert.Equal(0, client.Drain());
        await reflector.UntilCounted("reflected", 1);
        Assert.Equal(requests.Count, await reflector.Counted("malformed"));
        Assert.Equal(1, await reflector.Counted("reflected"));
    }

    [Fact]
    public async Task A_hundred_thousand_random_and_mutated_datagrams_do_no_harm()
    {
        await using RunningReflector reflector = await RunningReflector.Start("-max-pps", "unlimited", "--max-pps-per-source", "unlimited");
        using var client = new UdpSender(AddressFamily.InterNetwork);
        var random = new Random(20261122);
        byte[][] seeds = [.. WireFixture.Read("reflector_replies.hex").Concat(WireFixture.Read("reflector_crashers.hex")).Select(line => line.Bytes)];
        const int Datagrams = 100_000;

        for (int i = 0; i < Datagrams; i++)
        {
            client.Send(i % 2 == 0 ? Noise(random) : Mutated(seeds[random.Next(seeds.Length)], random), reflector.At(IPAddress.Loopback));
            if (i % 1000 == 0) client.Drain();
        }

        await reflector.AssertAnswers(IPAddress.Loopback);
        Assert.True(await reflector.Counted("malformed") > Datagrams / 4, reflector.Process.Transcript);
    }

    [Fact]
    public async Task A_reply_comes_from_the_address_that_was_asked()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        using var client = new UdpSender(AddressFamily.InterNetwork);

        foreach (string address in (string[])["127.0.0.1", "127.0.0.77", "127.8.9.10"])
        {
            client.Send(Probes.Ordinary(), reflector.At(IPAddress.Parse(address)));

            Assert.NotNull(await client.Receive(ReplyDeadline));
            Assert.Equal(address, client.LastSender!.Address.ToString());
        }
    }

    private static byte[] Noise(Random random)
    {
        byte[] bytes = new byte[random.Next(0, 200)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Mutated(byte[] seed, Random random)
    {
        byte[] bytes = seed[..random.Next(0, Math.Min(seed.Length, 2000) + 1)];
        for (int i = random.Next(0, 4); i > 0 && bytes.Length > 0; i--) bytes[random.Next(Math.Min(bytes.Length, 40))] = (byte)random.Next(256);
        return bytes;
    }
}
