using Llama.Server.Scraping;
using Llama.Tests.Cli;

namespace Llama.Tests.Server.Scraping;

/// <summary>What the Go scraper did with what collectors answered, against ours. Differences are told in docs/compatibility.md.</summary>
public sealed class RecordedCaseTests
{
    private const string RoundTrip = "loss=0,lost=0,rtt=0.071418,sent=120\n";

    /// <summary>What each recorded case asserts here.</summary>
    private static readonly Dictionary<string, Expectation> Table = new()
    {
        // The points of the first write reach the sinks, octet for octet as the Go scraper's client writes them.
        ["basic"] = Expectation.Same,
        ["double_dash"] = Expectation.Same,
        ["escaping"] = Expectation.Same,
        ["hosts_empty"] = Expectation.Same,
        ["measurement_escaping"] = Expectation.Same,
        ["no_measurement"] = Expectation.Same,
        ["no_tags"] = Expectation.Same,
        ["no_time_key"] = Expectation.Same,
        ["numbers2"] = Expectation.Same,
        ["times"] = Expectation.Same,
        ["unknown_keys"] = Expectation.Same,
        ["hosts_two_one_down"] = Expectation.Same,

        // Nothing is written, and the next question comes.
        ["collector_404"] = Expectation.Nothing(ScrapeOutcome.HttpError, "127.0.0.1:9500: answers 404 Not Found"),
        ["collector_500"] = Expectation.Nothing(ScrapeOutcome.HttpError, "127.0.0.1:9500: answers 500 Internal Server Error"),
        ["collector_down"] = Expectation.Nothing(ScrapeOutcome.Unreachable, "127.0.0.1:9500: Connection refused"),
        ["not_json"] = Expectation.Nothing(ScrapeOutcome.Malformed, "127.0.0.1:9500: The body is not JSON: it breaks off or goes wrong in line 1, byte 1."),
        ["object"] = Expectation.Nothing(ScrapeOutcome.Malformed, "127.0.0.1:9500: The body is not a list of points."),
        ["string_field"] = Expectation.Nothing(ScrapeOutcome.Malformed, "127.0.0.1:9500: The point [0].fields have a value that is not a number."),
        ["numeric_tag"] = Expectation.Nothing(ScrapeOutcome.Malformed, "127.0.0.1:9500: The point [0].tags have a value that is not a text."),
        ["numbers"] = Expectation.Nothing(ScrapeOutcome.Malformed, "127.0.0.1:9500: The point [0].fields have a value that is not a number."),

        // Differences.
        ["empty_list"] = Expectation.Nothing(ScrapeOutcome.Nothing, null),
        ["null"] = Expectation.Nothing(ScrapeOutcome.Nothing, null),
        ["no_fields"] = Expectation.Other("raw_stats,t=v rtt=1.5\n"),
        ["hosts_duplicate"] = Expectation.Other("raw_stats,dst_ip=127.0.0.1,src_ip=:: " + RoundTrip),
        ["hosts_space"] = Expectation.Other("raw_stats,dst_ip=127.0.0.1,src_ip=:: " + RoundTrip),
        ["hosts_trailing_comma"] = Expectation.Other("raw_stats,dst_ip=127.0.0.1,src_ip=:: " + RoundTrip),

        // Of the command line: exit codes.
        ["interval_text"] = Expectation.Exit("--interval: 'abc' is not a number of seconds: give a whole one, 1 to 86400"),
        ["interval_zero"] = Expectation.Exit("--interval: '0' is not a number of seconds: give a whole one, 1 to 86400"),
        ["interval_negative"] = Expectation.Exit("--interval: '-1' is not a number of seconds: give a whole one, 1 to 86400"),
        ["influx_bad_port"] = Expectation.Exit("--influxdb-port: 'abc' is not a TCP port: give a number from 1 to 65535"),

        // Their points are those of basic; what they show of InfluxDB is tested with the sink.
        ["auth"] = Expectation.Same,
        ["dbname_special"] = Expectation.Same,
        ["influx_200"] = Expectation.Same,
        ["influx_400"] = Expectation.Same,
        ["influx_401"] = Expectation.Same,
        ["influx_404"] = Expectation.Same,
        ["influx_500"] = Expectation.Same,
        ["influx_slow"] = Expectation.Same,
        ["influx_down"] = Expectation.Other("raw_stats,dst_ip=127.0.0.1,src_ip=:: " + RoundTrip),

        // Tested on their own: redirects need the network, time limits a clock, and of the others the answers were not kept whole.
        ["collector_redirect"] = Expectation.Elsewhere(nameof(CollectorConnectionTests.A_redirect_is_followed)),
        ["collector_slow"] = Expectation.Elsewhere(nameof(ScraperTests.A_collector_that_does_not_answer_in_time_is_given_up_and_delays_nobody)),
        ["big"] = Expectation.Elsewhere(nameof(PointsReaderTests.Thousands_of_points_are_one_record)),
        ["real_collector"] = Expectation.Elsewhere("ScraperTests of Llama.EndToEnd"),
        ["influxdb_1_6_7"] = Expectation.Elsewhere("the tests of the InfluxDB sink"),
    };

    public static TheoryData<string> Replayed => [.. Table.Where(entry => entry.Value.Lines is not null || entry.Value.IsSame || entry.Value.Outcome is not null).Select(entry => entry.Key)];

    public static TheoryData<string> OfTheCommandLine => [.. Table.Where(entry => entry.Value.Complaint is not null).Select(entry => entry.Key)];

    [Fact]
    public void Every_recorded_case_says_what_it_asserts() => Assert.Equal(RecordedCase.Names, Table.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Replayed))]
    public async Task What_a_recorded_collector_answered_reaches_the_sinks(string name)
    {
        var recorded = RecordedCase.Read(name);
        Expectation expected = Table[name];
        await using var world = new ScrapingWorld();
        if (name != "collector_down") world.Collectors.Answer("127.0.0.1:9500", asked => recorded.Answer(asked.Path));
        string hosts = Flag(recorded, "-llama.collector-hosts") is { Length: > 0 } given ? given : "127.0.0.1";
        await world.StartAsync(CollectorEntry.ParseList(hosts, 9500), interval: 1);
        await world.PassAsync(2.5);

        Assert.Equal(expected.IsSame ? recorded.FirstWrite : expected.Lines ?? "", string.Concat(world.Taken.Select(record => record.GoLines)));
        if (expected.Outcome is { } outcome) Assert.True(world.Scraper.Counters[outcome] >= 2, "It was not asked again.");
        if (expected.Problem is { } problem) Assert.Equal([problem], world.Said.Skip(1));
    }

    [Theory]
    [MemberData(nameof(OfTheCommandLine))]
    public async Task What_the_recorded_command_line_says_is_understood_or_refused(string name)
    {
        var stage = new Stage();

        Assert.Equal(2, await stage.RunAsync(["scraper", .. RecordedCase.Read(name).Arguments]));

        Assert.Equal($"llama: {Table[name].Complaint}; see 'llama scraper --help'\n", stage.Error);
    }

    private static string? Flag(RecordedCase recorded, string name)
    {
        string[] arguments = recorded.Arguments;
        int place = Array.LastIndexOf(arguments, name);
        return place < 0 ? arguments.FirstOrDefault(argument => argument.TrimStart('-').StartsWith($"{name[1..]}=", StringComparison.Ordinal))?.Split('=', 2)[1] : arguments[place + 1];
    }

    /// <summary>What a case comes to.</summary>
    private sealed record Expectation
    {
        public static Expectation Same { get; } = new() { IsSame = true };

        public bool IsSame { get; private init; }

        public string? Lines { get; private init; }

        public ScrapeOutcome? Outcome { get; private init; }

        public string? Problem { get; private init; }

        public string? Complaint { get; private init; }

        public static Expectation Nothing(ScrapeOutcome outcome, string? problem) => new() { Outcome = outcome, Problem = problem };

        public static Expectation Other(string lines) => new() { Lines = lines };

        public static Expectation Exit(string complaint) => new() { Complaint = complaint };

        public static Expectation Elsewhere(string where)
        {
            _ = where;
            return new Expectation();
        }
    }
}
