using System.Net;
using System.Net.Sockets;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;

namespace Llama.Benchmarks.Gate;

/// <summary>Something that sends datagrams back, and does so by now: our reflector or a reference.</summary>
internal sealed class EchoingProgram : IAsyncDisposable
{
    private const int Tries = 200;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(50);

    private EchoingProgram(RunningProgram program, int port)
    {
        Program = program;
        Port = port;
    }

    public RunningProgram Program { get; }

    public int Port { get; }

    /// <summary>The C echo.</summary>
    public static Task<EchoingProgram> StartEchoAsync(
        Workbench bench, int? core, double seconds, CancellationToken cancellation, int? port = null)
    {
        int at = port ?? Workbench.FreePort();
        return AnsweringAsync(() => RunningProgram.StartAsync(core, seconds, bench.Echo, $"{at}", $"{Math.Ceiling(seconds)}"), at, cancellation);
    }

    /// <summary>Our reflector without its limits.</summary>
    public static Task<EchoingProgram> StartReflectorAsync(
        Workbench bench, int? core, double seconds, CancellationToken cancellation, int workers = 1, string? executable = null)
    {
        int port = Workbench.FreePort();
        string[] commandLine =
        [
            executable ?? bench.Llama, "reflector", "--port", $"{port}", "--workers", $"{workers}",
            "--max-pps", "unlimited", "--max-pps-per-source", "unlimited",
        ];
        return AnsweringAsync(() => RunningProgram.StartAsync(core, seconds, commandLine), port, cancellation);
    }

    public ValueTask DisposeAsync() => Program.DisposeAsync();

    private static async Task<EchoingProgram> AnsweringAsync(Func<Task<RunningProgram>> start, int port, CancellationToken cancellation)
    {
        RunningProgram program = await start().ConfigureAwait(false);
        try
        {
            await UntilAnswersAsync(program, port, cancellation).ConfigureAwait(false);
            return new EchoingProgram(program, port);
        }
        catch
        {
            await program.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task UntilAnswersAsync(RunningProgram program, int port, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation).ConfigureAwait(false);
        byte[] datagram = new byte[ProbeWriter.MinLength];
        for (uint attempt = 0; attempt < Tries && !program.HasExited; attempt++)
        {
            ProbeWriter.Write(datagram, new ProbeHeader(attempt, attempt, 0, Clock.System.Wall, attempt, Session: 1));
            try
            {
                socket.Send(datagram);
                if (socket.Poll(Beat, SelectMode.SelectRead) && socket.Receive(datagram) > 0) return;
            }
            catch (SocketException)
            {
                // Nobody has the port yet, and the kernel says so.
                await Task.Delay(Beat, cancellation).ConfigureAwait(false);
            }
        }

        throw new TimeoutException($"nothing answers on port {port}: {program.Error}");
    }
}
