using System.CommandLine;
using Llama.Cli;
using Llama.Cli.Settings;
using Llama.Server.Sinks.Delivery;

namespace Llama.Tests.Cli;

public sealed class SinkSettingTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-settings-");
    private readonly Stage _stage = new();

    private string Spool => Path.Combine(_directory.FullName, "spool");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Each_flag_is_one_more_sink_and_so_is_each_word_of_the_variable()
    {
        string a = Path.Combine(_directory.FullName, "a"), b = Path.Combine(_directory.FullName, "b");
        Assert.Equal(["jsonl", "jsonl-2"], await OpenAsync("--sink", $"jsonl:{a}", "--sink", $"jsonl:{b}"));
        _stage.Environment["LLAMA_SINKS"] = $" jsonl:{a}?name=x\n jsonl:{b} ";
        Assert.Equal(["x", "jsonl"], await OpenAsync());
        Assert.Equal(["y"], await OpenAsync("--sink", $"jsonl:{a}?name=y"));
        Assert.Contains("what waits for it is in", _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_sink_nothing_is_opened()
    {
        Assert.Empty(await OpenAsync());
        Assert.Empty(_directory.GetFileSystemInfos());
    }

    [Fact]
    public async Task All_mistakes_are_told_at_once_with_what_they_were_given_as()
    {
        _stage.Environment["LLAMA_SINKS"] = "nosuch:x jsonl: jsonl:/tmp/x?rows=1";
        Assert.Equal(ExitCode.Usage, await _stage.RunAsync("probe", "--server", "s", "--spool-max-bytes", "many"));
        string[] lines = _stage.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.Equal(3, lines.Count(line => line.StartsWith("llama: LLAMA_SINKS: ", StringComparison.Ordinal)));
        Assert.Contains("llama: --spool-max-bytes: 'many' is not a size: give one like 500M or 2G, 1M or more; see 'llama probe --help'", lines);
    }

    [Theory]
    [InlineData("server")]
    [InlineData("collector")]
    [InlineData("probe")]
    public async Task Help_and_completion_know_them(string role)
    {
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync(role, "--help"));
        foreach (string name in (string[])["--sink KIND:WHERE", "LLAMA_SINKS", "--spool DIR", "LLAMA_SPOOL_MAX_AGE; default", "LLAMA_SPOOL_MAX_BYTES; default"])
            Assert.Contains(name, string.Join(' ', _stage.Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains("--sink", CommandLine.Parse([role], _stage.Surroundings).GetCompletions().Select(item => item.Label));
    }

    [Theory]
    [InlineData("1048576", 1L << 20)]
    [InlineData("500m", 500L << 20)]
    [InlineData("2G", 2L << 30)]
    [InlineData("1T", 1L << 40)]
    [InlineData("1024K", 1L << 20)]
    [InlineData("1023K", null)]
    [InlineData("-1G", null)]
    [InlineData("1.5G", null)]
    [InlineData("99999999T", null)]
    [InlineData("G", null)]
    [InlineData("", null)]
    public void A_size_is_a_number_with_a_letter(string text, long? octets) => Assert.Equal(octets, ValueParser.Size(text).Value);

    [Fact]
    public async Task The_servers_file_lists_them()
    {
        string path = Path.Combine(_directory.FullName, "server.yaml");
        await File.WriteAllTextAsync(path, "sink:\n  - jsonl:/tmp/x?rows=rollup&by=site,rack\n  - nosuch:x\n  - 'jsonl:'\nspool_max_age: 12h\n");
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync("server", "--config", path, "--check"));
        string[] lines = _stage.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Contains("server.yaml: LLAMA_SINKS: ", line, StringComparison.Ordinal));
    }

    private async Task<IReadOnlyList<string>> OpenAsync(params string[] args)
    {
        Func<string, string?> environment = name => _stage.Environment.GetValueOrDefault(name);
        var settings = new SinkSettings(environment, showsPairs: false);
        var command = new Command("x");
        foreach (Option option in settings.Options) command.Add(option);
        ParseResult parsed = command.Parse(args);
        Assert.Empty(parsed.Errors);
        SinkSet? set = settings.Open(parsed, Spool, _stage.Surroundings);
        if (set is null) return [];
        await using (set) return [.. set.Descriptions.Select(description => description.Split(' ')[0])];
    }
}
