using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Reflecting;

namespace Llama.EndToEnd;

/// <summary>`llama relay` in front of a reflector.</summary>
public sealed class RelayTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_relay_passes_datagrams_on_and_their_replies_back_and_ends_in_peace()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        (LlamaProcess relay, IPEndPoint front) = await Start(reflector, "--delay", "20ms", "--back-delay", "10ms");
        await using LlamaProcess running = relay;
        using var client = new UdpSender(AddressFamily.InterNetwork);
        byte[] request = Probes.Ordinary();
        var waited = Stopwatch.StartNew();

        client.Send(request, front);

        Assert.Equal(request, await client.Receive(Deadline));
        Assert.Equal(front, client.LastSender);
        Assert.True(waited.Elapsed >= TimeSpan.FromMilliseconds(30));
        await relay.Signal("TERM");
        Assert.Equal(0, await relay.Exit());
    }

    [Fact]
    public async Task Loss_on_the_way_back_lets_the_reflector_see_what_was_sent()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        (LlamaProcess relay, IPEndPoint front) = await Start(reflector, "--back-loss", "100%");
        await using LlamaProcess running = relay;
        using var client = new UdpSender(AddressFamily.InterNetwork);

        for (int i = 0; i < 5; i++) client.Send(Probes.Ordinary(), front);

        await reflector.UntilReceived(5);
        Assert.Null(await client.Receive(TimeSpan.FromMilliseconds(200)));
    }

    [Fact]
    public async Task An_address_that_is_not_this_hosts_is_named_in_the_error()
    {
        (int exitCode, _, string error) = await LlamaProcess.Run("relay", "--listen", "192.0.2.1:8200", "--to", "192.0.2.1:8100");

        Assert.Equal(1, exitCode);
        Assert.StartsWith("llama: --listen 192.0.2.1:8200: ", error, StringComparison.Ordinal);
    }

    private static async Task<(LlamaProcess Relay, IPEndPoint Front)> Start(RunningReflector reflector, params string[] arguments)
    {
        var front = new IPEndPoint(IPAddress.Loopback, Ports.Free());
        LlamaProcess relay = LlamaProcess.Start(["relay", "--listen", $"{front}", "--to", $"127.0.0.1:{reflector.Port}", .. arguments]);
        await Eventually.Holds(() => relay.Error.Contains("relays UDP", StringComparison.Ordinal), Deadline, "the relay", () => relay.Transcript);
        return (relay, front);
    }
}
