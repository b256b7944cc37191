using System.Diagnostics;
using Llama.Mesh.Membership;
using Llama.Server.Discovery;
using Llama.Storage.Registry;

namespace Llama.Tests.Server.Discovery;

/// <summary>A process that registers as fast as it can and says what was answered with success, to be killed in the middle of it.</summary>
internal sealed class RegisteringProcess : IDisposable
{
    private const int Callers = 16;

    private readonly Process _process;

    private RegisteringProcess(Process process) => _process = process;

    /// <summary>The lines it has written: names, with the number of the change that was acknowledged.</summary>
    public StreamReader Output => _process.StandardOutput;

    public static RegisteringProcess Start(string directory)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(RegisteringProcess).Assembly.Location, "register", directory]) { RedirectStandardOutput = true };
        return new RegisteringProcess(Process.Start(start)!);
    }

    /// <summary>SIGKILL: it does not get to do anything.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }

    /// <summary>What the process does.</summary>
    public static async Task<int> RunAsync(string directory)
    {
        await using var registry = new Registry(SqliteRegistryStore.Open(directory, Console.Error.WriteLine), new RegistryOptions(), TimeProvider.System);
        await registry.StartAsync(CancellationToken.None);
        var writing = new Lock();
        await using Stream output = Console.OpenStandardOutput();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            for (int change = 0; ; change++)
            {
                // Every third is a change of the one before, every tenth is removed again.
                string name = $"p{caller}-{Environment.ProcessId}-{change / 3}";
                Registration probe = Joining.Probe(
                    name, $"10.{caller}.{change / 3 / 250 % 250}.{change / 3 % 250}", instance: name, keepaliveSeconds: 1e6, tags: ("change", $"{change}"));
                await registry.RegisterAsync(probe, CancellationToken.None);
                bool gone = change % 30 == 29 && await registry.RemoveAsync("g", name, CancellationToken.None);
                byte[] line = System.Text.Encoding.UTF8.GetBytes($"{name} {(gone ? -1 : change)}\n");
                lock (writing) output.Write(line);
            }
        }));
        return 0;
    }
}
