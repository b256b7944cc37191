using System.CommandLine;
using System.Net;
using System.Text.Json;
using Llama.Cli;
using Llama.Cli.Settings;

namespace Llama.Tests.Cli;

public class CommandLineTests
{
    private readonly Stage _stage = new();

    [Theory]
    [InlineData("-port", "9300")]
    [InlineData("--port", "9300")]
    [InlineData("-port=9300")]
    [InlineData("--port=9300")]
    public void Reflector_takes_every_spelling_of_port_that_go_takes(params string[] args) =>
        Assert.Equal(9300, Parse(["reflector", .. args]).GetValue<int>("--port"));

    [Theory]
    [InlineData("-llama.dst-port", "9300")]
    [InlineData("--llama.dst-port", "9300")]
    [InlineData("-llama.dst-port=9300")]
    [InlineData("--llama.dst-port=9300")]
    [InlineData("--dst-port", "9300")]
    [InlineData("-dst-port=9300")]
    public void Collector_takes_every_spelling_of_the_destination_port(params string[] args) =>
        Assert.Equal(9300, Parse(["collector", .. args]).GetValue<int>("--dst-port"));

    [Theory]
    [InlineData("-llama.config", "a=b.yaml")]
    [InlineData("-llama.config=a=b.yaml")]
    [InlineData("--llama.config=a=b.yaml")]
    [InlineData("--config", "a=b.yaml")]
    public void Collector_takes_every_spelling_of_the_configuration_file(params string[] args) =>
        Assert.Equal("a=b.yaml", Parse(["collector", .. args]).GetValue<string>("--config"));

    [Fact]
    public void Reflector_accepts_the_flags_that_go_shares_between_its_programs()
    {
        ParseResult parsed = Parse(["reflector", "-llama.config=x", "-llama.dst-port", "1", "-max-pps", "7"]);
        Assert.Empty(parsed.Errors);
        Assert.Equal(7, parsed.GetValue<Rate>("--max-pps")!.PerSecond);
    }

    [Fact]
    public void The_last_of_a_repeated_flag_wins_as_in_go() =>
        Assert.Equal(2, Parse(["reflector", "-port", "1", "-port=2"]).GetValue<int>("--port"));

    [Fact]
    public void A_flag_goes_before_the_environment_and_the_environment_before_the_default()
    {
        Assert.Equal(8100, Parse(["reflector"]).GetValue<int>("--port"));
        _stage.Environment["LLAMA_PORT"] = "9000";
        Assert.Equal(9000, Parse(["reflector"]).GetValue<int>("--port"));
        Assert.Equal(9300, Parse(["reflector", "-port=9300"]).GetValue<int>("--port"));
    }

    [Theory]
    [InlineData("LLAMA_CONFIG", "x.yaml", "collector", "--config")]
    [InlineData("LLAMA_KEY_FILE", "key", "collector", "--key-file")]
    [InlineData("LLAMA_KEY_FILE", "key", "reflector", "--key-file")]
    public void Every_setting_has_an_environment_variable(string variable, string value, string command, string flag)
    {
        _stage.Environment[variable] = value;
        Assert.Equal(value, Parse([command]).GetValue<string>(flag));
    }

    [Fact]
    public void A_setting_may_have_a_letter_and_variables_of_its_own_of_which_the_first_that_is_set_counts()
    {
        var setting = new Setting<string>(
            "host", "HOST", "Where.", ValueParser.Text, Environment, "here", letter: 'i', variables: ["APP_HOST", "OTHER_HOST"]);
        var command = new RootCommand { setting };
        Assert.Equal("here", command.Parse([]).GetValue(setting));
        _stage.Environment["OTHER_HOST"] = "second";
        Assert.Equal("second", command.Parse([]).GetValue(setting));
        _stage.Environment["APP_HOST"] = "first";
        Assert.Equal("first", command.Parse([]).GetValue(setting));
        Assert.Equal("flag", command.Parse(["-i", "flag"]).GetValue(setting));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("1", true)]
    [InlineData("no", false)]
    [InlineData("false", false)]
    [InlineData("false", true, "-v")]
    [InlineData("false", true, "--verbose")]
    [InlineData("true", false, "--verbose=false")]
    public void A_switch_is_on_by_flag_or_variable(string? variable, bool on, params string[] args)
    {
        if (variable is not null) _stage.Environment["APP_VERBOSE"] = variable;
        var verbose = new Switch("verbose", "Tell more.", Environment, letter: 'v', variables: ["APP_VERBOSE"]);
        ParseResult parsed = new RootCommand { verbose }.Parse(args);
        Assert.Empty(parsed.Errors);
        Assert.Equal(on, parsed.GetValue(verbose));
    }

    [Fact]
    public void A_switch_that_is_neither_on_nor_off_is_an_error()
    {
        _stage.Environment["APP_VERBOSE"] = "perhaps";
        var verbose = new Switch("verbose", "Tell more.", Environment, variables: ["APP_VERBOSE"]);
        Assert.Contains("APP_VERBOSE: 'perhaps' is neither on nor off", new RootCommand { verbose }.Parse([]).Errors.Single().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_environment_variable_is_named_in_the_error()
    {
        _stage.Environment["LLAMA_MAX_PPS"] = "lots";
        Assert.Equal(ExitCode.Usage, await _stage.RunAsync("reflector"));
        Assert.Equal(
            "llama: LLAMA_MAX_PPS: 'lots' is not a rate: give a number of datagrams per second, 1 or more, or 'unlimited'; see 'llama reflector --help'\n",
            _stage.Error);
    }

    [Fact]
    public async Task A_rate_below_one_is_refused_because_it_would_make_the_reflector_deaf()
    {
        Assert.Equal(ExitCode.Usage, await _stage.RunAsync("reflector", "-max-pps=0.5"));
        Assert.Contains("would make the reflector deaf", _stage.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unlimited", null)]
    [InlineData("1", 1.0)]
    [InlineData("200000", 200000.0)]
    public void Rates_are_numbers_or_unlimited(string text, double? perSecond) => Assert.Equal(perSecond, Rate.Parse(text).Value!.PerSecond);

    [Theory]
    [InlineData("reflector", "--prot", "5")]
    [InlineData("reflector", "-workers", "0")]
    [InlineData("reflector", "-port", "0")]
    [InlineData("reflector", "-port", "65536")]
    [InlineData("reflector", "-port")]
    [InlineData("reflector", "--bind", "example.com")]
    [InlineData("reflector", "--metrics", "9100")]
    [InlineData("collector", "--verbose")]
    [InlineData("demo", "--probes", "1")]
    [InlineData("demo", "--for", "soon")]
    [InlineData("demo", "stray")]
    [InlineData("relay", "--to", "192.0.2.1")]
    [InlineData("relay", "--loss", "101%")]
    [InlineData("completion", "tcsh")]
    [InlineData("no-such-command")]
    [InlineData]
    public async Task A_command_line_that_makes_no_sense_exits_2_with_lines_that_start_with_llama(params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await _stage.RunAsync(args));
        Assert.All(_stage.Error.TrimEnd('\n').Split('\n'), line => Assert.StartsWith("llama: ", line, StringComparison.Ordinal));
        Assert.Contains("--help", _stage.Error, StringComparison.Ordinal);
        Assert.Empty(_stage.Out);
    }

    [Theory]
    [InlineData("-h")]
    [InlineData("-help")]
    [InlineData("--help")]
    [InlineData("reflector", "-h")]
    [InlineData("collector", "--help")]
    [InlineData("probe", "-h")]
    [InlineData("demo", "-help")]
    [InlineData("relay", "-h")]
    [InlineData("version", "-h")]
    [InlineData("completion", "-h")]
    public async Task Help_exits_0(params string[] args)
    {
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync(args));
        Assert.Contains("Usage:", _stage.Out, StringComparison.Ordinal);
        Assert.Empty(_stage.Error);
    }

    [Theory]
    [InlineData("reflector")]
    [InlineData("collector")]
    [InlineData("demo")]
    [InlineData("relay")]
    [InlineData("ping")]
    [InlineData("probe")]
    public async Task Help_of_a_command_has_examples_exit_codes_and_environment_variables(string command)
    {
        await _stage.RunAsync(command, "--help");
        Assert.Contains("Examples:", _stage.Out, StringComparison.Ordinal);
        Assert.Contains("Exit codes:", _stage.Out, StringComparison.Ordinal);
        Assert.Contains("[LLAMA_", _stage.Out, StringComparison.Ordinal);
        Assert.All(_stage.Out.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task A_configuration_file_that_is_missing_exits_1_and_names_it()
    {
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync("collector", "-llama.config", "/no/such/file.yaml", "stray"));
        Assert.Equal(
            "llama: ignoring what follows no flag: stray\nllama: /no/such/file.yaml: can't be read: there is no such file\n", _stage.Error);
    }

    [Fact]
    public async Task A_key_file_that_is_missing_exits_1_and_names_it()
    {
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync("reflector", "--key-file", "/no/such/key"));
        Assert.StartsWith("llama: --key-file: can't read /no/such/key", _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_is_json_when_asked_for()
    {
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("version", "--json"));
        using JsonDocument version = JsonDocument.Parse(_stage.Out);
        Assert.NotEmpty(version.RootElement.GetProperty("version").GetString()!);
    }

    [Theory]
    [InlineData("bash", "complete -o default")]
    [InlineData("zsh", "#compdef llama")]
    [InlineData("fish", "complete -c llama")]
    public async Task Completion_scripts_ask_llama_itself(string shell, string holds)
    {
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("completion", shell));
        Assert.Contains(holds, _stage.Out, StringComparison.Ordinal);
        Assert.Contains("[suggest:", _stage.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(":9100", "", 9100)]
    [InlineData("127.0.0.1:9100", "127.0.0.1", 9100)]
    [InlineData("[::1]:9100", "::1", 9100)]
    [InlineData("localhost:0", "localhost", 0)]
    public void Addresses_to_listen_on_have_a_host_and_a_port(string text, string host, int port) =>
        Assert.Equal(new ListenAddress(host, port), ListenAddress.Parse(text).Value);

    [Theory]
    [InlineData("9100")]
    [InlineData("::1:9100")]
    [InlineData("host:")]
    [InlineData("host:x")]
    [InlineData("host:70000")]
    public void Other_addresses_to_listen_on_are_refused(string text) => Assert.NotNull(ListenAddress.Parse(text).Problem);

    [Theory]
    [InlineData("15s", 15_000)]
    [InlineData("500ms", 500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1.5", 1_500)]
    [InlineData("3d", 259_200_000)]
    [InlineData("1w", 604_800_000)]
    public void Durations_have_a_unit_or_are_seconds(string text, double milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), ValueParser.Duration(text).Value);

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("1y")]
    [InlineData("1e9h")]
    public void Other_durations_are_refused(string text) => Assert.NotNull(ValueParser.Duration(text).Problem);

    [Theory]
    [InlineData("1%", 0.01)]
    [InlineData("0.25", 0.25)]
    [InlineData("100%", 1)]
    [InlineData("0", 0)]
    public void Shares_are_percentages_or_fractions(string text, double share) => Assert.Equal(share, ValueParser.Share(text).Value);

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("-1%")]
    [InlineData("1.5")]
    [InlineData("NaN")]
    public void Other_shares_are_refused(string text) => Assert.NotNull(ValueParser.Share(text).Problem);

    [Theory]
    [InlineData("give the address and port that collectors send to", "--to", "127.0.0.1:1")]
    [InlineData("give the reflector's address and port", "--listen", "127.0.0.1:1")]
    [InlineData("of different families", "--listen", "127.0.0.1:1", "--to", "[::1]:1")]
    public async Task A_relay_without_two_ends_that_match_exits_1(string says, params string[] args)
    {
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync(["relay", .. args]));
        Assert.Contains(says, _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_takes_addresses_of_both_families()
    {
        Assert.Equal(IPAddress.Parse("192.0.2.1"), Parse(["reflector", "--bind", "192.0.2.1"]).GetValue<IPAddress>("--bind"));
        Assert.Equal(IPAddress.IPv6Loopback, Parse(["reflector", "--bind", "[::1]"]).GetValue<IPAddress>("--bind"));
    }

    private string? Environment(string name) => _stage.Environment.GetValueOrDefault(name);

    private ParseResult Parse(string[] args) => CommandLine.Parse(args, _stage.Surroundings);
}
