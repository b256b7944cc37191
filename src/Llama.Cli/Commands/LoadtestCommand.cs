using System.CommandLine;
using System.Globalization;
using System.Text;
using Llama.Cli.Joining;
using Llama.Cli.Matrix;
using Llama.Cli.Settings;
using Llama.Engine.Summaries;
using Llama.Server.Loading;

namespace Llama.Cli.Commands;

/// <summary><c>llama loadtest</c>: synthetic probes join a server, hold on, and leave; tells how fast the server was.</summary>
internal static class LoadtestCommand
{
    private const int BarWidth = 40;

    public static Command Create(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var server = new Setting<IReadOnlyList<Uri>>(
            "server", "URL", "The server to load, as in http://server:5000; the first of several.", ServerAddress.Parse, environment, letter: 's');
        var probes = new Setting<int?>(
            "probes", "N", "How many synthetic probes.", text => ValueParser.Count(text, 1, LoadTestOptions.MostProbes, "is not a number of probes"), environment, "1000");
        var groups = new Setting<int?>(
            "groups", "N", "Over how many groups they are spread.", text => ValueParser.Count(text, 1, 10_000, "is not a number of groups"), environment, "8");
        var rate = new Setting<Rate>("rate", "N", "How many join in a second, or 'unlimited'.", Rate.Parse, environment, "unlimited");
        var hold = new Setting<TimeSpan?>("hold", "DURATION", "How long they stay once all have joined.", ValueParser.Duration, environment, "30s");
        var renew = new Setting<TimeSpan?>("renew", "DURATION", "How often each renews its lease meanwhile.", ValueParser.Duration, environment, "30s");
        var connections = new Setting<int?>(
            "connections", "N", "Requests at a time.", text => ValueParser.Count(text, 1, 1000, "is not a number of connections"), environment, "8");
        var token = new Setting<string>("token", "TOKEN", "For registering; better given as a variable.", ValueParser.Text, environment);

        var command = new DescribedCommand("loadtest", "Load a server with synthetic probes, and tell how fast it was.")
        {
            Examples =
            [
                "llama loadtest --server http://localhost:5000",
                "llama loadtest --server http://localhost:5000 --probes 100000 --rate 2000 --hold 5m",
            ],
        };
        foreach (Option option in (Option[])[server, probes, groups, rate, hold, renew, connections, token]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = new LoadTestOptions
            {
                Server = parsed.GetValue(server)?[0] ?? throw new Failure("--server is missing: give the server's address, as in http://localhost:5000"),
                Probes = parsed.GetValue(probes)!.Value,
                Groups = parsed.GetValue(groups)!.Value,
                JoinsPerSecond = parsed.GetValue(rate)!.PerSecond,
                Hold = parsed.GetValue(hold)!.Value,
                Renew = parsed.GetValue(renew)!.Value,
                Connections = parsed.GetValue(connections)!.Value,
                Token = parsed.GetValue(token),
            };
            using var stop = new StopSignals(cancellation);
            using var test = new LoadTest(options);
            LoadTestResult result = await RunAsync(test, options, surroundings, stop.Token).ConfigureAwait(false);
            await surroundings.Out.WriteAsync(Table(result)).ConfigureAwait(false);
            if (result.FirstProblem is { } problem) throw new Failure($"the first of the failures was {problem}");
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>What was found, one line for each kind of request.</summary>
    internal static string Table(LoadTestResult result)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"",-16}{"answers",10}{"failed",8}{"/s",10}{"p50",10}{"p90",10}{"p99",10}{"max",10}{"kB each",10}\n");
        foreach (LoadStepResult step in result.Steps)
        {
            LatencyHistogram times = step.Times;
            text.Append(CultureInfo.InvariantCulture, $"{Name(step.Step),-16}{times.Count,10}{step.Failed,8}{step.PerSecond,10:F0}")
                .Append(CultureInfo.InvariantCulture, $"{Millis(times.Percentile(0.5)),10}{Millis(times.Percentile(0.9)),10}{Millis(times.Percentile(0.99)),10}")
                .Append(CultureInfo.InvariantCulture, $"{Millis(times.MaxNanos),10}{(times.Count == 0 ? "" : (step.Bytes / 1000.0 / times.Count).ToString("F1", CultureInfo.InvariantCulture)),10}\n");
        }

        return text.ToString();
    }

    private static async Task<LoadTestResult> RunAsync(LoadTest test, LoadTestOptions options, Surroundings surroundings, CancellationToken cancellation)
    {
        if (!surroundings.OutIsTerminal) return await test.RunAsync(new Progress<LoadTestProgress>(), cancellation).ConfigureAwait(false);
        using var screen = new LiveScreen(surroundings.Out);
        return await test.RunAsync(new Shown(screen, options), cancellation).ConfigureAwait(false);
    }

    private static string Name(LoadStep step) => step switch
    {
        LoadStep.Join => "join",
        LoadStep.Renew => "renew",
        LoadStep.Configuration => "config, changed",
        _ => "config, same",
    };

    private static string Millis(long? nanos) => nanos is { } known ? (known / 1e6).ToString("F2", CultureInfo.InvariantCulture) + " ms" : "";

    /// <summary>Draws at once, where Progress would leave it to a thread of the pool.</summary>
    private sealed class Shown(LiveScreen screen, LoadTestOptions options) : IProgress<LoadTestProgress>
    {
        public void Report(LoadTestProgress value) => screen.Show(
            $"joined  {Bar((double)value.Joined / options.Probes)} {value.Joined} of {options.Probes}\n"
            + $"held    {Bar(value.Held / options.Hold)} {value.Held:mm\\:ss} of {options.Hold:mm\\:ss}"
            + (value.Failed > 0 ? $"\n{value.Failed} failed" : ""),
            4);

        private static string Bar(double share)
        {
            int full = (int)(Math.Clamp(share, 0, 1) * BarWidth);
            return $"[{new string('#', full)}{new string('.', BarWidth - full)}]";
        }
    }
}
