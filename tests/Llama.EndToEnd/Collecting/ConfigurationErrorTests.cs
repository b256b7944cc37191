using System.Net;
using System.Net.Sockets;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Collecting;

/// <summary>Configurations on which the original crashes, spins, or silently measures nothing: ours says what is wrong, and where.</summary>
public sealed class ConfigurationErrorTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("bind_bad", 3, "api.bind")]
    [InlineData("broken_syntax", 2, "")]
    [InlineData("scalar", 1, "")]
    [InlineData("count_zero", 7, "port_groups.g[0].count")]
    [InlineData("count_negative", 7, "port_groups.g[0].count")]
    [InlineData("count_string", 7, "port_groups.g[0].count")]
    [InlineData("cps_zero", 9, "rate_limits.r.cps")]
    [InlineData("cps_negative", 9, "rate_limits.r.cps")]
    [InlineData("interval_zero", 2, "summarization.interval")]
    [InlineData("interval_negative", 2, "summarization.interval")]
    [InlineData("interval_missing", 0, "summarization.interval")]
    [InlineData("missing_port", 7, "port_groups.g[0].port")]
    [InlineData("missing_port_group", 11, "tests[0].port_group")]
    [InlineData("missing_rate_limit", 11, "tests[0].rate_limit")]
    [InlineData("missing_targets", 11, "tests[0].targets")]
    [InlineData("no_tests", 0, "tests")]
    [InlineData("port_name_in_target", 14, "targets.t[0].port")]
    [InlineData("target_port_zero", 14, "targets.t[0].port")]
    [InlineData("tags_list", 14, "targets.t[0].tags")]
    [InlineData("tags_nested", 14, "targets.t[0].tags")]
    [InlineData("source_port_fixed_twice", 7, "port_groups.g[0].count")]
    [InlineData("timeout_zero", 5, "ports.p.timeout")]
    [InlineData("api_only", 0, "tests")]
    public async Task The_error_names_file_line_and_key(string name, int line, string key)
    {
        string file = _directory.Write($"{name}.yaml", RecordedCase.Rewrite($"{name}.yaml", 9300, 9399, Ports.Free()));
        string place = $"{name}.yaml{(line > 0 ? $":{line}:" : "")}";

        foreach (string[] more in (string[][])[[], ["--check"]])
        {
            (int exitCode, string output, string error) = await LlamaProcess.Run(["collector", "-llama.config", file, .. more]);

            Assert.Equal(1, exitCode);
            Assert.Contains(error.Split('\n'), text =>
                text.Contains(place, StringComparison.Ordinal) && text.Contains(key, StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_mistake_of_a_file_is_told_at_once()
    {
        string file = _directory.Write("everything.yaml", """
            summarization: {interval: 0}
            api: {bind: nonsense}
            ports:
              p: {ip: 127.0.0.1, port: 99999, tos: x, timeout: -1}
            port_groups:
              g: [{port: nope, count: many}]
            rate_limits:
              r: {cps: 0}
            tests:
              - {targets: t, port_group: g, rate_limit: r}
            targets:
              t:
                - {ip: 127.0.0.1, port: 0}
            """);

        (int exitCode, _, string error) = await LlamaProcess.Run("collector", "-llama.config", file, "--check");

        Assert.Equal(1, exitCode);
        string[] keys =
        [
            "summarization.interval", "api.bind", "ports.p.port", "ports.p.tos", "ports.p.timeout", "port_groups.g[0].port",
            "port_groups.g[0].count", "rate_limits.r.cps", "targets.t[0].port",
        ];
        Assert.All(keys, key => Assert.Contains($": {key}: ", error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_named()
    {
        (int exitCode, _, string error) = await LlamaProcess.Run("collector", "-llama.config", "/nonexistent/llama.yaml");

        Assert.Equal(1, exitCode);
        Assert.Contains("/nonexistent/llama.yaml", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_cannot_be_bound_is_named()
    {
        string file = _directory.Write("source_ip_bad.yaml", RecordedCase.Rewrite("source_ip_bad.yaml", 9300, 9399, Ports.Free()));

        (int exitCode, _, string error) = await LlamaProcess.Run("collector", "-llama.config", file);

        Assert.Equal(1, exitCode);
        Assert.Contains("source_ip_bad.yaml", error, StringComparison.Ordinal);
        Assert.Contains("ports.p", error, StringComparison.Ordinal);
        Assert.Contains("192.0.2.9", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_api_address_in_use_is_named()
    {
        int port = Ports.Free();
        using var holder = new TcpListener(IPAddress.Loopback, port);
        holder.Start();
        string file = _directory.Write("bind_in_use.yaml", RecordedCase.Rewrite("bind_in_use.yaml", 9300, 9399, port));

        (int exitCode, _, string error) = await LlamaProcess.Run("collector", "-llama.config", file);

        Assert.Equal(1, exitCode);
        Assert.Contains($"127.0.0.1:{port}", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("multi")]
    [InlineData("tag_edge")]
    [InlineData("legacy")]
    [InlineData("ipv6_bare")]
    [InlineData("cps_half")]
    [InlineData("unresolvable")]
    [InlineData("handlers_zero")]
    public async Task A_good_file_passes_the_check(string name)
    {
        string file = _directory.Write($"{name}.yaml", RecordedCase.Rewrite($"{name}.yaml", 9300, 9399, Ports.Free()));

        (int exitCode, string output, string error) = await LlamaProcess.Run("collector", "-llama.config", file, "--check");

        Assert.True(exitCode == 0, output + error);
    }

    [Fact]
    public async Task The_configuration_of_the_readme_passes_the_check()
    {
        string readme = await File.ReadAllTextAsync(Repository.InRoot("README.md"));
        int start = readme.IndexOf("```yaml\n", StringComparison.Ordinal) + "```yaml\n".Length;
        string file = _directory.Write("llama.yaml", readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)]);

        (int exitCode, string output, string error) = await LlamaProcess.Run("collector", "-llama.config", file, "--check");

        Assert.True(exitCode == 0, output + error);
        Assert.DoesNotContain("warning", error, StringComparison.Ordinal);
    }
}
