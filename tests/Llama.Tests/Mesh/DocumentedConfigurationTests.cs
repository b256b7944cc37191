using System.Text.RegularExpressions;
using Llama.Mesh;
using Llama.Tests.House;

namespace Llama.Tests.Mesh;

public partial class DocumentedConfigurationTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "configuration.md"));

    [Fact]
    public void The_example_of_the_documentation_loads_and_has_the_flows_it_says()
    {
        CollectorConfiguration configuration = Read(0);
        TestSettings test = Assert.Single(configuration.Tests);
        int ports = test.Ports.Sum(port => port.Count);
        Assert.Equal((20, 40, 160), (ports, ports * test.Targets.Count, ports * test.Targets.Count * test.CyclesPerSecond));
        Assert.Contains("20 source ports and 40\nflows, and sends 160 datagrams a second", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_legacy_example_of_the_documentation_loads()
    {
        CollectorConfiguration configuration = Read(2);
        Assert.True(configuration.IsLegacy);
        Assert.Equal(["192.0.2.10", "lon-1.probes.example", "2001:db8::1"], configuration.Tests[0].Targets.Select(target => target.Host));
    }

    private static CollectorConfiguration Read(int example)
    {
        ConfigurationResult result = CollectorConfigurationReader.Read(YamlBlock().Matches(Page)[example].Groups[1].Value, "example");
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        return result.Configuration!;
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex YamlBlock();
}
