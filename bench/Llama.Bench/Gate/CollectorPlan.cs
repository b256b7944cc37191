using System.Globalization;
using System.Text;

namespace Llama.Benchmarks.Gate;

/// <summary>What a collector is told to do: one test from some source ports to some targets, at a pace.</summary>
internal sealed record CollectorPlan
{
    /// <summary>Addresses of the targets, all on the same port.</summary>
    public required IEnumerable<string> Targets { get; init; }

    /// <summary>Where they answer.</summary>
    public required int Port { get; init; }

    public required int SourcePorts { get; init; }

    public required double CyclesPerSecond { get; init; }

    public int IntervalSeconds { get; init; } = 1;

    /// <summary>A number of targets: 127.1.0.0, 127.1.0.1, ... all of which are this machine.</summary>
    public static IEnumerable<string> Loopback(int count) =>
        Enumerable.Range(0, count).Select(i => $"127.{1 + (i >> 16)}.{(i >> 8) & 0xFF}.{i & 0xFF}");

    /// <summary>The plan as the collector reads it.</summary>
    public string ToYaml()
    {
        var yaml = new StringBuilder();
        yaml.Append(CultureInfo.InvariantCulture, $$"""
            summarization: {interval: {{IntervalSeconds}} }
            api: {bind: "127.0.0.1:0"}
            ports: {plain: {ip: 0.0.0.0, port: 0, tos: 0, timeout: 1000} }
            port_groups: {all: [{port: plain, count: {{SourcePorts}} }]}
            rate_limits: {pace: {cps: {{CyclesPerSecond}} } }
            tests: [{targets: hosts, port_group: all, rate_limit: pace}]
            targets:
              hosts:

            """);
        foreach (string target in Targets) yaml.Append(CultureInfo.InvariantCulture, $"  - {{ip: {target}, port: {Port}}}\n");
        return yaml.ToString();
    }
}
