using System.Diagnostics;

namespace Llama.EndToEnd.Lab;

/// <summary>Runs a program of the system to its end.</summary>
internal static class Tool
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>What it wrote to standard output.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="input">What it reads from standard input.</param>
    /// <exception cref="ToolException">It can't be started, or ended with another code than 0.</exception>
    public static async Task<string> RunAsync(IReadOnlyList<string> command, string input = "")
    {
        string line = string.Join(' ', command);
        using Process process = Start(command, line);
        using var timeout = new CancellationTokenSource(Deadline);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code tells why.
        }

        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new ToolException($"{line}: did not end within {Deadline.TotalSeconds} s");
        }

        return process.ExitCode == 0 ? await output : throw new ToolException($"{line}: {(await error).Trim()}\n{input}".TrimEnd());
    }

    private static Process Start(IReadOnlyList<string> command, string line)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Path.GetTempPath(),
            })!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new ToolException($"{line}: {exception.Message}");
        }
    }
}

/// <summary>A program of the system did not do what it was asked to; the message says what and why.</summary>
internal sealed class ToolException(string message) : Exception(message);
