using System.Text.Json;
using Llama.Storage.History;
using Llama.Tests.Server.Discovery.Native;

namespace Llama.Tests.Server.History;

/// <summary>GET /api/v2/matrix of any time, and by tags.</summary>
public sealed class PastMatrixTests
{
    private static readonly string[] Probes = ["eu1-1", "eu1-2", "eu2-1", "us1-1"];

    [Fact]
    public async Task At_a_moment_each_pair_shows_the_newest_interval_that_had_begun()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -120, new Pair("b", 10, 1, 1000), new Pair("c", 10, 2));
        await past.ReportAsync("a", -60, new Pair("b", 10, 5, 3000));
        await past.ReportAsync("a", -30, new Pair("b", 10, 10));

        JsonElement then = await past.GetAsync("/api/v2/matrix?group=g&at=2026-11-22T11:59:00Z&metrics=loss,rtt_p50,age,duplicates");

        Assert.Equal(
            """
            {"group":"g","class":0,"class_name":"CS0","classes":[0],"now":"2026-11-22T12:00:00Z","from":"2026-11-22T11:56:00Z","to":"2026-11-22T11:59:00Z",
            "oldest":"2026-11-22T11:58:00Z","newest":"2026-11-22T11:59:10Z","sources":["a"],"destinations":["b","c"],"destinations_left_out":0,
            "units":{"loss":"ratio","rtt_p50":"ns","age":"s","duplicates":"datagrams"},
            "metrics":{"loss":[[0.5,0.2]],"rtt_p50":[[3000,null]],"age":[[0,50]],"duplicates":[[3,3]]}}
            """.ReplaceLineEndings(""),
            then.GetRawText());
        Assert.Equal("[[1,0.2]]", Loss(await past.GetAsync("/api/v2/matrix?at=now")));
        Assert.Equal("[[1]]", Loss(await past.GetAsync("/api/v2/matrix?at=now&window=40s")));
        Assert.Equal("[]", Loss(await past.GetAsync("/api/v2/matrix?at=now-1h")));
    }

    [Fact]
    public async Task Before_the_first_interval_there_is_nothing_however_coarse_the_levels_are()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -20, new Pair("b", 10, 1));
        past.Model.Levels =
        [
            new HistoryLevelSpan(HistoryLevel.Raw, null, Past.Noon.AddMinutes(-47), Past.Noon),
            new HistoryLevelSpan(HistoryLevel.Day, null, Past.Noon.AddHours(-12), Past.Noon),
        ];

        JsonElement young = await past.GetAsync("/api/v2/matrix?at=2026-11-22T08:00:00Z");
        past.Model.Levels = [.. past.Model.Levels.Select(level => level with { Oldest = level.Oldest - TimeSpan.FromDays(level.Level == HistoryLevel.Day ? 9 : 2) })];
        JsonElement old = await past.GetAsync("/api/v2/matrix?at=2026-11-19T08:00:00Z");

        Assert.Equal("2026-11-22T07:57:00Z", young.GetProperty("from").GetString());
        Assert.Equal("2026-11-18T08:00:00Z", old.GetProperty("from").GetString());
    }

    [Fact]
    public async Task Over_a_span_intervals_are_summed_and_percentiles_are_those_of_all_replies()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -60, new Pair("b", 10, 1, [.. Enumerable.Repeat(1000L, 9)]));
        await past.ReportAsync("a", -30, new Pair("b", 30, 3, 90_000));

        JsonElement matrix = await past.GetAsync("/api/v2/matrix?from=now-5m&to=now&metrics=loss,sent,rtt_p50,rtt_max,intervals,suspect");

        Assert.Equal(
            """{"loss":[[0.1]],"sent":[[40]],"rtt_p50":[[1004]],"rtt_max":[[90000]],"intervals":[[2]],"suspect":[[false]]}""",
            matrix.GetProperty("metrics").GetRawText());
    }

    [Theory]
    [InlineData("region")]
    [InlineData("rack")]
    public async Task Put_together_by_tags_it_has_the_sums_of_its_pairs(string tag)
    {
        await using Past past = await Past.StartAsync();
        await FillAsync(past);

        JsonElement names = await past.GetAsync("/api/v2/matrix?from=now-10m&to=now&metrics=sent,lost");
        JsonElement tags = await past.GetAsync($"/api/v2/matrix?from=now-10m&to=now&metrics=sent,lost&by={tag}");

        string keyOf(string name) => tag == "region" ? name[..2] : name[..3];
        foreach (string metric in new[] { "sent", "lost" })
        {
            var sums = new Dictionary<(string, string), long>();
            foreach ((string source, string destination, long value) in Cells(names, metric))
                sums[(keyOf(source), keyOf(destination))] = sums.GetValueOrDefault((keyOf(source), keyOf(destination))) + value;
            Assert.Equal(sums.OrderBy(sum => sum.Key), Cells(tags, metric).ToDictionary(cell => (cell.Source, cell.Destination), cell => cell.Value).OrderBy(sum => sum.Key));
        }

        Assert.Equal(tags.GetProperty("sources").EnumerateArray().Select(name => name.GetString()).Order(StringComparer.Ordinal), tags.GetProperty("sources").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public async Task Every_value_is_that_of_the_history()
    {
        await using Past past = await Past.StartAsync();
        await FillAsync(past);

        foreach (string side in new[] { "", "&source_by=region", "&destination_by=rack", "&by=all", "&source=eu*&destination=region=us,region=eu", "&source=rack=eu1" })
        {
            JsonElement matrix = await past.GetAsync($"/api/v2/matrix?from=now-4m&to=now&metrics=loss,rtt_p99,rtt_mean,loss_forward{side}");
            var query = new HistoryQuery
            {
                Group = "g",
                From = Past.Noon.AddMinutes(-4),
                To = Past.Noon,
                Class = 0,
                SourceBy = side.Contains("by=all", StringComparison.Ordinal) ? null : side.Contains("source_by", StringComparison.Ordinal) ? "region" : HistoryQuery.ByName,
                DestinationBy = side.Contains("by=all", StringComparison.Ordinal) ? null : side.Contains("destination_by", StringComparison.Ordinal) ? "rack" : HistoryQuery.ByName,
                Sources = side.Contains("source=eu", StringComparison.Ordinal) ? [new("name", "eu*")] : side.Contains("rack=eu1", StringComparison.Ordinal) ? [new("rack", "eu1")] : [],
                Destinations = side.Contains("destination=", StringComparison.Ordinal) ? [new("region", "us"), new("region", "eu")] : [],
            };
            var known = (await past.AskAsync(query)).ToDictionary(series => (series.Source, series.Destination), series => series.Points.Single().Totals);

            JsonElement[] sources = [.. matrix.GetProperty("sources").EnumerateArray()], destinations = [.. matrix.GetProperty("destinations").EnumerateArray()];
            int found = 0;
            for (int row = 0; row < sources.Length; row++)
            {
                for (int column = 0; column < destinations.Length; column++)
                {
                    PairTotals? totals = known.GetValueOrDefault((sources[row].GetString()!, destinations[column].GetString()!));
                    if (totals is not null) found++;
                    Same((double?)totals?.Counts.Lost / totals?.Counts.Sent, Value("loss"));
                    Same((double?)totals?.Counts.LostForward / totals?.Counts.Sent, Value("loss_forward"));
                    Same(totals?.Percentile(0.99), Value("rtt_p99"));
                    Same(totals?.RttMeanNanos is { } mean ? Math.Round(mean) : null, Value("rtt_mean"));

                    JsonElement Value(string metric) => matrix.GetProperty("metrics").GetProperty(metric)[row][column];
                }
            }

            Assert.Equal(known.Count, found);
            Assert.NotEqual(0, found);
        }
    }

    [Fact]
    public async Task Classes_are_apart_unless_all_are_asked_for()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -60, new Pair("b", 10, 10) { Class = 32 }, new Pair("b", 10, 0) { Class = 184 });

        Assert.Equal("[[1]]", Loss(await past.GetAsync("/api/v2/matrix?at=now")));
        Assert.Equal("[[0]]", Loss(await past.GetAsync("/api/v2/matrix?at=now&class=EF")));
        JsonElement all = await past.GetAsync("/api/v2/matrix?class=all");
        Assert.Equal("[[0.5]]", Loss(all));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null, "[32,184]"), (all.GetProperty("class").ValueKind, all.GetProperty("class_name").ValueKind, all.GetProperty("classes").GetRawText()));
    }

    [Fact]
    public async Task It_comes_as_csv_and_text_with_names_as_data()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("=cmd|'x'!A1", -60, new Pair("b\u001b[2J\u202e,\"", 10, 5, 48_000));

        Reply csv = await past.Server.GetAsync("/api/v2/matrix?at=now&format=csv");
        Reply text = await past.Server.GetAsync("/api/v2/matrix?from=now-5m&format=text");

        Assert.Equal("source,destination,loss,rtt_p50\r\n'=cmd|'x'!A1,\"b\\u{1b}[2J\\u{202e},\"\"\",0.5,48000\r\n", csv.Text);
        Assert.Equal("text/csv; charset=utf-8", csv.Type);
        Assert.Contains("Group g, class CS0, 2026-11-22 11:55:00Z to 2026-11-22 12:00:00Z\n", text.Text, StringComparison.Ordinal);
        Assert.Contains("50%  48us", text.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(text.Text, c => char.IsControl(c) && c != '\n');
    }

    [Fact]
    public async Task Rows_and_columns_are_in_the_order_they_came_to_be_known()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("z", -90, new Pair("outside", 1, 0), new Pair("a", 1, 0));
        await past.ReportAsync("a", -90, new Pair("z", 1, 0));

        JsonElement matrix = await past.GetAsync("/api/v2/matrix?at=now");

        Assert.Equal("""["z","a"]""", matrix.GetProperty("sources").GetRawText());
        Assert.Equal("""["z","a","outside"]""", matrix.GetProperty("destinations").GetRawText());
        Assert.Equal("[[null,0,0],[0,null,null]]", Loss(matrix));
    }

    [Fact]
    public async Task Without_a_time_or_tags_it_stays_the_newest_matrix_of_the_members()
    {
        await using Past past = await Past.StartAsync();
        await past.Server.JoinAsync("member");

        JsonElement matrix = await past.GetAsync("/api/v2/matrix?group=g");

        Assert.Equal("""["member"]""", matrix.GetProperty("sources").GetRawText());
        Assert.False(matrix.TryGetProperty("from", out _));
        Assert.Equal("[]", (await past.GetAsync("/api/v2/matrix?group=g&at=now")).GetProperty("sources").GetRawText());
    }

    private static string Loss(JsonElement matrix) => matrix.GetProperty("metrics").GetProperty("loss").GetRawText();

    private static IEnumerable<(string Source, string Destination, long Value)> Cells(JsonElement matrix, string metric)
    {
        foreach ((int row, JsonElement source) in matrix.GetProperty("sources").EnumerateArray().Index())
        {
            foreach ((int column, JsonElement destination) in matrix.GetProperty("destinations").EnumerateArray().Index())
            {
                JsonElement value = matrix.GetProperty("metrics").GetProperty(metric)[row][column];
                if (value.ValueKind != JsonValueKind.Null) yield return (source.GetString()!, destination.GetString()!, value.GetInt64());
            }
        }
    }

    private static void Same(double? expected, JsonElement value)
    {
        if (expected is not { } known) Assert.Equal(JsonValueKind.Null, value.ValueKind);
        else Assert.Equal(known, value.GetDouble(), 5e-10);
    }

    /// <summary>A quarter of an hour of a small mesh, in which something is missing.</summary>
    private static async Task FillAsync(Past past)
    {
        var dice = new Random(7);
        for (int seconds = -900; seconds < 0; seconds += 10)
        {
            foreach (string source in Probes)
            {
                if (dice.Next(10) == 0) continue;
                Pair[] pairs =
                [
                    .. Probes.Where(name => name != source && dice.Next(5) > 0).Select(name =>
                    {
                        long lost = dice.Next(4);
                        return new Pair(name, 10, lost, [.. Enumerable.Range(0, 10 - (int)lost).Select(_ => dice.NextInt64(100_000, 200_000_000))]);
                    }),
                ];
                await past.ReportAsync(source, seconds, pairs);
            }
        }
    }
}
