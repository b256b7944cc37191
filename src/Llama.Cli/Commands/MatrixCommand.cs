using System.CommandLine;
using Llama.Cli.Settings;
using Llama.Cli.Watching;

namespace Llama.Cli.Commands;

/// <summary><c>llama matrix</c>: the loss and latency matrix of a server, now or then, in the terminal.</summary>
internal static class MatrixCommand
{
    public static Command Create(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var flags = new WatchFlags(environment);
        var at = new Setting<string>("at", "TIME", "As it was at this time: now-6h, 2026-11-22T12:00:00Z, or Unix time.", ValueParser.Text, environment);
        var from = new Setting<string>("from", "TIME", "Everything from this time on, put together.", ValueParser.Text, environment);
        var to = new Setting<string>("to", "TIME", "Up to this time; now where it is not given.", ValueParser.Text, environment);
        var metrics = new Setting<IReadOnlyList<string>>("metric", "LIST", "What cells show, as in loss,rtt or loss_forward,rtt_p99.", MeshMetrics.Parse, environment, "loss,rtt");
        var slow = new Setting<TimeSpan?>("slow", "DURATION", "Median round trip from which a pair is marked as slow.", ValueParser.Duration, environment, "150ms");
        var watch = new Switch("watch", "Draw it anew as it changes, until q or Ctrl-C.", environment, letter: 'w');
        var every = new Setting<TimeSpan?>("every", "DURATION", "How often --watch asks for news.", ValueParser.Duration, environment, "2s");
        var format = new Setting<ShownFormat>("format", "FORMAT", "table, json or csv.", ShownFormats.Parse, environment, "table");
        var command = new DescribedCommand("matrix", "Show the loss and latency matrix of a server, now or then.")
        {
            Examples =
            [
                "llama matrix                                      # now, from the server on this host",
                "llama matrix --server http://server:5000 --watch  # live",
                "llama matrix --at now-6h --class EF               # as it was",
                "llama matrix --from now-1d --by site --metric loss,rtt_p99",
                "llama matrix --source site=ams* --format csv > ams.csv",
            ],
        };
        foreach (Option option in (Option[])[.. flags.Options, at, from, to, metrics, slow, watch, every, format]) command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(at) is not null && (result.GetValue(from) ?? result.GetValue(to)) is not null)
                result.AddError("--at is about a moment, --from and --to are about a span: give either");
            if (result.GetValue(watch) && result.GetValue(format) is not ShownFormat.Table) result.AddError("--watch draws a table: leave --format out");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using var stop = new StopSignals(cancellation);
            using MeshServer server = flags.Connect(parsed, "llama matrix", surroundings);
            var question = new MatrixQuestion
            {
                Pairs = flags.Read(parsed),
                Metrics = parsed.GetValue(metrics)!,
                At = parsed.GetValue(at),
                From = parsed.GetValue(from),
                To = parsed.GetValue(to),
                Slow = parsed.GetValue(slow)!.Value,
            };
            if (parsed.GetValue(format) is not ShownFormat.Table and var wanted)
            {
                await server.CopyAsync(question.Path(question.Metrics, wanted.Name()), question.Pairs.Group, surroundings, stop.Token).ConfigureAwait(false);
                return ExitCode.Ok;
            }

            var session = new LiveSession(new MatrixPicture(server, question, surroundings.Time), parsed.GetValue(every)!.Value, surroundings);
            await (parsed.GetValue(watch) ? session.ShowLiveAsync(stop.Token) : session.ShowOnceAsync(stop.Token)).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }
}
