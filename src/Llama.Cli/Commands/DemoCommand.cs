using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Llama.Cli.Demo;
using Llama.Cli.Matrix;
using Llama.Cli.Settings;
using Llama.Engine.Summaries;

namespace Llama.Cli.Commands;

/// <summary><c>llama demo</c>: probes on loopback addresses, one of them behind a bad hop, and the matrix of what they measure.</summary>
internal static class DemoCommand
{
    private const int IntervalsShown = 10;

    // Reports of one interval come within this of each other; what is later is drawn with the next.
    private static readonly TimeSpan Straggling = TimeSpan.FromMilliseconds(300);

    public static Command Create(Surroundings surroundings)
    {
        var span = new Setting<TimeSpan?>(
            "for", "DURATION", "End after this long, as in 15s or 2m; else on Ctrl-C.", ValueParser.Duration, surroundings.Environment);
        var probes = new Setting<int?>(
            "probes",
            "N",
            $"How many probes, 2 to {DemoMesh.MostProbes}.",
            text => ValueParser.Count(text, 2, DemoMesh.MostProbes, "is not a number of probes"),
            surroundings.Environment,
            "5");
        var data = new Setting<string>(
            "data", "DIR", "Where registrations and history are kept for the next time; not kept unless it is given.", ValueParser.Text, surroundings.Environment);
        var command = new DescribedCommand("demo", "Watch probes on this host measure each other, one of them behind a bad hop.")
        {
            Examples =
            [
                "llama demo                       # until Ctrl-C",
                "llama demo --for 15s --probes 8",
                "llama demo --for 5s | cat        # one plain table for each interval",
                "llama demo --data /tmp/llama     # keeps its history; 'llama matrix' and curl ask for it",
                "llama demo --sink jsonl:/tmp/llama.jsonl",
                "NO_COLOR=1 llama demo            # no colours; the marks tell the same",
            ],
        };
        command.Add(span);
        command.Add(probes);
        command.Add(data);
        ListSetting sinks = SinkSettings.Sinks(surroundings.Environment, showsPairs: false);
        command.Add(sinks);
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = new DemoOptions
            {
                Probes = parsed.GetValue(probes)!.Value,
                Span = parsed.GetValue(span),
                Data = parsed.GetValue(data) is { Length: > 0 } directory ? Path.GetFullPath(directory) : null,
                Sinks = parsed.GetValue(sinks) ?? [],
            };
            await RunAsync(options, surroundings, cancellation).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task RunAsync(DemoOptions options, Surroundings surroundings, CancellationToken cancellation)
    {
        // What is said of sinks and history comes behind the matrix, which would be torn by it.
        using var said = new StringWriter { NewLine = "\n" };
        try
        {
            await MeasureAsync(options, new Log(said, surroundings.Time), surroundings, cancellation).ConfigureAwait(false);
        }
        finally
        {
            await surroundings.Error.WriteAsync(said.ToString()).ConfigureAwait(false);
        }
    }

    private static async Task MeasureAsync(DemoOptions options, Log log, Surroundings surroundings, CancellationToken cancellation)
    {
        using var stop = new StopSignals(cancellation);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        DemoMesh mesh = await OpenAsync(options, log, surroundings.Time).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable whole = mesh.ConfigureAwait(false);
        if (options.Span is { } time) ending.CancelAfter(time);
        Task measuring = mesh.RunAsync(ending.Token);
        try
        {
            await ShowAsync(mesh, surroundings, ending.Token).ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await measuring.ConfigureAwait(false);
        }
    }

    private static async Task<DemoMesh> OpenAsync(DemoOptions options, Log log, TimeProvider time)
    {
        try
        {
            return await DemoMesh.StartAsync(options, log, time).ConfigureAwait(false);
        }
        catch (SocketException error)
        {
            throw new Failure($"the demo needs the loopback addresses 127.77.0.1 to 127.77.0.{options.Probes}: {error.Message}", error);
        }
        catch (IOException error)
        {
            throw new Failure($"the demo can't open its server: {error.Message}", error);
        }
    }

    private static async Task ShowAsync(DemoMesh mesh, Surroundings surroundings, CancellationToken cancellation)
    {
        // Before anything is measured, and where it stays to be seen when the matrix has left the screen.
        await surroundings.Out.WriteLineAsync($"LLAMA demo: {mesh.Server}").ConfigureAwait(false);
        await surroundings.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        string? last = null;
        using (LiveScreen? screen = surroundings.OutIsTerminal ? new LiveScreen(surroundings.Out) : null)
        {
            screen?.Show($"\nLLAMA demo: {mesh.Server}\n\nThe first interval is being measured ...", 4);
            await foreach (MatrixSnapshot matrix in MatricesAsync(mesh, cancellation).ConfigureAwait(false))
            {
                if (screen is null)
                {
                    await surroundings.Out.WriteLineAsync(Drawing.Plain(View(mesh, matrix, null))).ConfigureAwait(false);
                    await surroundings.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                    continue;
                }

                (int width, int height) = surroundings.WindowSize();
                last = Drawing.ForTerminal(View(mesh, matrix, height), width, surroundings.Environment);
                screen.Show(last, height);
            }
        }

        if (last is not null) await surroundings.Out.WriteAsync(last).ConfigureAwait(false);
    }

    private static MatrixView View(DemoMesh mesh, MatrixSnapshot matrix, int? height) =>
        new(matrix) { Title = height is null ? "LLAMA demo" : $"LLAMA demo  ·  {mesh.Server}", Slow = TimeSpan.FromMilliseconds(25), MaxHeight = height };

    /// <summary>A matrix for each interval, as soon as all probes have reported it or the rest is late.</summary>
    private static async IAsyncEnumerable<MatrixSnapshot> MatricesAsync(
        DemoMesh mesh, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var window = new MatrixWindow(IntervalsShown);
        while (await NextAsync(mesh.Reports, Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(false) is { } first)
        {
            window.Add(first);
            while (window.NewestCount < mesh.Names.Count
                && await NextAsync(mesh.Reports, Straggling, cancellation).ConfigureAwait(false) is { } next)
            {
                window.Add(next);
            }

            if (window.Snapshot() is { } matrix) yield return matrix;
        }
    }

    /// <returns>The next report; null when there is none in time, and none any more.</returns>
    private static async Task<IntervalReport?> NextAsync(ChannelReader<IntervalReport> reports, TimeSpan limit, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit);
        try
        {
            return await reports.ReadAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or ChannelClosedException)
        {
            return null;
        }
    }
}
