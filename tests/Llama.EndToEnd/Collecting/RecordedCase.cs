using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Collecting;

/// <summary>A case under collector/cases: what the Go collector did with a configuration.</summary>
internal sealed partial record RecordedCase
{
    public required string Name { get; init; }

    /// <summary>File name of the configuration; null when it ran without.</summary>
    public required string? Configuration { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required TimeSpan Interval { get; init; }

    /// <summary>The last points it answered with.</summary>
    public required IReadOnlyList<InfluxPoint> Points { get; init; }

    public static RecordedCase Read(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Repository.Fixture($"collector/cases/{name}.json")));
        JsonElement root = document.RootElement;
        return new RecordedCase
        {
            Name = name,
            Configuration = root.GetProperty("config").GetString(),
            Arguments = [.. root.GetProperty("args").EnumerateArray().Select(argument => argument.GetString()!)],
            Interval = TimeSpan.FromSeconds(root.GetProperty("interval_s").GetDouble()),
            Points = InfluxPoint.Parse(BodiesOf(root).LastOrDefault() ?? "[]"),
        };
    }

    /// <summary>The lists of points that it answered with, in their order.</summary>
    public static IReadOnlyList<string> BodiesOf(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Repository.Fixture($"collector/cases/{name}.json")));
        return [.. BodiesOf(document.RootElement).Where(body => body != "[]")];
    }

    private static IEnumerable<string> BodiesOf(JsonElement root) => root.GetProperty("observations").EnumerateArray()
        .Where(observation => observation.GetProperty("path").GetString() == "/influxdata")
        .Select(observation => observation.GetProperty("response").TryGetProperty("body", out JsonElement text) ? text.GetString()! : "")
        .Where(body => body.StartsWith('['));

    /// <summary>A configuration of the fixtures with other ports, so that many can run side by side.</summary>
    public static string Rewrite(string file, int reflector, int dead, int api) =>
        KnownPort().Replace(File.ReadAllText(Repository.Fixture($"collector/configs/{file}")), port => port.Value switch
        {
            "9300" or "9310" => $"{reflector}",
            "9399" => $"{dead}",
            "9555" => $"{Ports.Free()}",
            _ => $"{api}",
        });

    [GeneratedRegex(@"\b(9300|9310|9399|9555|9001|9002|9008)\b")]
    private static partial Regex KnownPort();
}
