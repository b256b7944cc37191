using System.Diagnostics;
using System.Text;

namespace Llama.EndToEnd.Harness;

/// <summary>A running llama, with what it has written so far. Killed, by its id, when disposed.</summary>
internal sealed class LlamaProcess : IAsyncDisposable
{
    private static readonly TimeSpan ExitDeadline = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly string _commandLine;
    private bool _disposed;

    private LlamaProcess(Process process, string commandLine)
    {
        _process = process;
        _commandLine = commandLine;
        process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => Read(_output);

    public string Error => Read(_error);

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Everything one wants to see when a test fails.</summary>
    public string Transcript =>
        $"$ {_commandLine}\n{(HasExited ? $"exited with {_process.ExitCode}" : "still running")}\n-- stdout\n{Output}-- stderr\n{Error}";

    public static LlamaProcess Start(params string[] arguments) => StartAt(Repository.Executable, arguments);

    public static LlamaProcess StartAt(string executable, IEnumerable<string> arguments, string? workingDirectory = null)
    {
        var start = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? Path.GetTempPath(),
        };
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{executable} did not start.");
        process.StandardInput.Close();
        return new LlamaProcess(process, $"{Path.GetFileName(executable)} {string.Join(' ', start.ArgumentList)}");
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> Run(params string[] arguments)
    {
        await using LlamaProcess process = Start(arguments);
        int exitCode = await process.Exit();
        return (exitCode, process.Output, process.Error);
    }

    /// <summary>The exit code, when it has ended.</summary>
    public async Task<int> Exit(TimeSpan? deadline = null)
    {
        using var timeout = new CancellationTokenSource(deadline ?? ExitDeadline);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"It did not end.\n{Transcript}");
        }

        return _process.ExitCode;
    }

    /// <summary>Sends a signal: TERM, INT, HUP.</summary>
    public async Task Signal(string name)
    {
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static void Append(StringBuilder builder, string? line)
    {
        if (line is null) return;
        lock (builder) builder.Append(line).Append('\n');
    }

    private static string Read(StringBuilder builder)
    {
        lock (builder) return builder.ToString();
    }
}
