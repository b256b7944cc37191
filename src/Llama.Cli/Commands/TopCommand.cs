using System.CommandLine;
using Llama.Cli.Settings;
using Llama.Cli.Watching;

namespace Llama.Cli.Commands;

/// <summary><c>llama top</c>: the worst pairs that a server knows, live in the terminal.</summary>
internal static class TopCommand
{
    private const int MostPairs = 1000;

    public static Command Create(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var flags = new WatchFlags(environment);
        var metric = new Setting<string>("metric", "METRIC", $"What makes a pair bad: {string.Join(", ", TopView.Ranks)}.", ParseMetric, environment, "loss");
        var last = new Setting<TimeSpan?>("last", "DURATION", "Over how long, up to now.", ValueParser.Duration, environment, "10m");
        var limit = new Setting<int?>("limit", "N", "How many pairs.", text => ValueParser.Count(text, 1, MostPairs, "is not a number of pairs"), environment, "20");
        var every = new Setting<TimeSpan?>("every", "DURATION", "How often the server is asked.", ValueParser.Duration, environment, "2s");
        var once = new Switch("once", "Print one table, and end; as where nobody watches.", environment);
        var format = new Setting<ShownFormat>("format", "FORMAT", "table, json or csv.", ShownFormats.Parse, environment, "table");
        var command = new DescribedCommand("top", "Show the worst pairs of a mesh, live.")
        {
            Examples =
            [
                "llama top                                         # live, until q or Ctrl-C",
                "llama top --metric rtt_p99 --last 1h --by site",
                "llama top --source site=ams* --once",
                "llama top --format csv --limit 1000 > worst.csv",
            ],
        };
        foreach (Option option in (Option[])[.. flags.Options, metric, last, limit, every, once, format]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var stop = new StopSignals(cancellation);
            using MeshServer server = flags.Connect(parsed, "llama top", surroundings);
            var question = new TopQuestion
            {
                Pairs = flags.Read(parsed),
                Metric = parsed.GetValue(metric)!,
                Last = parsed.GetValue(last)!.Value,
                Limit = parsed.GetValue(limit)!.Value,
            };
            if (parsed.GetValue(format) is not ShownFormat.Table and var wanted)
            {
                await server.CopyAsync(question.Path(wanted.Name()), question.Pairs.Group, surroundings, stop.Token).ConfigureAwait(false);
                return ExitCode.Ok;
            }

            var session = new LiveSession(new TopPicture(server, question), parsed.GetValue(every)!.Value, surroundings);
            bool isLive = surroundings.OutIsTerminal && !parsed.GetValue(once);
            await (isLive ? session.ShowLiveAsync(stop.Token) : session.ShowOnceAsync(stop.Token)).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Parsed<string> ParseMetric(string text) => text == "rtt" ? Parsed.Of("rtt_p50")
        : TopView.Ranks.Contains(text) ? Parsed.Of(text)
        : Parsed.Not<string>(text, $"is nothing that pairs can be ranked by: give {string.Join(", ", TopView.Ranks)}");
}
