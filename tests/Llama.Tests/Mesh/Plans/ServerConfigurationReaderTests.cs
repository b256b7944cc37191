using System.Text;
using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

public class ServerConfigurationReaderTests
{
    private static readonly string[] Settings = ["host", "port", "group", "keepalive", "interval", "verbose", "data", "trusted-proxies"];

    [Fact]
    public void Every_key_of_a_group_is_read()
    {
        GroupSettings group = Accepted("""
            groups:
              a:
                interval: 30
                cps: 0.5
                flows: 16
                classes: [BE, EF, af41, 0xB8, 32]
                sizes: [128, 1472]
                timeout: 250
                df: yes
                plan: {sample: {degree: 8}}
                echo: require
                token: abc-123
                key_file: a.key
            """, ("etc/a.key", "secret\n")).Of("a");
        Assert.Equal((30.0, 0.5, 16, 250.0), (group.Interval.TotalSeconds, group.CyclesPerSecond, group.Flows, group.Timeout.TotalMilliseconds));
        Assert.Equal([0, 184, 136, 32], group.Classes);
        Assert.Equal([128, 1472], group.Sizes);
        Assert.Equal((true, EchoRule.Require, "abc-123"), (group.DontFragment, group.Echo, group.RegisterToken));
        Assert.Equal(new SamplePlan(8), group.Plan);
        Assert.Equal("secret", Encoding.ASCII.GetString(group.DatagramKey.Span));
    }

    [Theory]
    [InlineData("full", "FullPlan { }")]
    [InlineData("{full: }", "FullPlan { }")]
    [InlineData("{hub: {tag: role, value: hub}}", "HubPlan { Tag = role, Value = hub }")]
    [InlineData("{hub: {tag: hub, value: 1}}", "HubPlan { Tag = hub, Value = 1 }")]
    [InlineData("{sample: {degree: 1000}}", "SamplePlan { Degree = 1000 }")]
    public void A_plan_is_a_word_or_a_mapping(string plan, string expected) =>
        Assert.Equal(expected, Accepted($"defaults: {{plan: {plan}}}").Defaults.Plan.ToString());

    [Theory]
    [InlineData("{path: [region, site, rack], representatives: 3}", "region site rack", 3)]
    [InlineData("{path: site}", "site", 2)]
    public void A_tiered_plan_has_two_representatives_unless_told_otherwise(string plan, string path, int representatives)
    {
        var tiered = (TieredPlan)Accepted($"defaults: {{plan: {{tiered: {plan}}}}}").Defaults.Plan;
        Assert.Equal((path, representatives), (string.Join(' ', tiered.Path), tiered.Representatives));
    }

    [Fact]
    public void A_group_takes_from_the_defaults_what_it_does_not_say()
    {
        ServerConfiguration configuration = Accepted("""
            defaults: {cps: 5, flows: 2, classes: EF, sizes: 200}
            groups:
              a: {flows: 9}
              b:
            """);
        Assert.Equal(GroupSettings.Default with { CyclesPerSecond = 5, Flows = 9 }, configuration.Of("a") with { Classes = GroupSettings.Default.Classes, Sizes = GroupSettings.Default.Sizes });
        Assert.Equal(((byte)184, 200), (Assert.Single(configuration.Of("a").Classes), Assert.Single(configuration.Of("a").Sizes)));
        Assert.Equal(configuration.Defaults, configuration.Of("b"));
        Assert.Equal(configuration.Defaults, configuration.Of("anyone"));
    }

    [Fact]
    public void Tests_between_groups_are_read() =>
        Assert.Equal(
            [new CrossTest("a", "b", null), new CrossTest("b", "a", 3)],
            Accepted("between: [{from: a, to: b}, {from: b, to: a, degree: 3}]").Between);

    [Theory]
    [InlineData("token-1\n")]
    [InlineData("token-1\r\n")]
    [InlineData("token-1")]
    public void A_token_may_stand_in_a_file_beside_this_one(string content) =>
        Assert.Equal("token-1", Accepted("defaults: {token_file: secrets/t}", ("etc/secrets/t", content)).Defaults.RegisterToken);

    [Fact]
    public void A_file_named_by_its_full_path_is_read_from_there() =>
        Assert.Equal("x", Accepted("defaults: {token_file: /run/t}", ("/run/t", "x")).Defaults.RegisterToken);

    [Fact]
    public void The_servers_own_settings_come_as_text()
    {
        ServerConfigurationResult result = Read("host: 0.0.0.0\nport: '8080'\nkeepalive: 007\ngroup:\nverbose: yes\ntrusted_proxies: [10.0.0.0/8, 192.0.2.1]\n");
        Assert.Empty(result.Errors.Concat(result.Warnings));
        Assert.Equal(
            ["host=0.0.0.0", "keepalive=007", "port=8080", "trusted-proxies=10.0.0.0/8\n192.0.2.1", "verbose=yes"],
            result.Settings.Select(setting => $"{setting.Key}={setting.Value}").Order());
    }

    [Theory]
    [InlineData("# server\nhost = 0.0.0.0\nport=8080\n", "host=0.0.0.0 port=8080")]
    [InlineData("[server]\nhost: 0.0.0.0\nport: 8080 # the usual one\n", "host=0.0.0.0 port=8080")]
    [InlineData("host: 0.0.0.0\nport = '8080' ; both\n", "host=0.0.0.0 port=8080")]
    [InlineData("; server\n---\nhost 0.0.0.0\nverbose\n", "host=0.0.0.0 verbose=true")]
    [InlineData("--group = lab\ntrusted-proxies = [10.0.0.1, 10.0.0.2]\r\n", "group=lab trusted-proxies=10.0.0.1\n10.0.0.2")]
    [InlineData("group: \"a: b\"\n", "group=a: b")]
    [InlineData("interval = 30\n", "interval=30")]
    [InlineData("verbose\n", "verbose=true")]
    public void The_originals_lines_are_read(string text, string expected)
    {
        ServerConfigurationResult result = Read(text);
        Assert.Empty(result.Errors.Concat(result.Warnings));
        Assert.Equal(expected, string.Join(' ', result.Settings.Select(setting => $"{setting.Key}={setting.Value}")));
    }

    [Theory]
    [InlineData("interval: 30", null, 30)]
    [InlineData("interval: '30'", null, 30)]
    [InlineData("interval = 30", null, 30)]
    [InlineData("defaults: {interval: 20}", null, 20)]
    [InlineData("defaults: {interval: 20}", 5, 5)]
    [InlineData("interval: 30", 5, 5)]
    [InlineData("groups: {a: {interval: 7}}", 5, 7)]
    [InlineData("", 5, 5)]
    [InlineData("", null, 10)]
    public void The_interval_of_a_group_is_its_own_else_that_of_the_flag_else_that_of_the_file(string text, int? flag, int expected)
    {
        ServerConfigurationResult result = ServerConfigurationReader.Read(
            text, "f", Settings, _ => [], flag is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
        Assert.Equal(expected, result.Configuration!.Of("a").Interval.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing yet\n")]
    [InlineData("groups:\n")]
    [InlineData("{}")]
    public void A_file_that_says_nothing_leaves_all_groups_with_the_defaults(string text) =>
        Assert.Equal(GroupSettings.Default, Accepted(text).Of("a"));

    [Theory]
    // The document.
    [InlineData("- a", "server.yaml:1: is a list: write a mapping with groups, or lines of key = value")]
    [InlineData("groups: {a: [}", "server.yaml:1: is not YAML: while parsing a node, did not find expected node content")]
    [InlineData("gruops: {}", "server.yaml:1: gruops: is not a key: did you mean groups?")]
    [InlineData("prot: 80", "server.yaml:1: prot: is not a key: did you mean port?")]
    [InlineData("port: {a: b}", "server.yaml:1: port: is a mapping: write a plain text, or a list of them")]
    [InlineData("interval: 0", "server.yaml:1: interval: is 0: give the seconds of an interval, 1 to 86400")]
    [InlineData("interval: 30\ndefaults: {interval: 10}", "server.yaml:2: defaults.interval: is given beside interval in line 1: keep one of the two")]
    [InlineData("defaults: 5", "server.yaml:1: defaults: is the text \"5\": write a mapping with the keys interval, cps, flows, classes, sizes, timeout, df, plan, echo, token, token_file, key_file")]
    [InlineData("groups: [a]", "server.yaml:1: groups: is a list: write a mapping of names to groups")]
    [InlineData("groups: {'': {}}", "server.yaml:1: groups.\"\": is empty: give the group a name")]
    [InlineData("groups: {\"a\\tb\": {}}", "server.yaml:1: groups.\"a\\u0009b\": has a control character in its name: take it out")]
    // A group.
    [InlineData("groups:\n  a:\n    intervall: 5", "server.yaml:3: groups.a.intervall: is not a key: did you mean interval?")]
    [InlineData("groups:\n  a:\n    interval: 86401", "server.yaml:3: groups.a.interval: is 86401: give the seconds of an interval, 1 to 86400")]
    [InlineData("groups:\n  a:\n    cps: 0", "server.yaml:3: groups.a.cps: is 0: give the cycles per second: above 0 (one a day at least), at most 1000000")]
    [InlineData("groups:\n  a:\n    cps: often", "server.yaml:3: groups.a.cps: is the text \"often\", not a number: give the cycles per second: above 0 (one a day at least), at most 1000000")]
    [InlineData("groups:\n  a:\n    flows: 1001", "server.yaml:3: groups.a.flows: is 1001: give the source ports of each class and size, 1 to 1000")]
    [InlineData("groups:\n  a:\n    timeout: 60001", "server.yaml:3: groups.a.timeout: is 60001: give the milliseconds that a reply may take, 1 to 60000")]
    [InlineData("groups:\n  a:\n    df: perhaps", "server.yaml:3: groups.a.df: is the text \"perhaps\": write true to set don't-fragment, false to clear it, or leave it to the kernel by leaving it out")]
    [InlineData("groups:\n  a:\n    classes: [EF, EEF]", "server.yaml:3: groups.a.classes[1]: is the text \"EEF\": give a DSCP name like EF, AF41 or CS1, or a ToS octet like 0xB8 or 184")]
    [InlineData("groups:\n  a:\n    classes: 256", "server.yaml:3: groups.a.classes: is the text \"256\": give a DSCP name like EF, AF41 or CS1, or a ToS octet like 0xB8 or 184")]
    [InlineData("groups:\n  a:\n    classes: []", "server.yaml:3: groups.a.classes: has no entries: give a DSCP name like EF, AF41 or CS1, or a ToS octet like 0xB8 or 184")]
    [InlineData("groups:\n  a:\n    sizes: [100, 83]", "server.yaml:3: groups.a.sizes[1]: is the text \"83\": give the UDP payload's bytes, 84 to 9216")]
    [InlineData("groups:\n  a:\n    sizes: {b: 100}", "server.yaml:3: groups.a.sizes: is a mapping: give the UDP payload's bytes, 84 to 9216")]
    [InlineData("groups:\n  a:\n    sizes: [[100]]", "server.yaml:3: groups.a.sizes[0]: is a list: give the UDP payload's bytes, 84 to 9216")]
    [InlineData("groups:\n  a: {flows: 1000, classes: [BE, EF, AF41, CS1, CS2]}", "server.yaml:2: groups.a: has 5000 source ports (classes times sizes times flows), more than 4096: use fewer of them")]
    [InlineData("groups:\n  a:\n    echo: maybe", "server.yaml:3: groups.a.echo: is \"maybe\": write off, warn or require")]
    // Secrets.
    [InlineData("groups:\n  a:\n    token: two words", "server.yaml:3: groups.a.token: has a blank or a character beyond ASCII in its token, which no HTTP header carries: make another one")]
    [InlineData("groups:\n  a:\n    token: ''", "server.yaml:3: groups.a.token: is empty: give a token")]
    [InlineData("groups:\n  a:\n    token: x\n    token_file: there", "server.yaml:3: groups.a.token: is given beside token_file: keep one of the two")]
    [InlineData("groups:\n  a:\n    token_file: away", "server.yaml:3: groups.a.token_file: names the file \"etc/away\", which does not exist: check the path")]
    [InlineData("groups:\n  a:\n    key_file: empty", "server.yaml:3: groups.a.key_file: names the file \"etc/empty\", which is empty; make one with: head -c 32 /dev/urandom | base64 > etc/empty")]
    [InlineData("groups:\n  a:\n    key_file: secret", "server.yaml:3: groups.a.key_file: names the file \"etc/secret\", which may not be read: check its permissions")]
    // Plans.
    [InlineData("groups:\n  a:\n    plan: ring", "server.yaml:3: groups.a.plan: is the text \"ring\": write full, or one of hub: {tag: role, value: hub}, sample: {degree: 8}, tiered: {path: [region, site]}")]
    [InlineData("groups:\n  a:\n    plan: {}", "server.yaml:3: groups.a.plan: names no plan: write full, or one of hub: {tag: role, value: hub}, sample: {degree: 8}, tiered: {path: [region, site]}")]
    [InlineData("groups:\n  a:\n    plan: {full: , sample: {degree: 8}}", "server.yaml:3: groups.a.plan: has both full and sample: keep one of the two")]
    [InlineData("groups:\n  a:\n    plan: {hub: {value: x}}", "server.yaml:3: groups.a.plan.hub.tag: is missing: name the tag that tells a hub")]
    [InlineData("groups:\n  a:\n    plan: {hub: {tag: x}}", "server.yaml:3: groups.a.plan.hub.value: is missing: give the value that the tag has at a hub")]
    [InlineData("groups:\n  a:\n    plan: {sample: }", "server.yaml:3: groups.a.plan.sample.degree: is missing: give how many each probe tests, 1 to 1000")]
    [InlineData("groups:\n  a:\n    plan: {sample: 8}", "server.yaml:3: groups.a.plan.sample: is the text \"8\": write a mapping with the keys degree")]
    [InlineData("groups:\n  a:\n    plan: {sample: {degree: 0}}", "server.yaml:3: groups.a.plan.sample.degree: is 0: give how many each probe tests, 1 to 1000")]
    [InlineData("groups:\n  a:\n    plan: {tiered: }", "server.yaml:3: groups.a.plan.tiered.path: has 0 tags, not 1 to 8: list the tags from the highest tier to the lowest, as in [region, site, rack]")]
    [InlineData("groups:\n  a:\n    plan: {tiered: {path: [a, a]}}", "server.yaml:3: groups.a.plan.tiered.path[1]: is a again: each tier has a tag of its own")]
    [InlineData("groups:\n  a:\n    plan: {tiered: {path: [a, [b]]}}", "server.yaml:3: groups.a.plan.tiered.path[1]: is a list: list the tags from the highest tier to the lowest, as in [region, site, rack]")]
    [InlineData("groups:\n  a:\n    plan: {tiered: {path: {a: b}}}", "server.yaml:3: groups.a.plan.tiered.path: is a mapping: list the tags from the highest tier to the lowest, as in [region, site, rack]")]
    [InlineData("groups:\n  a:\n    plan: {tiered: {path: a, representatives: 0}}", "server.yaml:3: groups.a.plan.tiered.representatives: is 0: give how many of a tier test each sibling, 1 to 100")]
    // Tests between groups.
    [InlineData("between: {from: a, to: b}", "server.yaml:1: between: is a mapping: write a list of tests, each with from and to")]
    [InlineData("between:\n  - from: a", "server.yaml:2: between[0].to: is missing: name the group that is tested")]
    [InlineData("between:\n  - to: a", "server.yaml:2: between[0].from: is missing: name the group that sends")]
    [InlineData("between:\n  - {from: a, to: a}", "server.yaml:2: between[0]: tests \"a\" with itself, which its plan does: name another group")]
    [InlineData("between:\n  - {from: a, to: b}\n  - {from: a, to: b, degree: 2}", "server.yaml:3: between[1]: is from \"a\" to \"b\" again, first in line 2: keep one of the two")]
    [InlineData("between:\n  - {from: a, to: b, degree: 0}", "server.yaml:2: between[0].degree: is 0: give how many each probe tests, 1 to 1000")]
    public void A_mistake_is_told_with_its_line_its_key_and_what_to_do(string text, string message)
    {
        ServerConfigurationResult result = Read(text, ("etc/there", "y"), ("etc/empty", "\n"));
        Assert.Equal([message.Replace("server.yaml", "etc/server.yaml", StringComparison.Ordinal)], result.Errors.Select(error => error.ToString()));
        Assert.Null(result.Configuration);
    }

    [Theory]
    [InlineData("defaults: {classes: 46}", "etc/server.yaml:1: defaults.classes: is the octet 46, which sets ECN bits: for the DSCP 46 write EF")]
    [InlineData("defaults: {classes: [EF, 184]}", "etc/server.yaml:1: defaults.classes[1]: is 184 again: it is measured once")]
    [InlineData("defaults: {colour: red}", "etc/server.yaml:1: defaults.colour: is not a key and is ignored; the keys here are interval, cps, flows, classes, sizes, timeout, df, plan, echo, token, token_file, key_file")]
    [InlineData("groups: {europe: , asia: }\nbetween: [{from: europ, to: asia}]", "etc/server.yaml:2: between[0].from: is \"europ\", which groups does not have: did you mean europe?")]
    [InlineData("groups:\n---\ngroups:", "etc/server.yaml:2: starts a second document, which is ignored: a configuration is one document")]
    [InlineData("defaults: {cps: 1, cps: 2}", "etc/server.yaml:1: defaults.cps: is given again, first in line 1: the last one counts")]
    public void What_is_most_likely_not_meant_is_warned_of(string text, string message)
    {
        ServerConfigurationResult result = Read(text);
        Assert.Equal([message], result.Warnings.Select(warning => warning.ToString()));
        Assert.NotNull(result.Configuration);
    }

    [Fact]
    public void All_mistakes_are_told_at_once_by_line()
    {
        ServerConfigurationResult result = Read("""
            interval: 0
            defaults: {cps: 0, flows: 0}
            groups:
              a: {plan: ring}
              b: {echo: maybe}
            between: [{from: a}]
            """);
        Assert.Equal([1, 2, 2, 4, 5, 6], result.Errors.Select(error => error.Line));
    }

    [Fact]
    public void No_message_tells_a_token()
    {
        ServerConfigurationResult result = Read("defaults: {token: [hush-hush]}\ngroups: {a: {token: hush hush}, b: {token_file: t}}", ("etc/t", "hush hush"));
        Assert.Equal(3, result.Errors.Count);
        Assert.All(result.Errors, error => Assert.DoesNotContain("hush", error.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_is_read_with_the_files_it_names()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory();
        try
        {
            string path = Path.Combine(directory.FullName, "server.yaml");
            File.WriteAllText(path, "defaults: {token_file: t}\nport: 8080\n");
            File.WriteAllText(Path.Combine(directory.FullName, "t"), "abc\n");
            ServerConfigurationResult result = ServerConfigurationReader.ReadFile(path, Settings);
            Assert.Equal(("abc", "8080"), (result.Configuration!.Defaults.RegisterToken, result.Settings["port"]));

            path = Path.Combine(directory.FullName, "none.yaml");
            Assert.Equal($"{path}: does not exist: check the path", Assert.Single(ServerConfigurationReader.ReadFile(path, Settings).Errors).ToString());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static ServerConfiguration Accepted(string text, params (string Path, string Content)[] files)
    {
        ServerConfigurationResult result = Read(text, files);
        Assert.Empty(result.Errors);
        return result.Configuration!;
    }

    private static ServerConfigurationResult Read(string text, params (string Path, string Content)[] files) =>
        ServerConfigurationReader.Read(text, "etc/server.yaml", Settings, path =>
            path == "etc/secret" ? throw new UnauthorizedAccessException()
            : files.FirstOrDefault(file => file.Path == path).Content is { } content ? Encoding.UTF8.GetBytes(content)
            : throw new FileNotFoundException());
}
