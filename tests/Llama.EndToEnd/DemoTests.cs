using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd;

/// <summary>`llama demo` as somebody sees it who tries it for the first time.</summary>
public sealed partial class DemoTests
{
    private const char Escape = '\u001B';

    [Fact]
    public async Task Without_a_terminal_it_prints_tables_and_ends_when_told()
    {
        (int exitCode, string output, string error) = await LlamaProcess.Run("demo", "--for", "6s");

        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain(Escape, output);
        Assert.Matches(Cell(), output);
        Assert.Matches(@"loses [\d.]+ % on the way there", output);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_it_at_once_and_in_peace(string signal)
    {
        await using LlamaProcess demo = LlamaProcess.Start("demo");
        await Eventually.Holds(() => demo.Output.Length > 0, TimeSpan.FromSeconds(20), "the first output", () => demo.Transcript);

        await demo.Signal(signal);

        Assert.Equal(0, await demo.Exit(TimeSpan.FromSeconds(5)));
    }

    [SkippableFact]
    public async Task In_a_terminal_the_matrix_is_drawn_and_the_screen_is_left_as_it_was()
    {
        Skip.IfNot(Terminal.IsAvailable, "tmux is not installed; it gives the demo a terminal.");
        await using Terminal terminal = await Terminal.Open(140, 45);
        await terminal.Type($"{Repository.Executable} demo --for 8s; echo ended with $?", "Enter");

        await terminal.ScreenWhen(text => Cell().IsMatch(text), "the matrix");
        await terminal.ScreenWhen(text => text.Contains("ended with 0", StringComparison.Ordinal), "the end");

        Assert.Equal("cursor 1, alternate screen 0", await terminal.State());
    }

    /// <summary>Loss and latency of a pair.</summary>
    [GeneratedRegex(@"\d%\s+[\d.]+(µs|us|ms)")]
    private static partial Regex Cell();
}
