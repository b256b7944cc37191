using System.CommandLine;
using Llama.Cli.Keeping;
using Llama.Cli.Settings;
using Llama.Storage.History;

namespace Llama.Cli.Commands;

/// <summary><c>llama history</c>: looks after what a server keeps, while it runs or while it does not.</summary>
internal static class HistoryCommand
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static Command Create(Surroundings surroundings)
    {
        var command = new DescribedCommand("history", "Look after the history that a server keeps: copy it, write it out, measure it, drop what is old.")
        {
            Examples =
            [
                "llama history stats",
                "llama history backup /backup/history-$(date +%F).db",
                "llama history export --from now-1d --format csv --output yesterday.csv",
                "llama history prune --older-than 30d --level raw",
            ],
        };
        command.Add(Stats(surroundings));
        command.Add(Backup(surroundings));
        command.Add(Export(surroundings));
        command.Add(Prune(surroundings));
        return command;
    }

    private static DescribedCommand Backup(Surroundings surroundings)
    {
        var place = new HistoryPlace(surroundings);
        var file = new Argument<string>("FILE") { Description = "The file of the copy, which must not be there yet." };
        var command = new DescribedCommand("backup", "Write a copy of the history as it is at this moment; the server goes on.")
        {
            Examples =
            [
                "llama history backup /backup/history.db",
                "# to restore: stop the server, put the copy in place of history.db in its directory (without history.db-wal and -shm), start it",
            ],
        };
        command.Add(file);
        command.Add(place.Option);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var stop = new StopSignals(cancellation);
            string path = Path.GetFullPath(parsed.GetValue(file)!);
            await place.UseAsync(parsed, history => history.BackupAsync(path, stop.Token)).ConfigureAwait(false);
            await surroundings.Out.WriteLineAsync($"{path}: {OctetText.Of(new FileInfo(path).Length)}").ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static DescribedCommand Export(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var place = new HistoryPlace(surroundings);
        var from = new Setting<DateTimeOffset?>("from", "TIME", "Intervals that begin at this time or later: now-6h, 2026-11-22T12:00:00Z, or Unix time; all where it is not given.", place.Time, environment);
        var to = new Setting<DateTimeOffset?>("to", "TIME", "Intervals that begin before this time.", place.End, environment);
        var group = new Setting<string>("group", "NAME", "This group alone.", ValueParser.Text, environment, letter: 'g');
        var step = new Setting<TimeSpan?>("step", "DURATION", "How long each point is, as in 1m, 1h or 1d; each interval by itself where it is not given.", ParseStep, environment);
        var format = new Setting<ExportFormat>("format", "FORMAT", "csv or jsonl (JSON Lines).", ParseFormat, environment, "csv");
        var output = new Setting<string>("output", "FILE", "Where to, instead of standard output; appears when it is whole.", ValueParser.Text, environment, letter: 'o');
        var command = new DescribedCommand("export", "Write the history out: a line for each pair, class and point, with all metrics.")
        {
            Examples =
            [
                "llama history export --from now-1d --output day.csv",
                "llama history export --group wan --step 1h --format jsonl | gzip > wan.jsonl.gz",
                "llama history export --from 2026-11-01 --to 2026-12-01 --step 1d",
            ],
        };
        foreach (Option option in (Option[])[place.Option, from, to, group, step, format, output]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var stop = new StopSignals(cancellation);
            await place.UseAsync(parsed, async history =>
            {
                if (parsed.GetValue(group) is { } wanted && history.Find(wanted) is null)
                    throw new Failure($"--group: nothing is kept of {wanted}{(history.Groups.Count > 0 ? $", but of {string.Join(", ", history.Groups.Order(StringComparer.Ordinal).Take(20))}" : "")}");
                IReadOnlyList<HistoryLevelSpan> levels = await history.SpansAsync(stop.Token).ConfigureAwait(false);
                DateTimeOffset now = surroundings.Time.GetUtcNow();
                var options = new ExportOptions
                {
                    From = parsed.GetValue(from) ?? await HistoryExport.BeginningAsync(history, stop.Token).ConfigureAwait(false) ?? now,
                    To = parsed.GetValue(to) ?? Later(levels.Max(level => level.Newest), now),
                    Group = parsed.GetValue(group),
                    Step = parsed.GetValue(step) ?? TimeSpan.Zero,
                    Format = parsed.GetValue(format),
                };
                await ExportTarget.WriteAsync(new HistoryExport(history, options), parsed.GetValue(output), surroundings, stop.Token).ConfigureAwait(false);
            }).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static DescribedCommand Stats(Surroundings surroundings)
    {
        var place = new HistoryPlace(surroundings);
        var format = new Setting<string>(
            "format",
            "FORMAT",
            "table or json.",
            text => text is "table" or "json" ? Parsed.Of(text) : Parsed.Not<string>(text, "is not a format: give table or json"),
            surroundings.Environment,
            "table");
        var command = new DescribedCommand("stats", "Show how much is kept, and of when.")
        {
            Examples = ["llama history stats", "llama history stats --data /var/lib/llama/server --format json"],
        };
        command.Add(place.Option);
        command.Add(format);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var stop = new StopSignals(cancellation);
            await place.UseAsync(parsed, async history =>
            {
                HistoryStatistics statistics = await history.StatisticsAsync(stop.Token).ConfigureAwait(false);
                string text = parsed.GetValue(format) == "json" ? StatisticsText.Json(statistics) : StatisticsText.Table(statistics);
                await surroundings.Out.WriteAsync(text).ConfigureAwait(false);
            }).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static DescribedCommand Prune(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var place = new HistoryPlace(surroundings);
        var before = new Setting<DateTimeOffset?>("before", "TIME", "Drop what is older than this time.", place.Time, environment);
        var olderThan = new Setting<TimeSpan?>("older-than", "DURATION", "Drop what is older than this, as in 30d.", ValueParser.Period, environment);
        var level = new Setting<HistoryLevel?>("level", "LEVEL", $"Of this level alone: {string.Join(", ", HistoryLevels.All.Select(each => each.Name()))}; all where it is not given.", ParseLevel, environment);
        var yes = new Option<bool>("--yes", "-yes", "-y") { Description = "Do not ask. Needed where nobody is at the keyboard." };
        var command = new DescribedCommand("prune", "Drop what is old, for good, and give the room back to the disk.")
        {
            Examples =
            [
                "llama history prune --older-than 12h --level raw    # minutes and what is coarser stay",
                "llama history prune --before 2026-01-01 --yes",
            ],
        };
        foreach (Option option in (Option[])[place.Option, before, olderThan, level, yes]) command.Add(option);
        command.Validators.Add(result =>
        {
            if ((result.GetValue(before) is null) == (result.GetValue(olderThan) is null)) result.AddError("give either --before or --older-than");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using var stop = new StopSignals(cancellation);
            DateTimeOffset moment = parsed.GetValue(before) ?? surroundings.Time.GetUtcNow() - parsed.GetValue(olderThan)!.Value;
            var pruning = new Pruning(moment, parsed.GetValue(level), surroundings);
            await place.UseAsync(parsed, history => pruning.RunAsync(history, parsed.GetValue(yes), stop.Token)).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static DateTimeOffset Later(DateTimeOffset? one, DateTimeOffset other) => one > other ? one.Value : other;

    private static Parsed<TimeSpan?> ParseStep(string text) =>
        ValueParser.Period(text) is { Value: { } step } && (Day.Ticks % step.Ticks == 0 || step.Ticks % Day.Ticks == 0) && step >= TimeSpan.FromSeconds(1)
            ? Parsed.Of<TimeSpan?>(step)
            : Parsed.Not<TimeSpan?>(text, "is not a step: give one that divides a day, or days, as in 30s, 1m, 10m, 1h or 1d");

    private static Parsed<ExportFormat> ParseFormat(string text) => text switch
    {
        "csv" => Parsed.Of(ExportFormat.Csv),
        "jsonl" => Parsed.Of(ExportFormat.JsonLines),
        "parquet" => Parsed.Not<ExportFormat>(text, "is not offered: give csv or jsonl, which DuckDB and others make Parquet of"),
        _ => Parsed.Not<ExportFormat>(text, "is not a format: give csv or jsonl"),
    };

    private static Parsed<HistoryLevel?> ParseLevel(string text)
    {
        foreach (HistoryLevel level in HistoryLevels.All)
            if (level.Name() == text) return Parsed.Of<HistoryLevel?>(level);
        return Parsed.Not<HistoryLevel?>(text, $"is not a level: give {string.Join(", ", HistoryLevels.All.Select(each => each.Name()))}");
    }
}
