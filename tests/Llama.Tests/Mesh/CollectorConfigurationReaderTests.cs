using Llama.Mesh;

namespace Llama.Tests.Mesh;

public class CollectorConfigurationReaderTests
{
    /// <summary>A file without mistakes, one key to a line, for tests to replace lines of.</summary>
    private static readonly string[] Good =
    [
        "summarization: {interval: 30}",
        "api: {bind: ':5000'}",
        "ports:",
        "  p:",
        "    timeout: 1000",
        "    tos: 0",
        "port_groups:",
        "  g:",
        "    - port: p",
        "      count: 4",
        "rate_limits:",
        "  r: {cps: 4}",
        "tests:",
        "  - targets: t",
        "    port_group: g",
        "    rate_limit: r",
        "targets:",
        "  t:",
        "    - ip: 10.0.0.1",
        "      port: 8100",
    ];

    [Theory]
    [InlineData(5, "    timeout: 60001", "ports.p.timeout")]
    [InlineData(5, "    timeout: 10s", "ports.p.timeout")]
    [InlineData(5, "    timeout: '1000'", "ports.p.timeout")]
    [InlineData(5, "    timeout: .nan", "ports.p.timeout")]
    [InlineData(5, "    timeout: [1000]", "ports.p.timeout")]
    [InlineData(6, "    tos: EF", "ports.p.tos")]
    [InlineData(6, "    size: 83", "ports.p.size")]
    [InlineData(6, "    size: 9217", "ports.p.size")]
    [InlineData(6, "    df: perhaps", "ports.p.df")]
    [InlineData(6, "    ip: localhost", "ports.p.ip")]
    [InlineData(6, "    ip: 127.1", "ports.p.ip")]
    [InlineData(6, "    port: 65536", "ports.p.port")]
    [InlineData(6, "    tmieout: 5", "ports.p.tmieout", false)]
    [InlineData(6, "    prot: 5", "ports.p.prot")]
    [InlineData(10, "      count: 1001", "port_groups.g[0].count")]
    [InlineData(12, "  r: {cps: .inf}", "rate_limits.r.cps")]
    [InlineData(12, "  r: {cps: 1e-9}", "rate_limits.r.cps")]
    [InlineData(12, "  r: 4", "rate_limits.r")]
    [InlineData(1, "summarization: {interval: 86401}", "summarization.interval")]
    [InlineData(2, "api: {bind: ':http'}", "api.bind")]
    [InlineData(2, "api: {bind: '::1:5000'}", "api.bind")]
    [InlineData(2, "api: {bind: '127.0.0.1:65536'}", "api.bind")]
    [InlineData(19, "    - ip: 10.0.0.256", "targets.t[0].ip")]
    [InlineData(19, "    - ip: '10.0.0.1:8100'", "targets.t[0].ip")]
    [InlineData(19, "    - ip: '[10.0.0.1]'", "targets.t[0].ip")]
    [InlineData(19, "    - ip: 'two words'", "targets.t[0].ip")]
    [InlineData(19, "    - host: '::g'", "targets.t[0].host")]
    [InlineData(20, "      port: 65536", "targets.t[0].port")]
    public void A_value_that_does_not_fit_is_an_error_in_its_line(int line, string text, string path, bool isError = true)
    {
        ConfigurationResult result = Read(With((line, text)));
        ConfigurationError finding = Assert.Single(isError ? result.Errors : result.Warnings);
        Assert.Equal((line, path), (finding.Line, finding.Path));
    }

    [Theory]
    [InlineData(5, "    timout: 1000", "ports.p.timeout", "ports.p.timout")]
    [InlineData(14, "  - target: t", "tests[0].targets", "tests[0].target")]
    [InlineData(12, "  r: {CPS: 4}", "rate_limits.r.cps", "rate_limits.r.CPS")]
    public void A_misspelled_key_is_an_error_beside_the_key_it_leaves_missing(int line, string text, string missing, string misspelled)
    {
        ConfigurationResult result = Read(With((line, text)));
        Assert.Equal(new[] { missing, misspelled }.Order(), result.Errors.Select(error => error.Path).Order());
        Assert.Contains("did you mean", result.Errors.Single(error => error.Path == misspelled).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_of_a_file_are_told_at_once_by_line()
    {
        ConfigurationResult result = Read(With((1, "summarization: {interval: 0}"), (2, "api: {bind: nonsense}"), (6, "    tos: high"), (10, "      count: 0"),
            (12, "  r: {cps: -1}"), (16, "    rate_limit: q"), (19, "    - ip: 10.0.0.1.5"), (20, "      port: 0")));
        Assert.Equal([1, 2, 6, 10, 12, 16, 19, 20], result.Errors.Select(error => error.Line));
        Assert.Null(result.Configuration);
    }

    [Fact]
    public void An_error_names_file_line_key_and_what_to_do_in_one_line()
    {
        ConfigurationResult result = Read(With((5, "    timeout: 0")));
        Assert.Equal("llama.yaml:5: ports.p.timeout: is 0: give the milliseconds that a reply may take, 1 to 60000", Assert.Single(result.Errors).ToString());
    }

    [Fact]
    public void Text_of_a_file_cannot_break_or_flood_a_message()
    {
        ConfigurationResult result = Read(With((16, "    rate_limit: \"a\\nb\\e[31m" + new string('x', 5000) + "\"")));
        string message = Assert.Single(result.Errors).ToString();
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain('\u001b', message);
        Assert.InRange(message.Length, 1, 300);
    }

    [Theory]
    [InlineData("0xB8", 184)]
    [InlineData("0o270", 184)]
    [InlineData("0270", 184)]
    [InlineData("0b10111000", 184)]
    [InlineData("184", 184)]
    [InlineData("+1_84", 184)]
    [InlineData("184.9", 184)]
    [InlineData("1.84e2", 184)]
    [InlineData("440", 184)]
    [InlineData("-1", 255)]
    [InlineData("~", 0)]
    [InlineData("089", 89)]
    public void Tos_takes_every_form_of_a_YAML_integer_modulo_256(string text, int expected) =>
        Assert.Equal(expected, Accepted(With((6, $"    tos: {text}"))).Tests[0].Ports[0].Class);

    [Theory]
    [InlineData(":5000", "", 5000)]
    [InlineData("0.0.0.0:80", "0.0.0.0", 80)]
    [InlineData("[::]:5000", "::", 5000)]
    [InlineData("[fe80::1%2]:0", "fe80::1%2", 0)]
    [InlineData("collector-1.example:9001", "collector-1.example", 9001)]
    public void Bind_takes_a_host_and_a_port(string bind, string host, int port)
    {
        ApiSettings api = Accepted(With((2, $"api: {{bind: '{bind}'}}"))).Api;
        Assert.Equal((host, port), (api.Host, api.Port));
    }

    [Fact]
    public void Our_own_keys_are_read()
    {
        CollectorConfiguration configuration = Accepted(With((6, "    {0}"), (19, "    - host: probe-1.example")).Replace("    {0}", "    size: 1472\n    df: yes", StringComparison.Ordinal));
        PortSettings port = configuration.Tests[0].Ports[0];
        Assert.Equal((1472, true), (port.Size, port.DontFragment));
        Assert.Equal(("probe-1.example", null), (configuration.Tests[0].Targets[0].Host, configuration.Tests[0].Targets[0].Address));
    }

    [Theory]
    [InlineData("{<<: *a, y: own}", "x=a,y=own,z=a")]
    [InlineData("{y: own, <<: *a}", "y=a,x=a,z=a")]
    [InlineData("{<<: [*b, *a], w: own}", "x=a,y=b,z=a,w=own")]
    [InlineData("{<<: *c}", "x=a,y=a,z=a,v=c")]
    [InlineData("{\"<<\": text}", "<<=text")]
    [InlineData("*a", "x=a,y=a,z=a")]
    public void Merge_keys_act_where_they_stand_as_in_yaml_v2(string tags, string expected)
    {
        string text = "a: &a {x: a, y: a, z: a}\nb: &b {y: b}\nc: &c {<<: *a, v: c}\n" + With((20, $"      port: 8100\n      tags: {tags}"));
        Assert.Equal(expected, string.Join(',', Accepted(text).Tests[0].Targets[0].Tags.Select(tag => $"{tag.Key}={tag.Value}")));
    }

    [Theory]
    [InlineData("&a {<<: *a}")]
    [InlineData("&a {x: *a}")]
    [InlineData("*nowhere")]
    [InlineData("{<<: 5}")]
    [InlineData("{<<: [5]}")]
    [InlineData("{? [a, b] : c}")]
    public void Aliases_and_merges_that_lead_nowhere_are_errors_in_their_line(string tags)
    {
        ConfigurationResult result = Read(With((20, $"      port: 8100\n      tags: {tags}")));
        Assert.Equal(21, Assert.Single(result.Errors).Line);
    }

    [Fact]
    public void What_no_test_uses_is_warned_of_and_keeps_nothing_from_running()
    {
        ConfigurationResult result = Read(With((12, "  r: {cps: 4}\n  spare: {cps: 0}")));
        Assert.NotNull(result.Configuration);
        Assert.Equal([(13, "rate_limits.spare.cps"), (13, "rate_limits.spare")], result.Warnings.Select(warning => (warning.Line, warning.Path)));
    }

    [Fact]
    public void A_repeated_section_is_joined_and_a_repeated_entry_replaced()
    {
        ConfigurationResult result = Read(With((12, "  r: {cps: 1}\nrate_limits:\n  q: {cps: 2}\n  r: {cps: 8}")));
        Assert.Equal(8, result.Configuration!.Tests[0].CyclesPerSecond);
        Assert.Contains(result.Warnings, warning => warning.Line == 13 && warning.Path == "rate_limits");
        Assert.Contains(result.Warnings, warning => warning.Line == 15 && warning.Path == "rate_limits.r");
    }

    [Fact]
    public void The_same_target_twice_is_tested_once_with_the_last_tags()
    {
        ConfigurationResult result = Read(With((20, "      port: 8100\n      tags: {v: 1}\n    - {ip: '::ffff:10.0.0.1', port: 8100, tags: {v: 2}}\n    - {ip: 10.0.0.1, port: 8101}")));
        Assert.Equal(["10.0.0.1:8100 2", "10.0.0.1:8101 "], result.Configuration!.Tests[0].Targets.Select(target => $"{target.Address}:{target.Port} {string.Join(",", target.Tags.Select(tag => tag.Value))}"));
        Assert.Equal((22, "targets.t[1]"), (result.Warnings.Single().Line, result.Warnings.Single().Path));
    }

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.2", false)]
    [InlineData("::1", "127.0.0.1", false)]
    public void A_source_port_serves_one_test_alone(string first, string second, bool clash)
    {
        string text = With(
            (4, $"  q: {{timeout: 9, port: 9555, ip: '{second}'}}\n  p:"),
            (6, $"    port: 9555\n    ip: '{first}'"),
            (10, "      count: 1\n  h: [{port: q, count: 1}]"),
            (13, "tests:\n  - {targets: t, port_group: h, rate_limit: r}"));
        ConfigurationResult result = Read(text);
        Assert.Equal(clash ? ["tests[1]"] : [], result.Errors.Select(error => error.Path));
    }

    [Fact]
    public void Tests_of_the_same_parts_have_names_of_their_own_that_a_reload_finds_again()
    {
        string text = With((13, "tests:\n  - {targets: t, port_group: g, rate_limit: r}\n  - {targets: t, port_group: g, rate_limit: r}"));
        Assert.Equal(["t/g/r", "t/g/r#2", "t/g/r#3"], Accepted(text).Tests.Select(test => test.Name));
    }

    [Fact]
    public void More_flows_than_a_process_can_keep_are_an_error()
    {
        string text = With((10, "      count: 1000"), (20, "      port: 8100\n" + string.Concat(Enumerable.Range(1, 4000).Select(i => $"    - {{ip: 10.1.{i / 250}.{i % 250}, port: 8100}}\n"))));
        ConfigurationError error = Assert.Single(Read(text).Errors);
        Assert.Equal((14, "tests[0]"), (error.Line, error.Path));
        Assert.Contains("4001000 flows", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api: {dst_name: a}\n10.0.0.1:\n", true)]
    [InlineData("ports: {dst_name: a}\ntargets:\nprobe-7:\n", true)]
    [InlineData("api: {bind: ':1'}\nsummarization:\n", false)]
    [InlineData("api: {bind: ':1'}\n10.0.0.1:\n", false)]
    [InlineData("test: [{targets: t}]\n", false)]
    [InlineData("10.0.0.1: [a]\n", true)]
    public void A_mapping_of_mappings_of_texts_is_the_legacy_form(string text, bool legacy)
    {
        ConfigurationResult result = Read(text);
        bool read = result.Configuration?.IsLegacy ?? !result.Errors.Any(error => error.Path == "tests");
        Assert.Equal(legacy, read);
    }

    [Theory]
    [InlineData("10.0.0.1: {a: [b]}", "10.0.0.1.a")]
    [InlineData("10.0.0.1: text", "10.0.0.1")]
    [InlineData("10.0.0.1:9000: {a: b}", "10.0.0.1:9000")]
    [InlineData("10.0.0.1/24: {a: b}", "\"10.0.0.1/24\"")]
    public void A_mistake_in_the_legacy_form_names_the_target(string line, string path)
    {
        ConfigurationError error = Assert.Single(Read("# targets\n" + line).Errors);
        Assert.Equal((2, path), (error.Line, error.Path));
    }

    [Theory]
    [InlineData("::1:", "::1")]
    [InlineData("'[::1]': {a: b}", "::1")]
    public void The_legacy_form_takes_IPv6_with_and_without_brackets(string text, string host) =>
        Assert.Equal(host, Accepted(text).Tests[0].Targets[0].Host);

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(0xD83E)]
    [InlineData(0xFFFF)]
    public void A_character_that_YAML_does_not_allow_is_an_error_in_its_line(int character)
    {
        ConfigurationError error = Assert.Single(Read($"a:\r\n  b: {(char)character}\r\n").Errors);
        Assert.Equal(2, error.Line);
    }

    [Theory]
    [InlineData("[ - {a: b}]")]
    [InlineData("\"\\UFFFFFFFF\"")]
    [InlineData("!<> x")]
    [InlineData("\"\\ud800\"")]
    [InlineData("@x")]
    [InlineData("{a: b")]
    public void What_is_not_YAML_is_an_error_near_its_line(string text)
    {
        ConfigurationError error = Assert.Single(Read($"a:\n  b:\n    {text}\n").Errors);
        Assert.InRange(error.Line, 3, 4);
        Assert.StartsWith("is not YAML: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_first_document_counts()
    {
        ConfigurationResult result = Read(string.Join('\n', Good) + "\n---\nother: 1\n");
        Assert.NotNull(result.Configuration);
        Assert.Equal(Good.Length + 1, Assert.Single(result.Warnings).Line);
    }

    [Fact]
    public void A_file_that_is_not_text_is_an_error_and_a_byte_order_mark_is_not()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(path, [0x61, 0x3A, 0x20, 0xFF, 0xFE]);
            Assert.Contains("UTF-8", Assert.Single(CollectorConfigurationReader.ReadFile(path).Errors).Message, StringComparison.Ordinal);
            File.WriteAllText(path, "10.0.0.1:\n", new System.Text.UTF8Encoding(true));
            Assert.NotNull(CollectorConfigurationReader.ReadFile(path).Configuration);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string With(params (int Line, string Text)[] changes)
    {
        string[] lines = [.. Good];
        foreach ((int line, string text) in changes)
            lines[line - 1] = text;
        return string.Join('\n', lines) + "\n";
    }

    private static CollectorConfiguration Accepted(string text)
    {
        ConfigurationResult result = Read(text);
        Assert.Empty(result.Errors);
        return result.Configuration!;
    }

    private static ConfigurationResult Read(string text) => CollectorConfigurationReader.Read(text, "llama.yaml");
}
