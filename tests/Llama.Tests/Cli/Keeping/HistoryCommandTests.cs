using System.Globalization;
using System.Text.Json;
using Llama.Cli;
using Llama.Storage.History;
using Llama.Tests.Storage.History;

namespace Llama.Tests.Cli.Keeping;

public sealed class HistoryCommandTests : IDisposable
{
    private readonly HistoryRig _rig = new();
    private readonly Stage _stage = new();

    public HistoryCommandTests() => _stage.Environment["LLAMA_DATA"] = _rig.Data;

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData("stats")]
    [InlineData("export")]
    [InlineData("backup", "copy.db")]
    [InlineData("prune", "--older-than", "1d", "--yes")]
    public async Task No_history_is_told_with_where_it_was_looked_for(params string[] args)
    {
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync(["history", .. args]));
        Assert.Equal($"llama: {_rig.Database}: there is no history; name the server's directory with --data\n", _stage.Error);
    }

    [Theory]
    [InlineData("give a command, as in 'llama history stats'; see 'llama history --help'")]
    [InlineData("give either --before or --older-than; see 'llama history prune --help'", "prune")]
    [InlineData("give either --before or --older-than; see 'llama history prune --help'", "prune", "--before", "now-1d", "--older-than", "1d")]
    [InlineData("--level: 'hourly' is not a level: give raw, 1m, 10m, 1h, 1d; see 'llama history prune --help'", "prune", "--older-than", "1d", "--level", "hourly")]
    [InlineData("--step: '7h' is not a step: give one that divides a day, or days, as in 30s, 1m, 10m, 1h or 1d; see 'llama history export --help'", "export", "--step", "7h")]
    [InlineData("--format: 'parquet' is not offered: give csv or jsonl, which DuckDB and others make Parquet of; see 'llama history export --help'", "export", "--format", "parquet")]
    public async Task What_makes_no_sense_is_told(string told, params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await _stage.RunAsync(["history", .. args]));
        Assert.Equal($"llama: {told}\n", _stage.Error);
    }

    [Fact]
    public async Task Beside_a_running_server_all_of_it_is_exported_with_nothing_where_nothing_was_measured()
    {
        await using SqliteHistoryStore server = _rig.Open();
        await server.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon, ("b", 10, 10), ("=c,\"d\"", 10, 1)), default);
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("history", "export"));
        string[] lines = _stage.Out.Split("\r\n");
        Assert.StartsWith("at,start,end,group,source,destination,class,class_name,intervals,suspect_intervals,sent,received,lost,lost_forward,", lines[0], StringComparison.Ordinal);
        Assert.Contains("2026-11-22T12:00:00Z,2026-11-22T12:00:00Z,2026-11-22T12:00:30Z,g,a,b,0,CS0,1,0,10,0,10,,,0,0,0,0,1,0,,,,,,,,,,,,,,,,,,", lines);
        Assert.Contains(lines, line => line.StartsWith("2026-11-22T12:00:00Z,2026-11-22T12:00:00Z,2026-11-22T12:00:30Z,g,a,\"'=c,\"\"d\"\"\",0,CS0,1,0,10,9,1,,,0,0,0,0,0.1,9,9000,1000,1000,", StringComparison.Ordinal));
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public async Task An_export_of_all_begins_with_single_intervals_where_these_are_kept()
    {
        await using SqliteHistoryStore server = _rig.Open();
        await server.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon, ("b", 10, 1)), default);
        await server.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon.AddSeconds(30), ("b", 10, 2)), default);
        _rig.Time.StepWall(TimeSpan.FromHours(1));
        await server.RoundAsync(default);
        await server.PruneAsync(HistoryRig.Noon.AddHours(-1), null, default);
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("history", "export"));
        Assert.Equal(["2026-11-22T12:00:00Z", "2026-11-22T12:00:30Z"], _stage.Out.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(',')[0]));
    }

    [Fact]
    public async Task Json_lines_have_null_where_nothing_was_measured_and_go_to_a_file_as_a_whole()
    {
        await using SqliteHistoryStore server = _rig.Open();
        await server.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon, ("b\n", 10, 10)), default);
        string file = Path.Combine(_rig.Parent, "out.jsonl");
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("history", "export", "--format", "jsonl", "--output", file));
        JsonElement line = JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(file))).RootElement;
        Assert.Equal("b\n", line.GetProperty("destination").GetString());
        Assert.Equal(10, line.GetProperty("lost").GetInt64());
        Assert.Equal(JsonValueKind.Null, line.GetProperty("rtt_p99_ns").ValueKind);
        Assert.StartsWith($"{file}: 1 points, ", _stage.Out, StringComparison.Ordinal);
        Assert.False(File.Exists(file + ".partial"));
    }

    [Fact]
    public async Task However_coarse_old_times_are_kept_an_export_has_each_datagram_once()
    {
        _rig.Retention = new HistoryRetention
        {
            Raw = TimeSpan.FromHours(1),
            Minute = TimeSpan.FromHours(3),
            TenMinutes = TimeSpan.FromHours(7),
            Hour = TimeSpan.FromDays(2),
            Day = TimeSpan.FromDays(100),
        };
        await using SqliteHistoryStore server = _rig.Open();
        _rig.Time.StepWall(TimeSpan.FromDays(-4));
        for (int day = 0; day < 4; day++)
        {
            DateTimeOffset start = _rig.Time.GetUtcNow();
            IEnumerable<HistoryReport> reports = Enumerable.Range(0, 24 * 6).SelectMany(i => (HistoryReport[])
            [
                HistoryRig.Report("a", start.AddMinutes(10 * i + 3), ("b", 10, i % 3), ("c", 5, 0)),
                HistoryRig.Report("a*", start.AddMinutes(10 * i + 7), ("b", 7, 1)),
            ]);
            await Task.WhenAll(reports.Select(report => server.AppendAsync(report, default).AsTask()));
            _rig.Time.StepWall(TimeSpan.FromDays(1));
            await server.RoundAsync(default);
        }

        foreach ((string step, string to) in ((string, string)[])[("", "now"), ("1m", "now"), ("1h", "now"), ("1d", "now"), ("", "2026-11-22T10:17:00Z")])
        {
            var stage = new Stage { Environment = { ["LLAMA_DATA"] = _rig.Data } };
            string[] args = step.Length == 0 ? ["--to", to] : ["--to", to, "--step", step];
            Assert.Equal(ExitCode.Ok, await stage.RunAsync(["history", "export", .. args]));
            string[][] lines = [.. stage.Out.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(','))];
            long Sum(int column) => lines.Sum(line => long.Parse(line[column], CultureInfo.InvariantCulture));
            DateTimeOffset end = to == "now" ? HistoryRig.Noon : DateTimeOffset.Parse(to, CultureInfo.InvariantCulture);
            Assert.Equal(await HistoryRig.SumAsync(server, to: end), (Sum(10), Sum(12)));
            Assert.Equal(lines.Length, lines.Select(line => (line[0], line[4], line[5])).Distinct().Count());
            Assert.Equal(["a", "a*"], lines.Select(line => line[4]).Distinct().Order());
        }
    }

    [Fact]
    public async Task Statistics_are_a_table_for_people_and_an_object_for_programs()
    {
        await using SqliteHistoryStore server = _rig.Open();
        await server.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon, ("b", 10, 1)), default);
        Assert.Equal((ExitCode.Ok, ""), (await _stage.RunAsync("history", "stats"), _stage.Error));
        Assert.StartsWith($"{_rig.Database}: ", _stage.Out, StringComparison.Ordinal);
        Assert.Contains("\n1 group, 1 source, 1 destination, 1 report known\n", _stage.Out, StringComparison.Ordinal);
        Assert.Contains("\njournal         1 report", _stage.Out, StringComparison.Ordinal);

        var forPrograms = new Stage { Environment = { ["LLAMA_DATA"] = _rig.Data } };
        Assert.Equal((ExitCode.Ok, ""), (await forPrograms.RunAsync("history", "stats", "--format", "json"), forPrograms.Error));
        JsonElement json = JsonDocument.Parse(forPrograms.Out).RootElement;
        Assert.Equal(1, json.GetProperty("journal_reports").GetInt64());
        Assert.Equal(["raw", "1m", "10m", "1h", "1d"], json.GetProperty("levels").EnumerateArray().Select(level => level.GetProperty("name").GetString()));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("levels")[0].GetProperty("oldest").ValueKind);
    }

    [Fact]
    public async Task A_backup_put_in_place_is_the_history_and_nothing_is_overwritten()
    {
        string copy = Path.Combine(_rig.Parent, "restored", "history.db");
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        await using (SqliteHistoryStore server = _rig.Open())
        {
            await server.AppendAsync(HistoryRig.Report("a", HistoryRig.Noon, ("b", 10, 1)), default);
            Assert.Equal(ExitCode.Ok, await _stage.RunAsync("history", "backup", copy));
            Assert.StartsWith($"{copy}: ", _stage.Out, StringComparison.Ordinal);
            Assert.Equal(ExitCode.Failed, await _stage.RunAsync("history", "backup", copy));
            Assert.Equal($"llama: {copy}: is there already; name another file\n", _stage.Error);
        }

        _rig.Data = Path.GetDirectoryName(copy)!;
        await using SqliteHistoryStore restored = _rig.Open();
        Assert.Equal((10, 1), await HistoryRig.SumAsync(restored));
    }

    [Fact]
    public async Task Pruning_is_asked_for_where_somebody_can_be_and_needs_yes_where_nobody_can()
    {
        await using SqliteHistoryStore server = await SettledAsync();
        Assert.Equal(ExitCode.Failed, await PruneAsync(answer: null));
        Assert.Equal($"llama: {_rig.Database}: everything older than 2026-11-22T12:00:00Z would be dropped for good; say that this is meant with --yes\n", _stage.Error);
        Assert.Equal((10, 1), await HistoryRig.SumAsync(server));

        Assert.Equal(ExitCode.Failed, await PruneAsync(() => ""));
        Assert.EndsWith("llama: nothing was dropped\n", _stage.Error, StringComparison.Ordinal);
        Assert.Contains("  raw  all of it, 1 summaries\n", _stage.Out, StringComparison.Ordinal);
        Assert.Equal((10, 1), await HistoryRig.SumAsync(server));

        Assert.Equal(ExitCode.Ok, await PruneAsync(() => "yes"));
        Assert.EndsWith(" B\n", _stage.Out, StringComparison.Ordinal);
        Assert.Equal((0, 0), await HistoryRig.SumAsync(server, to: HistoryRig.Noon.AddDays(-1)));
    }

    [Fact]
    public async Task Of_one_level_alone_what_is_coarser_stays()
    {
        await using SqliteHistoryStore server = await SettledAsync();
        Assert.Equal(ExitCode.Ok, await PruneAsync(answer: null, "--level", "raw", "--yes"));
        Assert.Equal((10, 1), await HistoryRig.SumAsync(server));
        Assert.Null((await server.StatisticsAsync(default)).Levels[0].Oldest);
    }

    private async Task<SqliteHistoryStore> SettledAsync()
    {
        SqliteHistoryStore server = _rig.Open();
        _rig.Time.StepWall(HistoryRig.Noon.AddDays(-3) - _rig.Time.GetUtcNow());
        await server.AppendAsync(HistoryRig.Report("a", _rig.Time.GetUtcNow(), ("b", 10, 1)), default);
        _rig.Time.StepWall(TimeSpan.FromDays(1));
        await server.RoundAsync(default);
        return server;
    }

    private Task<int> PruneAsync(Func<string?>? answer, params string[] more) =>
        CommandLine.RunAsync(["history", "prune", "--before", "2026-11-22T12:00:00Z", .. more], _stage.Surroundings with { ReadLine = answer });
}
