using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Llama.Cli;
using Llama.Cli.Ping;

namespace Llama.Tests.Cli.Ping;

public class PingFlagsTests
{
    private readonly Stage _stage = new();

    [Theory]
    [InlineData("fra1", "fra1", 8100, null)]
    [InlineData("fra1.example.net:9300", "fra1.example.net", 9300, null)]
    [InlineData("192.0.2.20", "192.0.2.20", 8100, "192.0.2.20")]
    [InlineData("192.0.2.20:1", "192.0.2.20", 1, "192.0.2.20")]
    [InlineData("2001:db8::20", "2001:db8::20", 8100, "2001:db8::20")]
    [InlineData("[2001:db8::20]", "2001:db8::20", 8100, "2001:db8::20")]
    [InlineData("[2001:db8::20]:65535", "2001:db8::20", 65535, "2001:db8::20")]
    [InlineData("::1", "::1", 8100, "::1")]
    [InlineData("[::ffff:192.0.2.20]:5", "::ffff:192.0.2.20", 5, "192.0.2.20")]
    public void Targets_are_names_or_addresses_with_or_without_a_port(string text, string host, int port, string? address)
    {
        PingTarget target = PingTarget.Parse(text).Value!;

        Assert.Equal((host, port, address), (target.Host, target.Port, target.Address?.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":8100")]
    [InlineData("fra1:")]
    [InlineData("fra1:0")]
    [InlineData("fra1:65536")]
    [InlineData("fra1:http")]
    [InlineData("[2001:db8::20")]
    [InlineData("[2001:db8::20]x")]
    [InlineData("[fra1]:8100")]
    [InlineData("[]")]
    [InlineData("2001:db8:::20")]
    [InlineData("192.0.2")]
    [InlineData("192.0.2.256")]
    [InlineData("192.0.2.020")]
    [InlineData("a..b")]
    [InlineData("a b")]
    [InlineData("-x")]
    public void Other_targets_are_refused(string text) => Assert.NotNull(PingTarget.Parse(text).Problem);

    [Fact]
    public void Without_flags_it_pings_modestly_for_ever()
    {
        PingOptions options = Options("fra1");

        Assert.Equal("fra1", Assert.Single(options.Targets).Host);
        Assert.Equal((8, 16.0, 1028), (options.Flows, options.Rate, options.Size));
        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)), (options.Timeout, options.Interval));
        Assert.Equal((0, null, null, null), (options.Class, options.MostDatagrams, options.Source, options.Family));
        Assert.Equal((PingFormat.Text, false, false, false), (options.Format, options.DontFragment, options.FindMtu, options.PerFlow));
        Assert.Equal((null, null), (options.FailLoss, options.FailRtt));
    }

    [Fact]
    public void Every_flag_is_heard()
    {
        PingOptions options = Options(
            "a", "b:9300", "--flows", "3", "--rate=30", "-count", "100", "--duration", "2s", "--timeout", "250ms", "--interval", "10s", "--class", "EF",
            "--size", "200", "--df", "--source", "192.0.2.1", "-4", "--per-flow", "--fail-loss", "1%", "--fail-rtt", "20ms", "--network", "portable");

        Assert.Equal(["a", "b"], options.Targets.Select(target => target.Host));
        Assert.Equal((3, 30.0, 100L, 200), (options.Flows, options.Rate, options.Count, options.Size));
        Assert.Equal((TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(10)), (options.Timeout, options.Interval));
        Assert.Equal((Pinged.Expedited, AddressFamily.InterNetwork), (options.Class, options.Family));
        Assert.Equal(IPAddress.Parse("192.0.2.1"), options.Source);
        Assert.Equal((true, true, true), (options.DontFragment, options.PerFlow, options.Portable));
        Assert.Equal((0.01, TimeSpan.FromMilliseconds(20)), (options.FailLoss, options.FailRtt));
    }

    [Theory]
    [InlineData("-c", "7")]
    [InlineData("--c=7")]
    [InlineData("--count=7")]
    public void Flags_that_ping_and_mtr_have_are_there_under_their_letters(params string[] args) => Assert.Equal(7, Options(["a", .. args]).Count);

    [Fact]
    public void A_setting_may_come_from_the_environment()
    {
        _stage.Environment["LLAMA_CLASS"] = "AF41";
        _stage.Environment["LLAMA_RATE"] = "0.5";

        Assert.Equal((0x88, 0.5), (Options("a").Class, Options("a").Rate));
    }

    [Theory]
    [InlineData("EF", 0xB8)]
    [InlineData("ef", 0xB8)]
    [InlineData("AF41", 0x88)]
    [InlineData("AF11", 0x28)]
    [InlineData("CS0", 0)]
    [InlineData("CS7", 0xE0)]
    [InlineData("BE", 0)]
    [InlineData("DF", 0)]
    [InlineData("LE", 4)]
    [InlineData("VA", 0xB0)]
    [InlineData("0xB8", 0xB8)]
    [InlineData("0xb9", 0xB9)]
    [InlineData("184", 184)]
    [InlineData("0", 0)]
    public void Classes_are_names_of_dscps_or_octets(string text, byte octet) => Assert.Equal(octet, Options("a", "--class", text).Class);

    [Theory]
    [InlineData]
    [InlineData("a", "--class", "EG")]
    [InlineData("a", "--class", "AF44")]
    [InlineData("a", "--class", "CS8")]
    [InlineData("a", "--class", "256")]
    [InlineData("a", "--class", "0x1FF")]
    [InlineData("a", "--class", "0x")]
    [InlineData("a", "--flows", "0")]
    [InlineData("a", "--rate", "0")]
    [InlineData("a", "--rate", "fast")]
    [InlineData("a", "--rate", "NaN")]
    [InlineData("a", "--count", "0")]
    [InlineData("a", "--duration", "0s")]
    [InlineData("a", "--timeout", "61s")]
    [InlineData("a", "--interval", "500ms")]
    [InlineData("a", "--interval", "1.5")]
    [InlineData("a", "--size", "83")]
    [InlineData("a", "--size", "9217")]
    [InlineData("a", "--source", "fra1")]
    [InlineData("a", "--fail-loss", "much")]
    [InlineData("a", "--fail-loss", "101%")]
    [InlineData("a", "--fail-rtt", "fast")]
    [InlineData("a", "-4", "-6")]
    [InlineData("a", "--json", "--csv")]
    [InlineData("a", "--jsno")]
    [InlineData("a..b")]
    public async Task What_makes_no_sense_exits_2_with_one_line(params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await _stage.RunAsync(["ping", .. args]));
        Assert.StartsWith("llama: ", Assert.Single(_stage.Error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
        Assert.EndsWith("see 'llama ping --help'\n", _stage.Error, StringComparison.Ordinal);
        Assert.Empty(_stage.Out);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(100, null, 100L)]
    [InlineData(null, 10.0, 160L)]
    [InlineData(100, 10.0, 100L)]
    [InlineData(1000, 10.0, 160L)]
    [InlineData(null, 0.001, 1L)]
    public void Count_and_duration_end_it_by_whichever_comes_first(int? count, double? seconds, long? datagrams)
    {
        PingOptions options = Pinged.Options with { Count = count, Duration = seconds is { } span ? TimeSpan.FromSeconds(span) : null };

        Assert.Equal(datagrams, options.MostDatagrams);
    }

    [Fact]
    public void The_plan_spreads_the_rate_of_a_target_over_its_flows()
    {
        PingOptions options = Pinged.Options with { Flows = 4, Rate = 10, Count = 5, DontFragment = true };
        Llama.Engine.ProbingTest test = Assert.Single(options.Plan([Pinged.Frankfurt, Pinged.Sydney]).Tests);

        Assert.Equal(2.5, test.CyclesPerSecond);
        Assert.Equal(10, test.MostDatagrams);
        Assert.Equal([0, 1, 2, 3], test.Ports.Select(port => port.Ordinal));
        Assert.All(test.Ports, port => Assert.Equal((Pinged.Expedited, true, IPAddress.Any), (port.Class, port.DontFragment!.Value, port.Address)));
    }

    [Fact]
    public async Task Help_tells_that_there_may_be_several_targets()
    {
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("ping", "--help"));
        Assert.Contains("llama ping <target>...", _stage.Out, StringComparison.Ordinal);
        Assert.Contains("[LLAMA_FAIL_LOSS]", _stage.Out, StringComparison.Ordinal);
        Assert.All(_stage.Out.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    private PingOptions Options(params string[] args)
    {
        var flags = new PingFlags(_stage.Surroundings.Environment);
        var command = new Command("ping");
        flags.AddTo(command);
        ParseResult parsed = command.Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        Assert.Empty(parsed.Errors);
        return flags.Read(parsed, _stage.Surroundings.Log);
    }
}
