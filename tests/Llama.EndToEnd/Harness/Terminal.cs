using System.Diagnostics;

namespace Llama.EndToEnd.Harness;

/// <summary>A terminal with a shell in it, given by tmux.</summary>
internal sealed class Terminal : IAsyncDisposable
{
    private readonly string _server = $"llama-test-{Environment.ProcessId}-{Guid.NewGuid():N}";

    private Terminal()
    {
    }

    /// <summary>True where there is tmux.</summary>
    public static bool IsAvailable =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, "tmux")));

    public static async Task<Terminal> Open(int width, int height)
    {
        var terminal = new Terminal();
        await terminal.Tmux("-f", "/dev/null", "new-session", "-d", "-x", $"{width}", "-y", $"{height}", "/bin/sh");
        return terminal;
    }

    /// <summary>Types text, or a key by its name, as in Enter.</summary>
    public Task Type(params string[] keys) => Tmux(["send-keys", .. keys]);

    /// <summary>The screen, as soon as it holds what is wanted.</summary>
    public Task<string> ScreenWhen(Func<string, bool> wanted, string what)
    {
        string screen = "";
        return Eventually.Get(
            async () => wanted(screen = await Tmux("capture-pane", "-p")) ? screen : null, TimeSpan.FromSeconds(30), what, () => screen);
    }

    /// <summary>Whether the cursor is shown, and the alternate screen.</summary>
    public async Task<string> State() =>
        (await Tmux("display-message", "-p", "cursor #{cursor_flag}, alternate screen #{alternate_on}")).Trim();

    public async ValueTask DisposeAsync() => await Tmux("kill-server");

    private async Task<string> Tmux(params string[] arguments)
    {
        using Process tmux = Process.Start(new ProcessStartInfo("tmux", ["-u", "-L", _server, .. arguments])
        {
            RedirectStandardOutput = true,
            Environment = { ["LANG"] = "C.UTF-8", ["TERM"] = "xterm-256color" },
        })!;
        string output = await tmux.StandardOutput.ReadToEndAsync();
        await tmux.WaitForExitAsync();
        return output;
    }
}
