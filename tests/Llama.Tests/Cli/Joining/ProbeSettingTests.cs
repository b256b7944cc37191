using System.CommandLine;
using System.Net;
using Llama.Cli;
using Llama.Cli.Joining;

namespace Llama.Tests.Cli.Joining;

public sealed class ProbeSettingTests
{
    private readonly Stage _stage = new();

    [Theory]
    [InlineData("[ location: Las Vegas, src_name: Office ]", "location=Las Vegas|src_name=Office")]
    [InlineData("location=Las Vegas,src_name=Office", "location=Las Vegas|src_name=Office")]
    [InlineData("location: Las Vegas", "location=Las Vegas")]
    [InlineData("{a: 1, b: 2}", "a=1|b=2")]
    [InlineData("url=http://x:1/y", "url=http://x:1/y")]
    [InlineData("expression: a=b", "expression=a=b")]
    [InlineData("place=\"Paris, France\",b=2", "place=Paris, France|b=2")]
    [InlineData("\"a:b\": c", "a:b=c")]
    [InlineData("empty=", "empty=")]
    [InlineData("a=1,b=2,a=3", "a=3|b=2")]
    [InlineData(" a = 1 ,, b = 2 , ", "a=1|b=2")]
    [InlineData("[]", "")]
    public void Tags_are_written_as_in_the_original_or_as_pairs(string text, string tags) =>
        Assert.Equal(tags, string.Join('|', TagText.Parse(text).Value!.Select(tag => $"{tag.Key}={tag.Value}")));

    [Theory]
    [InlineData("office")]
    [InlineData("a=1,office")]
    [InlineData("=1")]
    [InlineData("\"")]
    public void Tags_without_a_key_or_a_value_are_refused(string text) => Assert.NotNull(TagText.Parse(text).Problem);

    [Fact]
    public void Tags_have_limits()
    {
        Assert.NotNull(TagText.Parse(string.Join(',', Enumerable.Range(0, 65).Select(i => $"k{i}=v"))).Problem);
        Assert.NotNull(TagText.Parse($"k={new string('v', 1025)}").Problem);
        Assert.NotNull(TagText.Parse($"{new string('k', 257)}=v").Problem);
    }

    [Theory]
    [InlineData("http://server:5000", "http://server:5000/")]
    [InlineData("server:5000", "http://server:5000/")]
    [InlineData("192.0.2.1", "http://192.0.2.1/")]
    [InlineData("[2001:db8::1]:5000", "http://[2001:db8::1]:5000/")]
    [InlineData("https://llama.example/mesh", "https://llama.example/mesh")]
    [InlineData("http://a:1, http://b:2", "http://a:1/ http://b:2/")]
    public void Servers_are_urls_or_hosts_with_ports(string text, string servers) =>
        Assert.Equal(servers, string.Join(' ', ServerAddress.Parse(text).Value!.Select(server => server.AbsoluteUri)));

    [Theory]
    [InlineData("")]
    [InlineData("ftp://server")]
    [InlineData("http://")]
    [InlineData("http://server:99999")]
    [InlineData("http://user:secret@server")]
    public void Other_servers_are_refused(string text) => Assert.NotNull(ServerAddress.Parse(text).Problem);

    [Fact]
    public void The_originals_variables_give_the_settings()
    {
        _stage.Environment["LLAMA_SERVER"] = "http://server:5000";
        _stage.Environment["LLAMA_GROUP"] = "wan";
        _stage.Environment["LLAMA_KEEPALIVE"] = "300";
        _stage.Environment["LLAMA_SOURCE_IP"] = "192.0.2.7";
        _stage.Environment["LLAMA_TAGS"] = "[ location: Las Vegas ]";
        _stage.Environment["LLAMA_PORT"] = "8200";
        _stage.Environment["PROBE_NAME"] = "long.example";
        _stage.Environment["PROVE_SHORTNAME"] = "misspelt";
        _stage.Environment["APP_VERBOSE"] = "true";
        ParseResult parsed = Parse();
        Assert.Empty(parsed.Errors);
        Assert.Equal("wan", parsed.GetValue<string>("--group"));
        Assert.Equal(TimeSpan.FromMinutes(5), parsed.GetValue<TimeSpan?>("--keepalive"));
        Assert.Equal(IPAddress.Parse("192.0.2.7"), parsed.GetValue<IPAddress>("--ip"));
        Assert.Equal(8200, parsed.GetValue<int>("--port"));
        Assert.Equal(("long.example", "misspelt"), (parsed.GetValue<string>("--name"), parsed.GetValue<string>("--shortname")));
        Assert.True(parsed.GetValue<bool>("--verbose"));
        _stage.Environment["PROBE_SHORTNAME"] = "right";
        Assert.Equal("right", Parse().GetValue<string>("--shortname"));
        Assert.Equal("lan", Parse("-g", "lan").GetValue<string>("--group"));
    }

    [Theory]
    [InlineData("--shortname", "a/b")]
    [InlineData("--shortname", "..")]
    [InlineData("-g", "a\nb")]
    [InlineData("--ip", "0.0.0.0")]
    [InlineData("--push", "perhaps")]
    [InlineData("--port", "0")]
    public async Task What_makes_no_sense_is_refused(params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await _stage.RunAsync(["probe", "-s", "server", .. args]));
        Assert.StartsWith($"llama: {(args[0] == "-g" ? "--group" : args[0])}: ", _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_server_there_is_nothing_to_join()
    {
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync("probe"));
        Assert.Contains("--server is missing", _stage.Error, StringComparison.Ordinal);
        Assert.Contains("LLAMA_SERVER=http://server:5000", _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_file_that_holds_no_token_is_refused_without_showing_what_it_holds()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "two words\n");
            Assert.Equal(ExitCode.Failed, await _stage.RunAsync("probe", "-s", "server", "--token-file", file));
            Assert.Contains("so it is no token", _stage.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("two words", _stage.Error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("STATE_DIRECTORY=/var/lib/x:/y XDG_STATE_HOME=/s", "/var/lib/x/probe-8100")]
    [InlineData("XDG_STATE_HOME=/s", "/s/llama/probe-8100")]
    public void State_is_kept_where_the_service_manager_or_the_user_wants_it(string environment, string path)
    {
        Dictionary<string, string> variables = environment.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal(path, StateDirectory.Default(variables.GetValueOrDefault, 8100));
    }

    [Fact]
    public void Two_probes_do_not_share_their_state()
    {
        using var directory = new TemporaryFolder();
        using StateDirectory first = StateDirectory.Open(directory.Path, _stage.Surroundings.Log);
        Failure failure = Assert.Throws<Failure>(() => StateDirectory.Open(directory.Path, _stage.Surroundings.Log));
        Assert.Contains("another probe of this host uses", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_can_be_kept_a_probe_goes_on_and_says_so()
    {
        using var directory = new TemporaryFolder();
        string file = Path.Combine(directory.Path, "file");
        File.WriteAllText(file, "");
        using StateDirectory state = StateDirectory.Open(Path.Combine(file, "data"), _stage.Surroundings.Log);
        Assert.Null(state.SpoolPath);
        Assert.NotEmpty(state.Instance);
        Assert.Contains("can't keep anything", _stage.Error, StringComparison.Ordinal);
    }

    private ParseResult Parse(params string[] args) => CommandLine.Parse(["probe", .. args], _stage.Surroundings);

    private sealed class TemporaryFolder : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-state-");

        public string Path => _directory.FullName;

        public void Dispose() => _directory.Delete(recursive: true);
    }
}
