using System.CommandLine;
using System.Globalization;
using Llama.Cli.Scraping;
using Llama.Cli.Settings;
using Llama.Server.Scraping;
using Llama.Server.Sinks.Delivery;

namespace Llama.Cli.Commands;

/// <summary><c>llama scraper</c>: pulls summaries from collectors and hands them to sinks, until it is told to end.</summary>
internal static class ScraperCommand
{
    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(30);

    // What scline/llama-sd's container passes, and how often its probes report.
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(10);

    public static Command Create(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var collectors = new CollectorFlags(environment);
        var influx = new InfluxFlags(environment);
        var sinks = new SinkSettings(environment, showsPairs: false);
        var interval = new Setting<TimeSpan?>(
            "interval", "SECONDS", "How often each collector is asked, 30, and 10 with --server; those of ours as often as they report, where that is more often.",
            ValueParser.WholeSeconds, environment, goName: "llama.interval");
        var timeout = new Setting<TimeSpan?>(
            "timeout", "DURATION", "How long a collector may take to answer; the shorter of 10s and --interval where it is not given.", ValueParser.Duration, environment);
        var shard = new Setting<Shard>("shard", "I/N", "Scrape only the share I of N, so that N scrapers share the collectors of one list.", ShardOf, environment);
        var listen = new Setting<ListenAddress>(
            "listen", "HOST:PORT", "Serve /metrics, /status, /healthz and /readyz over HTTP here; nowhere where it is not given.", ListenAddress.Parse, environment);

        var command = new DescribedCommand("scraper", "Pull summaries from collectors and hand them to sinks.")
        {
            IgnoresStrayArguments = true,
            Examples =
            [
                "llama scraper --collector-hosts 192.0.2.1,192.0.2.2 --influxdb-host db --influxdb-port 8086",
                "LLAMA_SERVER=http://server:5000 INFLUXDB_HOST=db INFLUXDB_PORT=8086 llama scraper",
                "llama scraper --server http://server:5000 --sink postgres://llama@db/llama",
                "llama scraper --server http://server:5000 --group wan --shard 2/8 --listen :9101",
                "llama scraper --collector-hosts @collectors.txt        # followed when the file changes",
            ],
        };
        foreach (Option option in (Option[])[.. collectors.Options, interval, timeout, shard, listen, .. sinks.Options, .. influx.Options]) command.Add(option);

        // The Go programs share one set of flags.
        foreach (string name in (string[])["llama.config", "llama.dst-port"])
            command.Add(new Option<string>($"--{name}", $"-{name}") { Hidden = true });

        command.SetAction(async (parsed, cancellation) =>
        {
            using var stop = new StopSignals(cancellation);
            IAsyncEnumerable<IReadOnlyList<CollectorEntry>> list = collectors.Read(parsed, surroundings);
            Shard share = parsed.GetValue(shard) ?? Shard.Whole;
            string queue = Path.Combine(DefaultStatePath.Of(environment, RoleOf(share)), "sinks");
            SinkSet set = sinks.Open(parsed, queue, surroundings, influx.Sinks(parsed, hasOthers: sinks.AreGiven(parsed)))!;
            var options = new ScraperOptions
            {
                Collectors = list,
                Take = (record, _) =>
                {
                    set.Take(record.Span);
                    return ValueTask.CompletedTask;
                },
                WantsFlows = set.WantsFlows,
                WantsBuckets = set.WantsBuckets,
                Interval = parsed.GetValue(interval) ?? (collectors.HasServer(parsed) ? ProbeInterval : UsualInterval),
                Timeout = parsed.GetValue(timeout),
                Shard = share,
                Time = surroundings.Time,
                Inform = surroundings.Log.Info,
                Warn = surroundings.Log.Warn,
            };
            await ScraperService.RunAsync(options, set, parsed.GetValue(listen), surroundings.Log, stop.Token).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    // The scrapers of one list may well run on one host.
    private static string RoleOf(Shard shard) =>
        shard == Shard.Whole ? "scraper" : string.Create(CultureInfo.InvariantCulture, $"scraper-{shard.Index}-of-{shard.Count}");

    private static Parsed<Shard> ShardOf(string text) => Shard.Parse(text) is { } shard
        ? Parsed.Of(shard)
        : Parsed.Not<Shard>(text, "is no share: give one like 2/8, the second of eight, of 1000 at most");
}
