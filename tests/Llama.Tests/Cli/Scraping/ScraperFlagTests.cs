using System.CommandLine;
using Llama.Cli.Scraping;
using Llama.Server.Scraping;

namespace Llama.Tests.Cli.Scraping;

/// <summary>The command line of <c>llama scraper</c>.</summary>
public sealed class ScraperFlagTests
{
    private readonly Stage _stage = new();

    [Fact]
    public void The_flags_of_the_go_scraper_name_an_influx_sink()
    {
        Assert.Equal("influx:http://127.0.0.1:5086/llama", Sink());
        Assert.Equal(
            "influx:http://u%20ser:p%40ss%3Aw@db:9086/my%20db",
            Sink("-llama.influxdb-host", "db", "-llama.influxdb-port=9086", "--llama.influxdb-name", "my db", "-llama.influxdb-user", "u ser", "-llama.influxdb-pass", "p@ss:w"));
        Assert.Equal("influx:http://[2001:db8::1]:5086/llama", Sink("--influxdb-host", "2001:db8::1"));
    }

    [Fact]
    public void The_variables_of_the_originals_container_name_it_too()
    {
        _stage.Environment["INFLUXDB_HOST"] = "influx.example";
        _stage.Environment["INFLUXDB_PORT"] = "8086";
        _stage.Environment["INFLUXDB_NAME"] = "mesh";
        Assert.Equal("influx:http://influx.example:8086/mesh", Sink());
        Assert.Equal("influx:http://other:8086/mesh", Sink("--influxdb-host=other"));
    }

    [Fact]
    public void Beside_other_sinks_they_count_where_somebody_names_the_host()
    {
        var flags = new InfluxFlags(_stage.Surroundings.Environment);
        Assert.Empty(flags.Sinks(Parse(flags.Options, []), hasOthers: true));
        Assert.Equal(["influx:http://db:5086/llama"], flags.Sinks(Parse(flags.Options, ["--influxdb-host", "db"]), hasOthers: true));
        _stage.Environment["INFLUXDB_HOST"] = "db";
        Assert.Equal(["influx:http://db:5086/llama"], flags.Sinks(Parse(flags.Options, []), hasOthers: true));
    }

    [Theory]
    [InlineData("127.0.0.1,host, [::1]:9", "127.0.0.1:5000 host:5000 [::1]:9")]
    [InlineData("127.0.0.1,", "127.0.0.1:5000")]
    [InlineData("", "localhost:5000")]
    public async Task Collectors_are_a_list_and_without_one_that_of_this_host(string hosts, string collectors) => Assert.Equal(collectors, await Collectors("-llama.collector-hosts", hosts));

    [Fact]
    public async Task The_port_of_collectors_may_be_given() => Assert.Equal("a:9500 b:1", await Collectors("-llama.collector-hosts=a,b:1", "-llama.collector-port=9500"));

    [Fact]
    public async Task A_list_in_a_file_is_read()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "a\nb:1\n");
            Assert.Equal("a:5000 b:1", await Collectors("--collector-hosts", $"@{file}"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_list_is_taken_before_a_server_as_in_the_originals_container()
    {
        _stage.Environment["LLAMA_SERVER"] = "http://server:5000";
        Assert.Equal("a:8100", await Collectors("-llama.collector-hosts", "a", "-llama.collector-port", "8100"));
        Assert.Contains("the server is not asked", _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_in_the_list_ends_it()
    {
        Assert.Equal(1, await _stage.RunAsync("scraper", "--collector-hosts", "a b"));
        Assert.Equal("llama: --collector-hosts: 'a b' is no collector: give HOST, HOST:PORT or [IPV6]:PORT\n", _stage.Error);
    }

    [Fact]
    public async Task A_share_that_is_none_is_a_mistake()
    {
        Assert.Equal(2, await _stage.RunAsync("scraper", "--shard", "9/8"));
        Assert.Contains("--shard: '9/8' is no share", _stage.Error, StringComparison.Ordinal);
    }

    private string Sink(params string[] arguments)
    {
        var flags = new InfluxFlags(_stage.Surroundings.Environment);
        return Assert.Single(flags.Sinks(Parse(flags.Options, arguments), hasOthers: false));
    }

    private async Task<string> Collectors(params string[] arguments)
    {
        var flags = new CollectorFlags(_stage.Surroundings.Environment);
        await foreach (IReadOnlyList<CollectorEntry> list in flags.Read(Parse(flags.Options, arguments), _stage.Surroundings)) return string.Join(' ', list.Select(entry => entry.Address));
        return "";
    }

    private static ParseResult Parse(IReadOnlyList<Option> options, string[] arguments)
    {
        var command = new Command("scraper");
        foreach (Option option in options) command.Add(option);
        ParseResult parsed = command.Parse(arguments, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        Assert.Empty(parsed.Errors);
        return parsed;
    }
}
