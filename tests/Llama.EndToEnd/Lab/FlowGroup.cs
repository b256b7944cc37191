using System.Globalization;
using System.Net;

namespace Llama.EndToEnd.Lab;

/// <summary>Flows that send datagrams of one kind.</summary>
/// <param name="Flows">How many.</param>
internal sealed record FlowGroup(int Flows)
{
    /// <summary>ToS or traffic class octet.</summary>
    public byte Class { get; init; }

    /// <summary>Octets of UDP payload; the IP packet has 28 more, or 48 with IPv6.</summary>
    public int Size { get; init; } = 200;

    /// <summary>True sets don't-fragment.</summary>
    public bool DontFragment { get; init; }

    /// <summary>How long a reply may take. Longer than a busy machine lets a program wait.</summary>
    public int TimeoutMillis { get; init; } = 1000;

    /// <summary>The collector's configuration.</summary>
    public static string Configuration(IEnumerable<IPEndPoint> targets, double cps, IReadOnlyList<FlowGroup> groups) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        summarization:
          interval: {LabCollector.IntervalSeconds}
        api:
          bind: 127.0.0.1:0
        ports:
        {Lines(groups.Select((group, i) => $"  p{i}: {{ip: 0.0.0.0, port: 0, tos: {group.Class}, timeout: {group.TimeoutMillis}, size: {group.Size}{(group.DontFragment ? ", df: true" : "")}}}"))}
        port_groups:
          all:
        {Lines(groups.Select((group, i) => $"    - {{port: p{i}, count: {group.Flows}}}"))}
        rate_limits:
          r:
            cps: {cps}
        tests:
          - targets: t
            port_group: all
            rate_limit: r
        targets:
          t:
        {Lines(targets.Select(target => $"    - {{ip: \"{target.Address}\", port: {target.Port}}}"))}
        """);

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines);
}
