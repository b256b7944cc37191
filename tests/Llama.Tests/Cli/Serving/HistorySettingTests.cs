using System.CommandLine;
using Llama.Cli.Serving;
using Llama.Cli.Settings;
using Llama.Storage.History;

namespace Llama.Tests.Cli.Serving;

/// <summary>The settings of history and scrape, however they are given.</summary>
public sealed class HistorySettingTests
{
    private readonly Stage _stage = new();

    [Theory]
    [InlineData("raw=2d,1m=14d,10m=60d,1h=1y,1d=5y", 2, 14, 60, 365, 1825)]
    [InlineData("raw=12h", 0.5, 14, 60, 365, 1825)]
    [InlineData("1d=10y, raw=36h", 1.5, 14, 60, 365, 3650)]
    [InlineData("raw=30d", 30, 30, 60, 365, 1825)]
    [InlineData("10m=104w", 2, 14, 728, 728, 1825)]
    public void A_level_that_nobody_names_is_kept_as_usual_and_no_shorter_than_a_finer_one(string text, double raw, double minute, double ten, double hour, double day)
    {
        Assert.Equal(
            new HistoryRetention
            {
                Raw = TimeSpan.FromDays(raw),
                Minute = TimeSpan.FromDays(minute),
                TenMinutes = TimeSpan.FromDays(ten),
                Hour = TimeSpan.FromDays(hour),
                Day = TimeSpan.FromDays(day),
            },
            RetentionText.Parse(text).Value!.Kept);
    }

    [Fact]
    public void None_keeps_none() => Assert.Equal(new RetentionText(Kept: null), RetentionText.Parse("none").Value);

    [Fact]
    public void What_holds_by_default_is_what_the_history_itself_has() =>
        Assert.Equal(new HistoryRetention(), RetentionText.Parse(RetentionText.DefaultText).Value!.Kept);

    [Theory]
    [InlineData("", "'' says of no level how long it is kept: give some of raw=2d,1m=14d,10m=60d,1h=1y,1d=5y, or 'none'")]
    [InlineData("2d", "'2d' is no level with a duration: give some of raw=2d,1m=14d,10m=60d,1h=1y,1d=5y, or 'none'")]
    [InlineData("5m=2d", "'5m=2d' is no level with a duration: give some of raw=2d,1m=14d,10m=60d,1h=1y,1d=5y, or 'none'")]
    [InlineData("raw=two", "'raw=two': 'two' is not a duration: give one like 12h, 2d, 6w or 5y, 100y at most")]
    [InlineData("1d=101y", "'1d=101y': '101y' is not a duration: give one like 12h, 2d, 6w or 5y, 100y at most")]
    [InlineData("1h=30m", "'1h=30m' is too short: 1h is kept for 1h or more")]
    [InlineData("raw=1d,raw=2d", "'raw=2d' says a second time how long raw is kept: leave one of them out")]
    [InlineData("raw=30d,1m=1w", "'1m=1w' is shorter than raw=30d: what is coarser is kept at least as long")]
    public void A_mistake_says_what_to_give(string text, string problem) => Assert.Equal(problem, RetentionText.Parse(text).Problem);

    [Fact]
    public async Task All_mistakes_are_told_at_once_with_those_of_other_settings_a_line_each()
    {
        int exitCode = await _stage.RunAsync(
            "server", "--check", "--retention", "raw=x,7m=1d,1h=1m", "--scrape", "often", "--scrape-collectors", "a b", "--port", "0");

        Assert.NotEqual(0, exitCode);
        foreach (string line in (string[])[
            "--retention: 'raw=x': 'x' is not a duration",
            "--retention: '7m=1d' is no level",
            "--retention: '1h=1m' is too short",
            "--scrape: 'often' is not a number of seconds",
            "--scrape-collectors: 'a b' is no collector",
            "--port: '0' is not a TCP port"]) Assert.Contains(line, _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flag_counts_before_a_variable_and_that_before_the_file()
    {
        using var directory = new TemporaryFile("retention: raw=x\nscrape: 7\n");

        Assert.NotEqual(0, await _stage.RunAsync("server", "--check", "--config", directory.Path));
        Assert.Contains("LLAMA_RETENTION: 'raw=x': 'x' is not a duration", _stage.Error, StringComparison.Ordinal);
        _stage.Environment["LLAMA_RETENTION"] = "raw=1d";
        Assert.Equal(0, await _stage.RunAsync("server", "--check", "--config", directory.Path));
        Assert.NotEqual(0, await _stage.RunAsync("server", "--check", "--config", directory.Path, "--retention", "raw=y"));
        Assert.Contains("--retention: 'raw=y'", _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Collectors_are_listed_or_in_a_file_that_is_there()
    {
        using var list = new TemporaryFile("192.0.2.1 # one\n[2001:db8::1]:8100\n");
        ServerSettings settings = new(_ => null);

        Assert.Equal(["192.0.2.1:5000", "host:8100"], Collectors("192.0.2.1,host:8100").Entries.Select(entry => entry.Address));
        Assert.Equal((list.Path, "192.0.2.1:5000 [2001:db8::1]:8100"), (Collectors("@" + list.Path).File, string.Join(' ', Collectors("@" + list.Path).Entries.Select(entry => entry.Address))));
        Assert.Contains("/nowhere: ", Assert.Single(Parse("@/nowhere").Errors).Message, StringComparison.Ordinal);
        Assert.Null(new Command("server") { settings.Scrape }.Parse([]).GetValue(settings.Scrape));

        ParseResult Parse(string text) => new Command("server") { settings.ScrapeCollectors }.Parse(
            ["--scrape-collectors", text], new ParserConfiguration { ResponseFileTokenReplacer = null });
        CollectorText Collectors(string text) => Parse(text).GetValue(settings.ScrapeCollectors)!;
    }

    /// <summary>A file with a text.</summary>
    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(string text) => File.WriteAllText(Path, text);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
