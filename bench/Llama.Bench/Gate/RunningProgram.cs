using System.Diagnostics;
using System.Text;
using System.Threading.Channels;

namespace Llama.Benchmarks.Gate;

/// <summary>A program that runs on one core, for a bounded time, and is ended by its own id.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(2);

    private readonly Process _wrapper;
    private readonly StringBuilder _error = new();
    private readonly StringBuilder _output = new();
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly string _name;

    private RunningProgram(Process wrapper, string name)
    {
        _wrapper = wrapper;
        _name = name;
        wrapper.OutputDataReceived += (_, line) => Take(line.Data);
        wrapper.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        wrapper.BeginOutputReadLine();
        wrapper.BeginErrorReadLine();
    }

    /// <summary>The id of the program itself.</summary>
    public int Id { get; private set; }

    public bool HasExited => _wrapper.HasExited;

    public string Error => Read(_error);

    public string Output => Read(_output);

    /// <summary>Starts a program.</summary>
    /// <param name="core">Where it may run; null for anywhere.</param>
    /// <param name="seconds">When it is ended if nobody has ended it before, even if this process is gone by then.</param>
    /// <param name="commandLine">The program and its arguments.</param>
    public static async Task<RunningProgram> StartAsync(int? core, double seconds, params string[] commandLine)
    {
        string[] pinned = core is { } known ? ["taskset", "--cpu-list", $"{known}", .. commandLine] : commandLine;
        var start = new ProcessStartInfo("timeout", ["--signal=KILL", $"{seconds}", .. pinned])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        Process wrapper = Process.Start(start) ?? throw new InvalidOperationException($"{commandLine[0]} did not start");
        wrapper.StandardInput.Close();
        var program = new RunningProgram(wrapper, Path.GetFileName(commandLine[0]));
        await program.FindAsync().ConfigureAwait(false);
        return program;
    }

    /// <summary>VmRSS of /proc/PID/status (proc_pid_status(5)), in MiB.</summary>
    public double ResidentMebibytes()
    {
        string line = File.ReadLines($"/proc/{Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;
    }

    /// <summary>The next line of standard output that begins with a word.</summary>
    public async Task<string> LineAsync(string beginsWith, CancellationToken cancellation)
    {
        await foreach (string line in _lines.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            if (line.StartsWith(beginsWith, StringComparison.Ordinal)) return line;
        }

        throw new InvalidOperationException($"{_name} ended without a line \"{beginsWith}\": {Error}");
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task<int> ExitAsync(CancellationToken cancellation)
    {
        await _wrapper.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return _wrapper.ExitCode;
    }

    /// <summary>Asks it to end (SIGINT), and waits until it has.</summary>
    public async Task<int> InterruptAsync(CancellationToken cancellation)
    {
        if (Id != 0 && !_wrapper.HasExited)
        {
            using Process kill = Process.Start("kill", ["-INT", $"{Id}"]);
            await kill.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }

        return await ExitAsync(cancellation).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_wrapper.HasExited)
        {
            try
            {
                // timeout(1) ends with what it watches.
                using Process program = Process.GetProcessById(Id == 0 ? _wrapper.Id : Id);
                program.Kill();
            }
            catch (ArgumentException)
            {
                // It ended by itself meanwhile.
            }

            await _wrapper.WaitForExitAsync().ConfigureAwait(false);
        }

        _wrapper.Dispose();
    }

    /// <summary>Waits until timeout(1) and taskset(1) have made way for the program.</summary>
    private async Task FindAsync()
    {
        long begin = Stopwatch.GetTimestamp();
        while (!_wrapper.HasExited)
        {
            if (Child() is { } id)
            {
                Id = id;
                return;
            }

            if (Stopwatch.GetElapsedTime(begin) > StartDeadline) throw new TimeoutException($"{_name} did not start");
            await Task.Delay(Beat).ConfigureAwait(false);
        }
    }

    private int? Child()
    {
        try
        {
            string children = File.ReadAllText($"/proc/{_wrapper.Id}/task/{_wrapper.Id}/children");
            if (!int.TryParse(children.Trim(), out int child)) return null;
            return File.ReadAllText($"/proc/{child}/comm").Trim() is "timeout" or "taskset" ? null : child;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Take(string? line)
    {
        Append(_output, line);
        if (line is null) _lines.Writer.TryComplete();
        else _lines.Writer.TryWrite(line);
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
