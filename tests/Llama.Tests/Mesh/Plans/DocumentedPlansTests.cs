using System.Text.RegularExpressions;
using Llama.Mesh.Plans;
using Llama.Tests.House;

namespace Llama.Tests.Mesh.Plans;

/// <summary>The examples of docs/configuration.md load, and cost what it says.</summary>
public partial class DocumentedPlansTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "configuration.md"));

    [Fact]
    public void The_small_full_mesh_costs_what_the_page_says()
    {
        ServerConfigurationResult result = Read("A small full mesh");
        Assert.Equal(["host", "port"], result.Settings.Keys);
        GroupForecast forecast = Assert.Single(Forecast(result, 12));
        Assert.Equal((11.0, 32, 704.0), (forecast.Targets.Mean, forecast.Settings.Ports.Sum(port => port.Count), forecast.DatagramsPerSecond.Mean));
        Assert.Equal(0.88, forecast.BitsPerSecondIPv4.Mean / 1e6, 2);
    }

    [Fact]
    public void The_example_with_hubs_tests_within_and_between_its_groups()
    {
        ServerConfigurationResult result = Read("Hubs");
        IReadOnlyList<GroupForecast> forecasts = Forecast(result, 50);
        Assert.Equal(["branches", "datacentres"], forecasts.Select(forecast => forecast.Group));
        Assert.Equal((2.0, 49.0), (forecasts[0].Targets.Min, forecasts[0].Targets.Max));
        Assert.Equal(49 + 20, forecasts[1].Targets.Mean);
        Assert.Equal([0, 184, 136], result.Configuration!.Of("datacentres").Classes);
        Assert.Equal(60, result.Configuration.Of("anyone").Interval.TotalSeconds);
    }

    [Fact]
    public void The_tiered_example_has_the_pairs_that_the_page_says()
    {
        ServerConfigurationResult result = Read("Tiers");
        GroupSettings fleet = result.Configuration!.Of("fleet");
        Assert.Equal((EchoRule.Require, "fleet.token", "fleet.key"), (fleet.Echo, fleet.RegisterToken, System.Text.Encoding.ASCII.GetString(fleet.DatagramKey.Span)));
        GroupForecast forecast = Assert.Single(Forecast(result, 10_000, 5, 20, 10));
        Assert.Contains($"{forecast.Pairs:N0} pairs", Page, StringComparison.Ordinal);
        Assert.Equal(9, forecast.Targets.Min);
    }

    private static IReadOnlyList<GroupForecast> Forecast(ServerConfigurationResult result, int probes, params int[] tiers) => PlanForecast.Of(
        result.Configuration!,
        PlanForecast.GroupsOf(result.Configuration!, "default"),
        group => new ExampleMembers { Count = probes, Tiers = tiers }.Of(group, result.Configuration!.Of(group).Plan));

    private static ServerConfigurationResult Read(string heading)
    {
        string section = Page[Page.IndexOf($"### {heading}\n", StringComparison.Ordinal)..];
        ServerConfigurationResult result = ServerConfigurationReader.Read(
            YamlBlock().Match(section).Groups[1].Value, "example", ["host", "port", "data", "retention"], System.Text.Encoding.ASCII.GetBytes);
        Assert.Empty(result.Errors.Concat(result.Warnings));
        return result;
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex YamlBlock();
}
