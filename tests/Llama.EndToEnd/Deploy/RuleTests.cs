using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Deploy;

/// <summary>The rules and the example configuration for Prometheus, as Prometheus itself judges them.</summary>
public sealed partial class RuleTests
{
    public static TheoryData<string> Files => [.. DeployFiles.RuleTests.Select(file => Path.GetFileName(file))];

    [SkippableFact]
    public async Task Prometheus_takes_the_rules()
    {
        Assert.Contains("SUCCESS", await PromTool.RunAsync(["check", "rules", DeployFiles.Rules]), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Prometheus_takes_the_example_configuration_with_the_rules()
    {
        string said = await PromTool.RunAsync(["check", "config", Path.Combine(DeployFiles.Prometheus, "prometheus.yml")]);
        Assert.Contains("1 rule files found", said, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public async Task Alerts_fire_when_they_should_and_only_then(string file)
    {
        Assert.Contains("SUCCESS", await PromTool.RunAsync(["test", "rules", Path.Combine(DeployFiles.Prometheus, "tests", file)]), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_alert_has_a_test_that_sees_it_fire()
    {
        string tests = string.Concat(DeployFiles.RuleTests.Select(File.ReadAllText));
        string[] fire = [.. Fires().Matches(tests).Select(fires => fires.Groups["name"].Value).Distinct()];
        Assert.Equal(Alerts().Select(alert => alert.Name).Order(StringComparer.Ordinal), fire.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_alert_says_how_urgent_it_is_what_is_wrong_and_where_the_runbook_tells_what_to_do()
    {
        string operations = File.ReadAllText(Repository.InRoot("docs/operations.md"));
        Assert.All(Alerts(), alert =>
        {
            Assert.Matches(@"labels: \{severity: (critical|warning)\}", alert.Text);
            Assert.Contains("summary: ", alert.Text, StringComparison.Ordinal);
            Assert.Contains("description: ", alert.Text, StringComparison.Ordinal);
            Assert.Contains($"runbook: docs/operations.md#{alert.Name.ToLowerInvariant()}\n", alert.Text, StringComparison.Ordinal);
            Assert.Contains($"\n### {alert.Name}\n", operations, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Rules_name_only_metrics_that_are_documented_and_rules_that_are_there()
    {
        string rules = Comment().Replace(File.ReadAllText(DeployFiles.Rules), "");
        Assert.Empty(DeployFiles.MetricsIn(Annotations().Replace(rules, "")).Except(DeployFiles.DocumentedMetrics()));
        Assert.Empty(DeployFiles.RecordsIn(rules).Except(Records()));
    }

    /// <summary>Names of recording rules.</summary>
    internal static IEnumerable<string> Records() => Record().Matches(File.ReadAllText(DeployFiles.Rules)).Select(record => record.Groups["name"].Value);

    private static IEnumerable<(string Name, string Text)> Alerts() =>
        Alert().Matches(File.ReadAllText(DeployFiles.Rules)).Select(alert => (alert.Groups["name"].Value, alert.Value));

    [GeneratedRegex(@"^      - alert: (?<name>\w+)\n((        .*)?\n)*", RegexOptions.Multiline)]
    private static partial Regex Alert();

    [GeneratedRegex(@"^      - record: (?<name>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Record();

    [GeneratedRegex(@"labels: '\{alertname=""(?<name>\w+)""[^']*', value: [1-9]|alertname: (?<name>\w+)")]
    private static partial Regex Fires();

    [GeneratedRegex(@"^ *#.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^        annotations:\n(          .*\n)*", RegexOptions.Multiline)]
    private static partial Regex Annotations();
}
