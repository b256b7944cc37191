using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Deploy;

/// <summary>What lies under deploy/, and the names that are documented.</summary>
internal static partial class DeployFiles
{
    public static string Prometheus { get; } = Repository.InRoot("deploy/prometheus");

    public static string Rules { get; } = Path.Combine(Prometheus, "llama.rules.yml");

    public static IReadOnlyList<string> RuleTests { get; } = [.. Directory.GetFiles(Path.Combine(Prometheus, "tests"), "*.test.yml").Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> Dashboards { get; } = [.. Directory.GetFiles(Repository.InRoot("deploy/grafana"), "*.json").Order(StringComparer.Ordinal)];

    /// <summary>Names of metrics in a text of PromQL. Rules of ours, which have colons, are not among them.</summary>
    public static IEnumerable<string> MetricsIn(string text) => MetricName().Matches(text).Select(name => name.Value);

    /// <summary>Names of our recording rules in a text of PromQL.</summary>
    public static IEnumerable<string> RecordsIn(string text) => RecordName().Matches(text).Select(name => name.Value);

    /// <summary>Names that tables of the documents explain, with those that Prometheus makes of histograms.</summary>
    public static IReadOnlySet<string> DocumentedMetrics()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (string document in (string[])["docs/metrics.md", "docs/operations.md"])
        {
            foreach (Match row in MetricRow().Matches(File.ReadAllText(Repository.InRoot(document))))
            {
                string name = row.Groups["name"].Value;
                names.Add(name);
                if (row.Groups["type"].Value == "histogram") names.UnionWith([$"{name}_bucket", $"{name}_sum", $"{name}_count"]);
            }
        }

        return names;
    }

    [GeneratedRegex(@"(?<![\w:])(llama|process)_[a-z0-9_]+(?!\w|:)")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"(?<![\w:])llama:[a-z0-9_:]+")]
    private static partial Regex RecordName();

    [GeneratedRegex(@"^\| `(?<name>(llama|process)_\w+)` \| (?<type>\w+) \|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();
}
