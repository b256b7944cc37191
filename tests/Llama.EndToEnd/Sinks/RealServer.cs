using System.Globalization;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Lab;

namespace Llama.EndToEnd.Sinks;

/// <summary>What a server of the system's packages is and how it is started.</summary>
internal sealed record ServerProgram
{
    /// <summary>The Debian package, for the message of a test that is skipped.</summary>
    public required string Package { get; init; }

    /// <summary>The command: looked for on the path and in <see cref="Directories"/>.</summary>
    public required string Command { get; init; }

    /// <summary>Further directories the command may be in; <c>*</c> stands for any one name.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>Its arguments. The directory is its own and empty at first; whatever ports it needs beyond <see cref="RealServer.Port"/> come from <see cref="Ports"/>.</summary>
    public required Func<RealServer, IEnumerable<string>> Arguments { get; init; }

    /// <summary>Makes ready what the first start needs: a configuration file, a data directory.</summary>
    public Func<RealServer, Task> Prepare { get; init; } = _ => Task.CompletedTask;

    /// <summary>True once it answers. An <see cref="IOException"/> or <see cref="HttpRequestException"/> means not yet.</summary>
    public required Func<RealServer, Task<bool>> IsUp { get; init; }

    /// <summary>Who runs it where the tests are root's and the server refuses to be; it then owns the directory.</summary>
    public string? User { get; init; }
}

/// <summary>
/// A real server on loopback, with a port and a temporary directory of its own. It can be killed and started again on what it has
/// kept. Killed, by its id, when disposed; the directory goes with it.
/// </summary>
internal sealed class RealServer : IAsyncDisposable
{
    private static readonly TimeSpan UpDeadline = TimeSpan.FromSeconds(60);

    private readonly ServerProgram _program;
    private readonly TemporaryDirectory _directory = new();
    private LlamaProcess? _process;

    private RealServer(ServerProgram program, string executable)
    {
        _program = program;
        Executable = executable;
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; } = Ports.Free();

    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

    /// <summary>Its own directory.</summary>
    public string Directory => _directory.FullName;

    /// <summary>The program, with its path: others of the same package lie beside it.</summary>
    public string Executable { get; }

    /// <summary>What it has written since it was started last.</summary>
    public string Transcript => _process?.Transcript ?? "never started";

    /// <summary>Starts one; skips the test, with the reason, where it is not installed.</summary>
    public static async Task<RealServer> StartAsync(ServerProgram program)
    {
        string? executable = Find(program);
        Skip.If(executable is null, $"{program.Command} is not installed (package {program.Package}).");
        var server = new RealServer(program, executable);
        try
        {
            await program.Prepare(server);
            if (server.OtherUser is { } user) await Tool.RunAsync(["chown", "-R", $"{user}:", server.Directory]);
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, after <see cref="KillAsync"/> on what it has kept.</summary>
    public async Task StartAsync()
    {
        string[] command = OnBehalf([Executable, .. _program.Arguments(this)]);
        LlamaProcess process = _process = LlamaProcess.StartAt(command[0], command[1..], Directory);
        await Eventually.Get(
            async () => process.HasExited ? throw new InvalidOperationException(process.Transcript) : await _program.IsUp(this) ? "" : null,
            UpDeadline,
            $"{_program.Command} on port {Port}",
            () => process.Transcript);
    }

    /// <summary>Ends it as a power cut would: with SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process) return;
        await process.DisposeAsync();
        _process = null;
    }

    /// <summary>Asks it to end with a signal and waits until it has.</summary>
    public async Task StopAsync(string signal = "TERM")
    {
        if (_process is not { } process) return;
        await process.Signal(signal);
        await process.Exit();
        await KillAsync();
    }

    /// <summary>A command as whoever runs the server would start it.</summary>
    public string[] OnBehalf(string[] command) =>
        OtherUser is { } user ? ["/usr/bin/setpriv", $"--reuid={user}", $"--regid={user}", "--init-groups", "--", .. command] : command;

    public async ValueTask DisposeAsync()
    {
        await KillAsync();

        // Children of a killed server may go on writing for a moment.
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                _directory.Dispose();
                return;
            }
            catch (IOException) when (attempt < 50)
            {
                await Task.Delay(100);
            }
        }
    }

    private string? OtherUser => Environment.IsPrivilegedProcess ? _program.User : null;

    private static string? Find(ServerProgram program)
    {
        IEnumerable<string> path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return path.Concat(["/usr/bin", "/usr/sbin"]).Concat(program.Directories.SelectMany(Matching))
            .Select(directory => Path.Combine(directory, program.Command)).FirstOrDefault(File.Exists);
    }

    /// <summary>The directories that a pattern stands for, last name first: the newest version.</summary>
    private static IEnumerable<string> Matching(string pattern)
    {
        int star = pattern.IndexOf('*', StringComparison.Ordinal);
        if (star < 0) return [pattern];
        return System.IO.Directory.Exists(pattern[..star])
            ? System.IO.Directory.GetDirectories(pattern[..star]).OrderDescending(StringComparer.Ordinal).Select(directory => directory + pattern[(star + 1)..])
            : [];
    }
}
