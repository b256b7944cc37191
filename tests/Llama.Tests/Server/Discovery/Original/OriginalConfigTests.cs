using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Tests.Mesh;
using static Llama.Tests.Server.Discovery.Original.Original;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>Configurations of the original's form: what collectors read in them.</summary>
public sealed class OriginalConfigTests
{
    private static readonly Registration A = Probe("a", "192.0.2.1");
    private static readonly Registration B = Probe("b", "192.0.2.2", tags: [new("site", "lab")]);
    private static readonly Registration C = Probe("c", "2001:db8::3");
    private static readonly Registration D = Probe("d", "192.0.2.4", "g2");

    [Fact]
    public void Whatever_tags_hold_is_data() => Prop.ForAll(AnyText.Tags(), AnyText.Arbitrary, (tags, name) =>
    {
        KeyValuePair<string, string>[] wellFormed =
        [
            .. tags.Where(tag => tag.Key is not ("version" or "probe_shortname"))
                .Select(tag => KeyValuePair.Create(AnyText.WellFormed(tag.Key), AnyText.WellFormed(tag.Value))),
            new("probe_name", AnyText.WellFormed(name)),
        ];
        Registration original = Probe("x", "192.0.2.7", tags: wellFormed);
        Registration own = original with { Name = "y", Address = IPAddress.Parse("192.0.2.8"), OriginalJson = null };

        CollectorConfiguration read = Read(ConfigAsync(Plan(GroupSettings.Default, original, own), own).GetAwaiter().GetResult());

        IReadOnlyList<TargetSettings> targets = Assert.Single(read.Tests).Targets;
        Assert.Equal(["192.0.2.7", "127.0.0.1"], targets.Select(target => target.Host));
        foreach ((TargetSettings target, string shortName) in targets.Zip(["x", "y"]))
        {
            var expected = new Dictionary<string, string> { ["version"] = "1.1.0", ["probe_shortname"] = shortName, ["probe_name"] = OneLine(original.FullName) };
            foreach ((string key, string value) in wellFormed) expected[OneLine(key)] = OneLine(value);
            foreach ((string key, string value) in (IEnumerable<(string, string)>)
                [("dst_name", OneLine(original.FullName)), ("dst_shortname", shortName), ("src_name", OneLine(own.FullName)), ("src_shortname", "y"), ("group", "g1")])
                expected[key] = value;
            Assert.Equal(expected.OrderBy(tag => tag.Key, StringComparer.Ordinal), target.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal));
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static string OneLine(string text) => text.Replace('\n', ' ').Replace('\r', ' ');

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("Las Vegas", "Las Vegas")]
    [InlineData("1.1.0-rc1+5", "1.1.0-rc1+5")]
    [InlineData("Zürich", "Zürich")]
    [InlineData("True", "True")]
    [InlineData("", "")]
    [InlineData("null", "\"null\"")]
    [InlineData("~", "\"~\"")]
    [InlineData("- x", "\"- x\"")]
    [InlineData("a: b", "\"a: b\"")]
    [InlineData("a:", "\"a:\"")]
    [InlineData("a #b", "\"a #b\"")]
    [InlineData(" a", "\" a\"")]
    [InlineData("a ", "\"a \"")]
    [InlineData("a\nb", "a b")]
    [InlineData("a\r\nb,t=1 lost=9", "\"a  b,t=1 lost=9\"")]
    [InlineData("\u001b[2J", "\"\\u001B[2J\"")]
    [InlineData("&a", "\"&a\"")]
    [InlineData("{{ x }}", "\"{{ x }}\"")]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    public async Task Plain_words_stay_bare_and_all_else_is_quoted(string value, string yaml)
    {
        string config = await ConfigAsync(Plan(GroupSettings.Default, A, Probe("x", "192.0.2.7", tags: [new("k", value)])), A);

        Assert.Contains($"            k: {yaml} \n", config, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_of_a_full_plan_is_all_in_the_order_it_joined_the_asker_at_loopback()
    {
        Assert.Equal(
            """
            every 10 s, API 0.0.0.0:8100
            test default/default/default at 2/s
              4 of default: 0.0.0.0 port 0 class 0, 1000 ms
              to 192.0.2.1 (192.0.2.1) port 8100: version=1.1.0, probe_shortname=a, probe_name=a.example, dst_name=a.example, dst_shortname=a, src_name=b.example, src_shortname=b, group=g1
              to 127.0.0.1 (127.0.0.1) port 8100: version=1.1.0, probe_shortname=b, probe_name=b.example, site=lab, dst_name=b.example, dst_shortname=b, src_name=b.example, src_shortname=b, group=g1
              to 2001:db8::3 (2001:db8::3) port 8100: version=1.1.0, probe_shortname=c, probe_name=c.example, dst_name=c.example, dst_shortname=c, src_name=b.example, src_shortname=b, group=g1
            """,
            ConfigurationText.Of(Read(await ConfigAsync(Plan(GroupSettings.Default, A, B, C), B))));
    }

    [Fact]
    public async Task Settings_of_the_group_are_in_its_configurations()
    {
        var settings = new GroupSettings
        {
            Interval = TimeSpan.FromSeconds(60),
            CyclesPerSecond = 0.5,
            Flows = 8,
            Classes = [0, 184],
            Sizes = [1028, 1472],
            Timeout = TimeSpan.FromMilliseconds(1500),
            DontFragment = true,
        };

        CollectorConfiguration read = Read(await ConfigAsync(Plan(settings, A, B), A));

        Assert.Equal(60, read.Summarization.Interval.TotalSeconds);
        TestSettings test = Assert.Single(read.Tests);
        Assert.Equal(0.5, test.CyclesPerSecond);
        Assert.Equal(
            [(0, 1028), (0, 1472), (184, 1028), (184, 1472)],
            test.Ports.Select(port => ((int)port.Class, port.Size)));
        Assert.All(test.Ports, port => Assert.Equal((8, 1500.0, true), (port.Count, port.Timeout.TotalMilliseconds, port.DontFragment)));
    }

    [Fact]
    public async Task Keys_that_the_Go_collector_does_not_know_stand_only_where_they_say_something()
    {
        string config = await ConfigAsync(Plan(GroupSettings.Default, A, B), A);

        Assert.DoesNotContain("size:", config, StringComparison.Ordinal);
        Assert.DoesNotContain("df:", config, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tests_of_other_groups_are_tests_of_their_own()
    {
        CollectorConfiguration read = Read(await ConfigAsync(Plan(GroupSettings.Default, A, B, D), A));

        Assert.Equal(["127.0.0.1", "192.0.2.2"], read.Tests[0].Targets.Select(target => target.Host));
        TargetSettings other = Assert.Single(read.Tests[1].Targets);
        Assert.Equal("192.0.2.4", other.Host);
        Assert.Contains(KeyValuePair.Create("group", "g2"), other.Tags);
        Assert.Contains(KeyValuePair.Create("src_shortname", "a"), other.Tags);
    }

    [Fact]
    public async Task With_other_plans_a_probe_has_itself_and_those_that_are_chosen()
    {
        Registration[] probes = [.. Enumerable.Range(1, 40).Select(i => Probe($"p{i}", $"192.0.2.{i}"))];
        GroupPlan plan = Plan(GroupSettings.Default with { Plan = new SamplePlan(5) }, probes);
        foreach (Registration probe in probes)
        {
            string[] chosen = [.. plan.Tests[0].TargetsOf(probe.Name)!.Select(place => plan.Tests[0].Pool[place].Address.ToString())];

            Assert.Equal(["127.0.0.1", .. chosen], Assert.Single(Read(await ConfigAsync(plan, probe)).Tests).Targets.Select(target => target.Host));
        }
    }

    [Fact]
    public async Task A_probe_that_nobody_may_send_to_measures_the_others_and_itself()
    {
        GroupPlan plan = Plan(GroupSettings.Default, A, C);

        Assert.Equal(["127.0.0.1", "192.0.2.1", "2001:db8::3"], Read(await ConfigAsync(plan, B)).Tests[0].Targets.Select(target => target.Host));
    }

    private static CollectorConfiguration Read(string yaml)
    {
        ConfigurationResult result = CollectorConfigurationReader.Read(yaml, "config");
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        return result.Configuration!;
    }
}
