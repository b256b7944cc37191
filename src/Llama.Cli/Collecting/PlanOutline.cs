using System.Globalization;
using Llama.Cli.Settings;
using Llama.Mesh;

namespace Llama.Cli.Collecting;

/// <summary>Says in a few lines what a configuration makes a collector do, for <c>--check</c>.</summary>
internal static class PlanOutline
{
    // What IPv4 and UDP put in front of the payload (RFC 791, RFC 768); IPv6 would add 20 bytes more.
    private const int HeaderBytes = 28;

    public static IEnumerable<string> Describe(CollectorConfiguration configuration)
    {
        long flows = 0;
        double datagrams = 0, bits = 0;
        foreach (TestSettings test in configuration.Tests)
        {
            int ports = test.Ports.Sum(port => port.Count);
            long testFlows = (long)ports * test.Targets.Count;
            double perSecond = testFlows * test.CyclesPerSecond;
            flows += testFlows;
            datagrams += perSecond;
            bits += test.Ports.Sum(port => port.Count * (port.Size + HeaderBytes) * 8.0) * test.Targets.Count * test.CyclesPerSecond;
            yield return $"test {test.Name}: {Count(ports, "port")} x {Count(test.Targets.Count, "target")} = {Count(testFlows, "flow")}, "
                + $"{Number(test.CyclesPerSecond)} cycles/s, {Number(perSecond)} datagrams/s";
        }

        int names = ProbingPlanner.HostNames(configuration).Distinct(StringComparer.OrdinalIgnoreCase).Count();
        yield return $"in all: {Count(configuration.Tests.Count, "test")}, {Count(flows, "flow")}, {Number(datagrams)} datagrams/s, {Bits(bits)} each way"
            + (names > 0 ? $", {Count(names, "host name")} to resolve" : "");
        yield return $"summaries every {Number(configuration.Summarization.Interval.TotalSeconds)} s, "
            + $"API on {new ListenAddress(configuration.Api.Host, configuration.Api.Port)}";
    }

    private static string Count(long count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static string Number(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);

    private static string Bits(double perSecond) => perSecond switch
    {
        >= 1e9 => $"{Number(perSecond / 1e9)} Gbit/s",
        >= 1e6 => $"{Number(perSecond / 1e6)} Mbit/s",
        _ => $"{Number(perSecond / 1e3)} kbit/s",
    };
}
