using System.Net;
using System.Net.Sockets;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Reflecting;

/// <summary>What a reflector refuses, and how it says so.</summary>
public sealed class ReflectorLimitTests
{
    [Fact]
    public async Task Above_its_rate_it_drops_and_counts()
    {
        await using RunningReflector reflector = await RunningReflector.Start("-max-pps=20", "--max-pps-per-source", "unlimited");
        using var client = new UdpSender(AddressFamily.InterNetwork);
        const int Burst = 200;

        for (int i = 0; i < Burst; i++) client.Send(Probes.Ordinary(), reflector.At(IPAddress.Loopback));
        await Eventually.Get(
            async () => await reflector.Counted("reflected") + await reflector.Counted("rate_limited") >= Burst ? "" : null,
            TimeSpan.FromSeconds(10),
            $"{Burst} datagrams judged",
            () => reflector.Process.Transcript);

        double reflected = await reflector.Counted("reflected");
        double limited = await reflector.Counted("rate_limited");
        Assert.Equal(Burst, reflected + limited);
        Assert.InRange(reflected, 1, 60);
        Assert.Equal(reflected, client.Drain());
    }

    [Fact]
    public async Task A_loud_source_does_not_take_the_place_of_another()
    {
        await using RunningReflector reflector = await RunningReflector.Start("-max-pps", "10000", "--max-pps-per-source", "20");
        using var loud = new UdpSender(AddressFamily.InterNetwork, IPAddress.Parse("127.0.0.5"));
        const int Burst = 200;

        for (int i = 0; i < Burst; i++) loud.Send(Probes.Ordinary(), reflector.At(IPAddress.Loopback));
        await reflector.UntilReceived(Burst);
        await reflector.AssertAnswers(IPAddress.Loopback);

        Assert.InRange(await reflector.Counted("source_rate_limited"), Burst - 60, Burst - 1);
    }

    [Fact]
    public async Task With_a_key_it_answers_no_stranger()
    {
        using var directory = new TemporaryDirectory();
        string key = directory.Write("llama.key", "0123456789abcdef0123456789abcdef");
        await using RunningReflector reflector = await RunningReflector.Start("--key-file", key);
        using var client = new UdpSender(AddressFamily.InterNetwork);

        client.Send(Probes.Ordinary(), reflector.At(IPAddress.Loopback));
        await reflector.UntilReceived(1);

        Assert.Equal(1, await reflector.Counted("not_authenticated"));
        Assert.Equal(0, client.Drain());
    }

    [Fact]
    public async Task It_listens_where_it_is_bound_and_nowhere_else()
    {
        await using RunningReflector reflector = await RunningReflector.Start("--bind", "127.0.0.3");
        using var client = new UdpSender(AddressFamily.InterNetwork);

        client.Send(Probes.Ordinary(), reflector.At(IPAddress.Parse("127.0.0.4")));
        await reflector.AssertAnswers(IPAddress.Parse("127.0.0.3"));

        Assert.Equal(1, await reflector.Received());
    }

    [Fact]
    public async Task Several_workers_share_the_port()
    {
        await using RunningReflector reflector = await RunningReflector.Start("--workers", "2");

        for (int i = 0; i < 32; i++) await reflector.AssertAnswers(IPAddress.Loopback);

        await reflector.UntilCounted("reflected", 32);
    }

    [SkippableFact]
    public async Task A_datagram_from_port_zero_is_counted_and_not_answered()
    {
        await using RunningReflector reflector = await RunningReflector.Start();

        ForgedDatagram.SendOrSkip(new IPEndPoint(IPAddress.Loopback, 0), reflector.At(IPAddress.Loopback), Probes.Ordinary());
        await reflector.UntilReceived(1);
        await reflector.AssertAnswers(IPAddress.Loopback);

        Assert.Equal(1, await reflector.Counted("source_port_zero"));
    }

    [SkippableFact]
    public async Task Two_reflectors_soon_stop_bouncing_a_forged_datagram()
    {
        await using RunningReflector one = await RunningReflector.Start();
        await using RunningReflector other = await RunningReflector.Start();

        ForgedDatagram.SendOrSkip(other.At(IPAddress.Loopback), one.At(IPAddress.Loopback), Probes.Ordinary());
        await Eventually.Get(
            async () => await one.Counted("bouncing") + await other.Counted("bouncing") >= 1 ? "" : null,
            TimeSpan.FromSeconds(10),
            "the end of the bouncing",
            () => one.Process.Transcript);

        Assert.InRange(await one.Received() + await other.Received(), 2, 200);
        await one.AssertAnswers(IPAddress.Loopback);
        await other.AssertAnswers(IPAddress.Loopback);
    }

    [Fact]
    public async Task A_port_in_use_is_told_in_one_line()
    {
        await using RunningReflector first = await RunningReflector.Start();

        (int exitCode, _, string error) = await LlamaProcess.Run("reflector", "-port", $"{first.Port}");

        Assert.Equal(1, exitCode);
        Assert.Contains($"{first.Port}", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_it_at_once_and_in_peace(string signal)
    {
        await using RunningReflector reflector = await RunningReflector.Start();

        await reflector.Process.Signal(signal);

        Assert.Equal(0, await reflector.Process.Exit(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task The_flags_of_the_original_work_with_one_dash_or_two_and_either_form()
    {
        int port = Ports.Free();
        foreach (string[] spelling in (string[][])[["-port", $"{port}"], ["--port", $"{port}"], [$"-port={port}"], [$"--port={port}"]])
        {
            int metrics = Ports.Free();
            await using LlamaProcess reflector = LlamaProcess.Start(
                ["reflector", .. spelling, "-max-pps", "100", "-llama.config", "", "-llama.dst-port=8100", "stray", "--metrics", $"127.0.0.1:{metrics}"]);
            await Web.GetWhenUp(metrics, "/readyz", reflector);
            using var client = new UdpSender(AddressFamily.InterNetwork);

            client.Send(Probes.Ordinary(), new IPEndPoint(IPAddress.Loopback, port));

            Assert.NotNull(await client.Receive(TimeSpan.FromSeconds(5)));
        }
    }

    [Theory]
    [InlineData("-max-pps", "abc")]
    [InlineData("-port", "70000")]
    [InlineData("--no-such-flag")]
    [InlineData("--network", "carrier-pigeon")]
    public async Task A_senseless_flag_exits_with_2_and_one_line(params string[] arguments)
    {
        (int exitCode, _, string error) = await LlamaProcess.Run(["reflector", .. arguments]);

        Assert.Equal(2, exitCode);
        Assert.Contains(arguments[0].TrimStart('-'), error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }
}
