using System.Diagnostics;
using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Reflecting;

namespace Llama.EndToEnd;

/// <summary>`llama ping` against real reflectors.</summary>
public sealed class PingTests
{
    [Theory]
    [InlineData("kernel", " 0/0")]
    [InlineData("portable", " 0/.")]
    public async Task Everything_sent_over_both_families_comes_back_and_it_ends_by_itself(string network, string hops)
    {
        await using RunningReflector reflector = await RunningReflector.Start();

        (int exitCode, string output, string error) = await LlamaProcess.Run(
            "ping", $"127.0.0.1:{reflector.Port}", $"[::1]:{reflector.Port}", "--count", "40", "--rate", "100", "--class", "EF", "--network", network);

        Assert.True(exitCode == 0, output + error);
        Assert.Matches($@"1\. 127\.0\.0\.1:{reflector.Port} +0\.0% +0\.0% +0\.0% +40 .*{hops} +EF\n", output);
        Assert.Matches($@"2\. \[::1\]:{reflector.Port} +0\.0% +0\.0% +0\.0% +40 .*{hops} +EF\n", output);
    }

    [Fact]
    public async Task Nobody_there_exits_1_and_says_what_to_check()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        int nobody = Ports.Free();

        (int exitCode, string output, string error) = await LlamaProcess.Run(
            "ping", $"127.0.0.1:{reflector.Port}", $"127.0.0.1:{nobody}", "--count", "8", "--rate", "100", "--timeout", "300ms");

        Assert.Equal(1, exitCode);
        Assert.Equal(
            $"llama: 127.0.0.1:{nobody}: no reply to 8 datagrams; does 'llama reflector' run there, and is UDP let through?\n", error);
        Assert.Contains("100.0%     -     -", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_exits_1_in_one_line()
    {
        (int exitCode, string output, string error) = await LlamaProcess.Run("ping", "no-such-host.invalid", "--count", "1");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.StartsWith("llama: no-such-host.invalid: ", Assert.Single(error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thresholds_decide_the_exit_code()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        string[] ping = ["ping", $"localhost:{reflector.Port}", "--count", "20", "--rate", "100"];

        Assert.Equal(0, (await LlamaProcess.Run([.. ping, "--fail-loss", "0%", "--fail-rtt", "2s"])).ExitCode);
        (int exitCode, _, string error) = await LlamaProcess.Run([.. ping, "--fail-rtt", "0.0001ms"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("more than --fail-rtt", error, StringComparison.Ordinal);

        await using RunningReflector strict = await RunningReflector.Start("-max-pps", "1", "--max-pps-per-source", "1");
        (exitCode, _, error) = await LlamaProcess.Run(
            "ping", $"127.0.0.1:{strict.Port}", "--count", "50", "--rate", "200", "--timeout", "300ms", "--fail-loss", "10%");
        Assert.Equal(1, exitCode);
        Assert.Contains("more than --fail-loss 10%", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_lines_add_up_to_the_last_one()
    {
        await using RunningReflector reflector = await RunningReflector.Start();

        (int exitCode, string output, string error) = await LlamaProcess.Run(
            "ping", $"127.0.0.1:{reflector.Port}", "--duration", "2500ms", "--rate", "40", "--flows", "4", "--json");

        Assert.True(exitCode == 0, error);
        JsonElement[] objects = [.. output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.True(objects.Length >= 3, output);
        Assert.All(objects[..^1], each => Assert.Equal("interval", each.GetProperty("type").GetString()));
        JsonElement total = objects[^1];
        Assert.Equal("total", total.GetProperty("type").GetString());
        Assert.Equal(100, Sent(total));
        Assert.Equal(100, objects[..^1].Sum(Sent));
        Assert.Equal(4, total.GetProperty("summaries")[0].GetProperty("flows").GetArrayLength());
        Assert.Empty(total.GetProperty("problems").EnumerateArray());
    }

    [Fact]
    public async Task A_signal_ends_it_with_the_summary()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        await using LlamaProcess ping = LlamaProcess.Start("ping", $"127.0.0.1:{reflector.Port}", "--csv");
        await Eventually.Holds(() => ping.Output.Split('\n').Length > 2, TimeSpan.FromSeconds(20), "the first interval", () => ping.Transcript);

        await ping.Signal("INT");

        Assert.Equal(0, await ping.Exit(TimeSpan.FromSeconds(5)));
        Assert.StartsWith("total,", ping.Output.TrimEnd('\n').Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_key_only_those_who_have_it_are_answered()
    {
        using var directory = new TemporaryDirectory();
        string key = directory.Write("key", "a secret");
        await using RunningReflector reflector = await RunningReflector.Start("--key-file", key);
        string[] ping = ["ping", $"127.0.0.1:{reflector.Port}", "--count", "4", "--rate", "100", "--timeout", "300ms"];

        Assert.Equal(0, (await LlamaProcess.Run([.. ping, "--key-file", key])).ExitCode);
        Assert.Equal(1, (await LlamaProcess.Run(ping)).ExitCode);
    }

    [SkippableFact]
    public async Task In_a_terminal_the_table_lives_hears_keys_and_leaves_the_screen_as_it_was()
    {
        Skip.IfNot(Terminal.IsAvailable, "tmux is not installed; it gives ping a terminal.");
        await using RunningReflector reflector = await RunningReflector.Start();
        await using Terminal terminal = await Terminal.Open(130, 45);
        await terminal.Type($"{Repository.Executable} ping 127.0.0.1:{reflector.Port} --class EF; echo ended with $?", "Enter");

        await terminal.ScreenWhen(text => text.Contains("Keys:", StringComparison.Ordinal) && text.Contains(" 0/0    EF", StringComparison.Ordinal), "the table");
        Assert.Equal("cursor 0, alternate screen 1", await terminal.State());
        await terminal.Type("f");
        await terminal.ScreenWhen(text => text.Contains("flow 8 from", StringComparison.Ordinal), "the flows");
        await terminal.Type("f");
        await terminal.ScreenWhen(text => !text.Contains("flow 8 from", StringComparison.Ordinal), "no flows");
        await terminal.Type("p");
        await terminal.ScreenWhen(text => text.Contains("PAUSED", StringComparison.Ordinal), "the pause");
        await terminal.Type("p");
        await terminal.ScreenWhen(text => !text.Contains("PAUSED", StringComparison.Ordinal), "the end of the pause");
        await terminal.Type("q");
        string end = await terminal.ScreenWhen(text => text.Contains("ended with 0", StringComparison.Ordinal), "the end");

        Assert.Contains($"1. 127.0.0.1:{reflector.Port}", end, StringComparison.Ordinal);
        Assert.DoesNotContain("Keys:", end, StringComparison.Ordinal);
        Assert.Equal("cursor 1, alternate screen 0", await terminal.State());
        await terminal.Type("echo ec''hoed", "Enter");
        await terminal.ScreenWhen(text => text.Contains("echo ec''hoed\nechoed", StringComparison.Ordinal), "what is typed");
    }

    [Fact]
    public async Task Mtu_finds_no_limit_on_the_loopback_interface()
    {
        await using RunningReflector reflector = await RunningReflector.Start();

        (int exitCode, string output, string error) = await LlamaProcess.Run("ping", $"127.0.0.1:{reflector.Port}", "--mtu", "--csv");

        Assert.True(exitCode == 0, error);
        Assert.Equal(
            $"""
            type,host,address,port,direction,udp_payload_bytes,ip_packet_bytes,limited_by
            mtu,127.0.0.1,127.0.0.1,{reflector.Port},forward,9216,9244,none
            mtu,127.0.0.1,127.0.0.1,{reflector.Port},reverse,9216,9244,none

            """,
            output);
    }

    /// <summary>Two hosts and a router that takes 1400 bytes one way and 1300 the other.</summary>
    [SkippableFact]
    public async Task Mtu_finds_a_limit_of_its_own_each_way()
    {
        string name = $"llp{Environment.ProcessId}";
        string script = $$"""
            set -e
            for n in a r b; do ip netns add {{name}}$n; ip -n {{name}}$n link set lo up; done
            ip link add veth0 netns {{name}}a type veth peer name veth0 netns {{name}}r
            ip link add veth1 netns {{name}}r type veth peer name veth1 netns {{name}}b
            ip -n {{name}}a addr add 10.91.1.1/24 dev veth0; ip -n {{name}}r addr add 10.91.1.2/24 dev veth0
            ip -n {{name}}r addr add 10.91.2.2/24 dev veth1; ip -n {{name}}b addr add 10.91.2.1/24 dev veth1
            for at in a:veth0 r:veth0 r:veth1 b:veth1; do ip -n {{name}}${at%:*} link set ${at#*:} up; done
            ip -n {{name}}a route add default via 10.91.1.2; ip -n {{name}}b route add default via 10.91.2.2
            ip netns exec {{name}}r sysctl -qw net.ipv4.ip_forward=1
            ip -n {{name}}r route change 10.91.2.0/24 dev veth1 mtu lock 1400
            ip -n {{name}}r route change 10.91.1.0/24 dev veth0 mtu lock 1300
            """;
        try
        {
            (int status, string problem) = await Shell(script);
            Skip.If(status != 0, $"Network namespaces can't be made here, which takes root and iproute2: {problem}");
            await using LlamaProcess reflector = LlamaProcess.StartAt("/usr/bin/env", ["ip", "netns", "exec", $"{name}b", Repository.Executable, "reflector"]);
            await Eventually.Holds(() => reflector.Error.Contains("reflects", StringComparison.Ordinal), TimeSpan.FromSeconds(20), "the reflector", () => reflector.Transcript);
            await using LlamaProcess ping = LlamaProcess.StartAt(
                "/usr/bin/env", ["ip", "netns", "exec", $"{name}a", Repository.Executable, "ping", "10.91.2.1", "--mtu"]);

            Assert.True(await ping.Exit(TimeSpan.FromSeconds(60)) == 0, ping.Transcript);
            Assert.Equal(
                """
                10.91.2.1:8100
                  there  1372 bytes of UDP payload, IP packets of 1400; larger ones are lost on the way there
                  back   1272 bytes of UDP payload, IP packets of 1300; larger ones are lost on the way back

                """,
                ping.Output);
        }
        finally
        {
            await Shell($"for n in a r b; do ip netns del {name}$n 2>/dev/null; done; true");
        }
    }

    private static long Sent(JsonElement report) =>
        report.GetProperty("summaries").EnumerateArray().Sum(summary => summary.GetProperty("datagrams").GetProperty("sent").GetInt64());

    private static async Task<(int Status, string Problem)> Shell(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardError = true })!;
        string problem = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return (shell.ExitCode, problem.Trim());
    }
}
