using System.Diagnostics;
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
        Skip.IfNot(HasTmux(), "tmux is not installed; it gives the demo a terminal.");
        string server = $"llama-test-{Environment.ProcessId}";
        await Tmux(server, "-f", "/dev/null", "new-session", "-d", "-x", "140", "-y", "45", "/bin/sh");
        try
        {
            await Tmux(server, "send-keys", $"{Repository.Executable} demo --for 8s; echo ended with $?", "Enter");

            await ScreenWhen(server, text => Cell().IsMatch(text), "the matrix");
            await ScreenWhen(server, text => text.Contains("ended with 0", StringComparison.Ordinal), "the end");

            Assert.Equal("cursor 1, alternate screen 0", (await Tmux(server, "display-message", "-p", "cursor #{cursor_flag}, alternate screen #{alternate_on}")).Trim());
        }
        finally
        {
            await Tmux(server, "kill-server");
        }
    }

    private static Task<string> ScreenWhen(string server, Func<string, bool> wanted, string what)
    {
        string screen = "";
        return Eventually.Get(
            async () => wanted(screen = await Tmux(server, "capture-pane", "-p")) ? screen : null, TimeSpan.FromSeconds(30), what, () => screen);
    }

    /// <summary>Loss and latency of a pair.</summary>
    [GeneratedRegex(@"\d%\s+[\d.]+(µs|us|ms)")]
    private static partial Regex Cell();

    private static bool HasTmux() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, "tmux")));

    private static async Task<string> Tmux(string server, params string[] arguments)
    {
        using Process tmux = Process.Start(new ProcessStartInfo("tmux", ["-u", "-L", server, .. arguments])
        {
            RedirectStandardOutput = true,
            Environment = { ["LANG"] = "C.UTF-8", ["TERM"] = "xterm-256color" },
        })!;
        string output = await tmux.StandardOutput.ReadToEndAsync();
        await tmux.WaitForExitAsync();
        return output;
    }
}
