using System.Net;
using System.Text.Json;
using Llama.Mesh;

namespace Llama.Tests.Mesh;

/// <summary>Every configuration that the Go collector was observed with: the same meaning where it worked, a clear error where it did not.</summary>
public class CollectorCasesTests
{
    private static readonly string Collector = Path.Combine(AppContext.BaseDirectory, "fixtures", "collector");

    private static readonly Dictionary<string, string> Meanings = new()
    {
        ["bind_in_use"] = Simple(api: "127.0.0.1:9008"),
        ["cps_fraction"] = Simple(rate: "1.5"),
        ["cps_half"] = Simple(rate: "0.5"),
        ["dead"] = Lab("0.0.0.0", 9399),
        ["duplicate_keys"] = Simple(rate: "20"),
        ["full"] = Lab("0.0.0.0", 9300),
        ["full_fixed_source_ip"] = Lab("127.0.0.1", 9300),
        ["handlers_zero"] = Simple(),
        ["hostname"] = Simple(target: "localhost (by name) port 9300: name=by-hostname"),
        ["interval_fraction"] = Simple(interval: 1),
        ["ipv6_bare"] = Simple(source: "0.0.0.0 port 0", target: "::1 (::1) port 9300: name=v6"),
        ["ipv6_bracketed"] = Simple(source: "0.0.0.0 port 0", target: "::1 (::1) port 9300: name=v6"),
        ["default_config"] = """
            every 30 s, API 0.0.0.0:5000
            test default/default/default at 4/s
              4 of default: 0.0.0.0 port 0 class 0, 1000 ms
              to 127.0.0.1 (127.0.0.1) port 8100:
            """,
        ["legacy"] = """
            every 30 s, API 0.0.0.0:5000, legacy
            test default/default/default at 4/s
              4 of default: 0.0.0.0 port 0 class 0, 1000 ms
              to 127.0.0.1 (127.0.0.1) port 9300: dst_name=alpha, src_name=origin
              to 127.0.0.2 (127.0.0.2) port 9300: dst_name=beta, number=5
              to 127.0.0.3 (127.0.0.3) port 9300:
            """,
        ["legacy_hostname"] = """
            every 30 s, API 0.0.0.0:5000, legacy
            test default/default/default at 4/s
              4 of default: 0.0.0.0 port 0 class 0, 1000 ms
              to localhost (by name) port 9300: dst_name=named
            """,
        ["multi"] = """
            every 3 s, API 127.0.0.1:9001
            test near/mixed/fast at 20.5/s
              1 of base: 127.0.0.1 port 0 class 0, 400 ms
              2 of expedited: 127.0.0.1 port 0 class 184, 400 ms
              1 of from_two: 127.0.0.2 port 0 class 32, 400 ms
              to 127.0.0.11 (127.0.0.11) port 9300: site=near, rack=11
              to 127.0.0.12 (127.0.0.12) port 9399: site=near, rack=12
            test far/small/slow at 2/s
              1 of base: 127.0.0.1 port 0 class 0, 400 ms
              to 127.0.0.21 (127.0.0.21) port 9300: site=far
            """,
        ["reload_a"] = """
            every 3 s, API 127.0.0.1:9001
            test t/g/r at 5/s
              1 of p: 127.0.0.1 port 0 class 0, 300 ms
              to 127.0.0.1 (127.0.0.1) port 9300: v=1, only_in_a=x
              to 127.0.0.2 (127.0.0.2) port 9300: v=1
            """,
        ["reload_b"] = """
            every 1 s, API 127.0.0.1:9002
            test t/g/r at 20/s
              1 of p: 127.0.0.1 port 0 class 0, 300 ms
              to 127.0.0.1 (127.0.0.1) port 9300: v=2, only_in_b=y
              to 127.0.0.3 (127.0.0.3) port 9300: v=2
            """,
        ["replies"] = $"""
            every 3 s, API 127.0.0.1:9001
            test t/g/r at 5/s
              2 of p: 127.0.0.1 port 0 class 0, 300 ms
            {string.Join('\n', Behaviours().Select((name, i) => $"  to 127.0.0.{51 + i} (127.0.0.{51 + i}) port 9310: behaviour={name}"))}
            """,
        ["same_ip_two_ports"] = """
            every 3 s, API 127.0.0.1:9001
            test t/g/r at 10/s
              1 of p: 127.0.0.1 port 0 class 0, 500 ms
              to 127.0.0.1 (127.0.0.1) port 9300: which=first, only_first=1
              to 127.0.0.1 (127.0.0.1) port 9399: which=second, only_second=2
            """,
        ["source_port_fixed"] = Simple(source: "127.0.0.1 port 9555"),
        ["tag_edge"] = """
            every 3 s, API 127.0.0.1:9001
            test t/g/r at 5/s
              1 of p: 127.0.0.1 port 0 class 0, 500 ms
            """ + "\n  to 127.0.0.1 (127.0.0.1) port 9300: int=42, int_leading_zero=007, int_octal=0o17, int_hex=0x1F, int_underscore=1_000, "
            + "int_plus=+5, float=1.50, float_exp=1e3, inf=.inf, bool_true=true, bool_yes=yes, bool_Off=Off, date=2020-01-02, "
            + "timestamp=2020-01-02T03:04:05Z, null_word=, null_tilde=, null_empty=, quoted_null=null, empty_string=, spaces=two words, "
            + "html=<a & b>, quote=say \"hi\", backslash=c:\\dir, newline=line1\nline2, tab=a\tb, control=a\u0001b, unicode=Zürich ☃, "
            + "emoji=\U0001F999, line_sep=a\u2028b, comma_eq=a,b=c d, key with space=v, key,comma=eq=v, 1=integer_key, folded=folded text"
            + "\n  to 127.0.0.2 (127.0.0.2) port 9300: dst_ip=overridden-dst, src_ip=overridden-src"
            + "\n  to 127.0.0.3 (127.0.0.3) port 9300:\n  to 127.0.0.4 (127.0.0.4) port 9300:",
        ["tos_string"] = Simple(tos: 184),
        ["unresolvable"] = Simple(target: "no-such-host.invalid (by name) port 9300: name=by-hostname"),
        ["unroutable"] = Simple(source: "0.0.0.0 port 0", target: "192.0.2.1 (192.0.2.1) port 9300: name=by-hostname"),
    };

    private static readonly Dictionary<string, (int Line, string Path)[]> Mistakes = new()
    {
        ["api_only"] = [(0, "summarization.interval"), (0, "tests")],
        ["bind_bad"] = [(3, "api.bind")],
        ["broken_syntax"] = [(2, "")],
        ["count_negative"] = [(7, "port_groups.g[0].count")],
        ["count_string"] = [(7, "port_groups.g[0].count")],
        ["count_zero"] = [(7, "port_groups.g[0].count")],
        ["cps_negative"] = [(9, "rate_limits.r.cps")],
        ["cps_zero"] = [(9, "rate_limits.r.cps")],
        ["empty"] = [(0, "")],
        ["interval_missing"] = [(0, "summarization.interval")],
        ["interval_negative"] = [(2, "summarization.interval")],
        ["interval_zero"] = [(2, "summarization.interval")],
        ["missing_file"] = [(0, "")],
        ["missing_port"] = [(7, "port_groups.g[0].port")],
        ["missing_port_group"] = [(11, "tests[0].port_group")],
        ["missing_rate_limit"] = [(11, "tests[0].rate_limit")],
        ["missing_targets"] = [(11, "tests[0].targets")],
        ["no_tests"] = [(0, "tests")],
        ["port_name_in_target"] = [(14, "targets.t[0].port")],
        ["scalar"] = [(1, "")],
        ["source_ip_bad"] = [(5, "ports.p.ip")],
        ["source_port_fixed_twice"] = [(7, "port_groups.g[0].count")],
        ["tags_list"] = [(14, "targets.t[0].tags")],
        ["tags_nested"] = [(14, "targets.t[0].tags.a")],
        ["target_port_zero"] = [(14, "targets.t[0].port")],
        ["timeout_zero"] = [(5, "ports.p.timeout")],
    };

    private static readonly Dictionary<string, string[]> Warned = new()
    {
        ["duplicate_keys"] = ["rate_limits.r.cps"],
        ["handlers_zero"] = ["summarization.handlers"],
        ["interval_fraction"] = ["summarization.interval"],
        ["multi"] = ["summarization.unknown_key", "unknown_section"],
    };

    public static TheoryData<string> Cases() =>
        [.. Directory.GetFiles(Path.Combine(Collector, "cases"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    public static TheoryData<string> ObservedMeanings() =>
        [.. Directory.GetFiles(Path.Combine(Collector, "cases"), "*.json")
            .Select(file => Path.GetFileNameWithoutExtension(file))
            // The original loses the tags of these: they are looked up by an address, and kept by the text of the file.
            .Except(["hostname", "legacy_hostname", "ipv6_bracketed"])
            .Where(name => Meanings.ContainsKey(name) && LastSummary(name) is not null)
            .Order()];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_configuration_means_what_it_means_to_the_Go_collector_or_is_refused_with_line_and_key(string name)
    {
        foreach ((string config, ConfigurationResult result) in Read(name))
        {
            if (Mistakes.TryGetValue(config, out (int, string)[]? mistakes))
            {
                Assert.Equal(mistakes, result.Errors.Select(error => (error.Line, error.Path)));
                Assert.Null(result.Configuration);
                Assert.All(result.Errors, error =>
                {
                    Assert.EndsWith(".yaml", error.File, StringComparison.Ordinal);
                    Assert.Matches("^[^\r\n]+$", error.ToString());
                });
            }
            else
            {
                Assert.Empty(result.Errors);
                Assert.Equal(Meanings[config].Replace("\r\n", "\n", StringComparison.Ordinal), ConfigurationText.Of(result.Configuration!));
            }

            Assert.Equal(Warned.GetValueOrDefault(config, []), result.Warnings.Select(warning => warning.Path));
        }
    }

    [Theory]
    [MemberData(nameof(ObservedMeanings))]
    public void Targets_and_tags_are_those_that_the_Go_collector_reported(string name)
    {
        CollectorConfiguration configuration = Read(name)[0].Result.Configuration!;
        HashSet<string> expected = [];
        foreach (TestSettings test in configuration.Tests)
        {
            foreach (PortSettings port in test.Ports)
            {
                foreach (TargetSettings target in test.Targets)
                {
                    // As the original does: keyed by address, so the last target of an address gives the tags.
                    TargetSettings last = test.Targets.Last(other => Equals(other.Address, target.Address));
                    var tags = new SortedDictionary<string, string>(StringComparer.Ordinal)
                    {
                        ["dst_ip"] = target.Address!.ToString(),
                        ["src_ip"] = port.Address.Equals(IPAddress.Any) ? "::" : port.Address.ToString(),
                    };
                    foreach ((string key, string value) in last.Tags)
                        tags[key] = value;
                    expected.Add(string.Join("|", tags));
                }
            }
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), LastSummary(name)!.Order(StringComparer.Ordinal));
    }

    private static List<(string Config, ConfigurationResult Result)> Read(string name)
    {
        using JsonDocument json = Json(name);
        JsonElement root = json.RootElement;
        int destinationPort = root.TryGetProperty("args", out JsonElement args)
            && args.EnumerateArray().Select(arg => arg.GetString()).Contains("-llama.dst-port") ? 9300 : 8100;
        string?[] configs = root.TryGetProperty("configs", out JsonElement several)
            ? [.. several.EnumerateArray().Select(config => config.GetString())]
            : [root.GetProperty("config").GetString()];
        return [.. configs.Select(config => config is null
            ? (name, new ConfigurationResult(CollectorConfigurationReader.Default(destinationPort), [], []))
            : (config == "does-not-exist.yaml" ? name : Path.GetFileNameWithoutExtension(config),
                CollectorConfigurationReader.ReadFile(Path.Combine(Collector, "configs", config), destinationPort, IPAddress.IsLoopback)))];
    }

    private static string[]? LastSummary(string name)
    {
        using JsonDocument json = Json(name);
        if (!json.RootElement.TryGetProperty("observations", out JsonElement observations))
            return null;
        string? body = observations.EnumerateArray()
            .Where(observation => observation.GetProperty("path").GetString() == "/influxdata" && observation.GetProperty("method").GetString() == "GET")
            .Select(observation => observation.GetProperty("response").GetProperty("body").GetString())
            .LastOrDefault(text => text is { Length: > 2 } && text.StartsWith('['));
        if (body is null)
            return null;
        using JsonDocument points = JsonDocument.Parse(body);
        return [.. points.RootElement.EnumerateArray().Select(point => string.Join("|", new SortedDictionary<string, string>(
            point.GetProperty("tags").EnumerateObject().ToDictionary(tag => tag.Name, tag => tag.Value.GetString()!), StringComparer.Ordinal)))];
    }

    private static JsonDocument Json(string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Collector, "cases", name + ".json")));

    private static string Simple(
        int interval = 3, string api = "127.0.0.1:9001", string rate = "5", string source = "127.0.0.1 port 0", int tos = 0, string target = "127.0.0.1 (127.0.0.1) port 9300: name=one") => $"""
        every {interval} s, API {api}
        test t/g/r at {rate}/s
          1 of p: {source} class {tos}, 500 ms
          to {target}
        """;

    private static string Lab(string source, int port) => $"""
        every 3 s, API 127.0.0.1:9001
        test lab/quad/ten at 10/s
          4 of plain: {source} port 0 class 0, 500 ms
          to 127.0.0.1 (127.0.0.1) port {port}: dst_name=alpha, dst_shortname=a, src_name=origin, src_shortname=o
          to 127.0.0.2 (127.0.0.2) port {port}: dst_name=beta, zone=z9, Alpha=upper-case-key
          to 127.0.0.3 (127.0.0.3) port {port}:
        """;

    private static string[] Behaviours() =>
    [
        "delay_100ms", "delay_290ms", "delay_310ms", "delay_450ms", "dup", "signature_only", "other_tos", "unknown_fields", "wrong_signature",
        "garbage", "empty", "half", "other_source", "truncated",
    ];
}
