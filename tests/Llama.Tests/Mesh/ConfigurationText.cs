using System.Globalization;
using Llama.Mesh;

namespace Llama.Tests.Mesh;

/// <summary>A configuration's whole meaning as lines of text, for comparing.</summary>
internal static class ConfigurationText
{
    public static string Of(CollectorConfiguration configuration) => string.Join('\n', Lines(configuration));

    private static IEnumerable<string> Lines(CollectorConfiguration configuration)
    {
        yield return $"every {configuration.Summarization.Interval.TotalSeconds} s, API {configuration.Api.Host}:{configuration.Api.Port}{(configuration.IsLegacy ? ", legacy" : "")}";
        foreach (TestSettings test in configuration.Tests)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"test {test.Name} at {test.CyclesPerSecond:R}/s");
            foreach (PortSettings port in test.Ports)
                yield return $"  {port.Count} of {port.Name}: {port.Address} port {port.Port} class {port.Class}, {port.Timeout.TotalMilliseconds} ms"
                    + (port.Size == 1028 ? "" : $", {port.Size} bytes") + (port.DontFragment is { } df ? $", df {df}" : "");
            foreach (TargetSettings target in test.Targets)
                yield return $"  to {target.Host} ({target.Address?.ToString() ?? "by name"}) port {target.Port}: {string.Join(", ", target.Tags.Select(tag => $"{tag.Key}={tag.Value}"))}".TrimEnd();
        }
    }
}
