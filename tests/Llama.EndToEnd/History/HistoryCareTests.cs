using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;

namespace Llama.EndToEnd.History;

/// <summary>What an operator types: the matrix and the worst pairs of a server, and what looks after its history.</summary>
public sealed class HistoryCareTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [SkippableFact]
    public async Task Matrix_top_and_history_work_beside_a_running_server()
    {
        Skip.IfNot(Terminal.IsAvailable, "tmux is not installed; it gives the matrix a terminal.");
        string data = Path.Combine(_directory.FullName, "server"), copy = Path.Combine(_directory.FullName, "copy", "history.db");
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        await using RunningServer server = await RunningServer.StartAt(data);
        await using RunningProbe a = await RunningProbe.Start(server.Url, "a", _directory);
        await using RunningProbe b = await RunningProbe.Start(server.Url, "b", _directory);

        string matrix = await OutputWhen(text => text.Split('\n').Count(line => line.Contains('%', StringComparison.Ordinal)) == 2, "matrix", "--server", server.Url, "--from", "now-1h");
        Assert.Contains("Rows send, columns reflect: datagrams lost and median round-trip time.", matrix, StringComparison.Ordinal);
        string sites = await OutputWhen(text => text.Contains("a town", StringComparison.Ordinal), "top", "--server", server.Url, "--by", "site");
        Assert.Contains("2 pairs", sites, StringComparison.Ordinal);

        string[] lines = (await OutputWhen(text => text.Contains(",default,b,a,0,CS0,", StringComparison.Ordinal), "history", "export", "--data", data)).Split("\r\n");
        Assert.StartsWith("at,start,end,group,source,destination,class,", lines[0], StringComparison.Ordinal);
        await OutputWhen(text => text.StartsWith($"{copy}: ", StringComparison.Ordinal), "history", "backup", copy, "--data", data);
        using var statistics = JsonDocument.Parse(await OutputWhen(_ => true, "history", "stats", "--format", "json", "--data", Path.GetDirectoryName(copy)!));
        Assert.True(statistics.RootElement.GetProperty("reports").GetInt64() > 0);
        (int exitCode, _, string error) = await LlamaProcess.Run("history", "prune", "--older-than", "1d", "--yes", "--data", data);
        Assert.True(exitCode == 0, error);

        await using Terminal terminal = await Terminal.Open(80, 24);
        await terminal.Type($"{Repository.Executable} matrix --watch --server {server.Url}; echo ended with $?", "Enter");
        await terminal.ScreenWhen(text => text.Contains("LLAMA matrix  ·  default  ·  CS0", StringComparison.Ordinal) && text.Contains('%', StringComparison.Ordinal), "the matrix");
        Assert.Equal("cursor 0, alternate screen 1", await terminal.State());
        await terminal.Type("q");
        await terminal.ScreenWhen(text => text.Contains("ended with 0", StringComparison.Ordinal), "the end");
        Assert.Equal("cursor 1, alternate screen 0", await terminal.State());
    }

    [Theory]
    [InlineData("llama hist", "history")]
    [InlineData("llama history pr", "prune")]
    [InlineData("llama matrix --wa", "--watch")]
    [InlineData("llama top --l", "--last")]
    public async Task Completion_knows_the_commands(string line, string wanted)
    {
        (_, string output, _) = await LlamaProcess.Run($"[suggest:{line.Length}]", line);
        Assert.Contains(wanted, output.Split('\n').Select(each => each.Trim()));
    }

    private static Task<string> OutputWhen(Func<string, bool> wanted, params string[] arguments)
    {
        (int ExitCode, string Output, string Error) last = default;
        return Eventually.Get(
            async () =>
            {
                last = await LlamaProcess.Run(arguments);
                return last.ExitCode == 0 && wanted(last.Output) ? last.Output : null;
            },
            Deadline,
            $"what 'llama {string.Join(' ', arguments)}' should say",
            () => $"{last}");
    }
}
