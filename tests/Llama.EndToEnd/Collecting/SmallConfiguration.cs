namespace Llama.EndToEnd.Collecting;

/// <summary>Configurations written by tests: one port group, one rate, intervals of a second.</summary>
internal static class SmallConfiguration
{
    public static string With(
        int port, IEnumerable<string> targets, int timeoutMillis = 300, double cyclesPerSecond = 10, int sourcePorts = 1, string source = "127.0.0.1") => $"""
        summarization:
          interval: 1
        api:
          bind: 127.0.0.1:0
        ports:
          p:
            ip: {source}
            port: 0
            tos: 0
            timeout: {timeoutMillis}
        port_groups:
          g:
            - port: p
              count: {sourcePorts}
        rate_limits:
          r:
            cps: {cyclesPerSecond}
        tests:
          - targets: t
            port_group: g
            rate_limit: r
        targets:
          t:
        {string.Concat(targets.Select(target => $"    - ip: \"{target}\"\n      port: {port}\n"))}
        """;
}
