using System.Text.Json;
using Llama.Cli.Ping;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Ping;

public class PingOutputTests
{
    private static readonly IntervalReport First = Pinged.Report(1, [
        Pinged.Summary(Pinged.Frankfurt, 10, 1, 0, 1000, 1100, 1200),
        Pinged.Summary(Pinged.Sydney, 10, null, null, default),
    ]);

    [Fact]
    public void Text_has_a_line_for_each_interval_and_target_and_the_table_at_the_end()
    {
        string[] lines = Written(PingFormat.Text).Split('\n');

        Assert.Equal(
            "12:00:01Z fra1 (192.0.2.20): sent 20, lost 1 (5.0%: 1 there, 0 back), rtt min/p50/p99/max 1.000/1.106/1.200/1.200 ms, jitter 0.002 ms", lines[0]);
        Assert.Equal("12:00:01Z [2001:db8::20]:9300: sent 20, lost 20 (100.0%)", lines[1]);
        Assert.Equal("", lines[2]);
        Assert.StartsWith("LLAMA ping  |  2026-11-22 12:00:01Z  |  1.0 s  |", lines[3], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.StartsWith("2. [2001:db8::20]:9300", StringComparison.Ordinal));
    }

    [Fact]
    public void Json_has_an_object_for_each_interval_and_a_last_one_with_the_members_of_the_http_api()
    {
        string[] lines = Written(PingFormat.Json).TrimEnd('\n').Split('\n');
        using JsonDocument interval = JsonDocument.Parse(lines[0]);
        using JsonDocument total = JsonDocument.Parse(lines[1]);

        Assert.Equal(2, lines.Length);
        Assert.Equal("interval", interval.RootElement.GetProperty("type").GetString());
        Assert.False(interval.RootElement.TryGetProperty("problems", out _));
        Assert.Equal("total", total.RootElement.GetProperty("type").GetString());
        Assert.Equal("something", total.RootElement.GetProperty("problems")[0].GetString());
        foreach (JsonElement root in (JsonElement[])[interval.RootElement, total.RootElement])
        {
            JsonElement frankfurt = root.GetProperty("summaries")[0], sydney = root.GetProperty("summaries")[1];
            Assert.Equal("2026-11-22T12:00:01Z", root.GetProperty("end").GetString());
            Assert.Equal("fra1", frankfurt.GetProperty("destination").GetProperty("host").GetString());
            Assert.Equal("EF", frankfurt.GetProperty("class_name").GetString());
            Assert.Equal(1, frankfurt.GetProperty("datagrams").GetProperty("lost_forward").GetInt64());
            Assert.Equal(1_000_000, frankfurt.GetProperty("rtt").GetProperty("min_ns").GetInt64());
            Assert.Equal(2, frankfurt.GetProperty("flows").GetArrayLength());
            Assert.Equal(JsonValueKind.Null, sydney.GetProperty("datagrams").GetProperty("lost_forward").ValueKind);
            Assert.Equal(JsonValueKind.Null, sydney.GetProperty("rtt").GetProperty("p50_ns").ValueKind);
            Assert.Equal(JsonValueKind.Null, sydney.GetProperty("path").GetProperty("forward_ttl").ValueKind);
        }
    }

    [Fact]
    public void Csv_has_one_header_and_leaves_empty_what_was_not_measured()
    {
        string[][] rows = [.. Written(PingFormat.Csv).TrimEnd('\n').Split('\n').Select(line => line.Split(','))];
        string Value(int row, string column) => rows[row][Array.IndexOf(rows[0], column)];

        Assert.Equal(5, rows.Length);
        Assert.All(rows, row => Assert.Equal(rows[0].Length, row.Length));
        Assert.Equal(["type", "interval", "interval", "total", "total"], rows.Select(row => row[0]));
        Assert.Equal(("fra1", "192.0.2.20", "8100", "184"), (Value(1, "host"), Value(1, "address"), Value(1, "port"), Value(1, "class")));
        Assert.Equal(("20", "1", "1", "0", "0.05"), (Value(1, "sent"), Value(1, "lost"), Value(1, "lost_forward"), Value(1, "lost_reverse"), Value(1, "loss_ratio")));
        Assert.Equal(("1000000", "false"), (Value(3, "rtt_min_ns"), Value(3, "suspect")));
        Assert.Equal(("20", "", "", ""), (Value(2, "lost"), Value(2, "lost_forward"), Value(4, "rtt_p99_ns"), Value(4, "jitter_ns")));
    }

    private static string Written(PingFormat format)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        PingOutput output = PingOutput.Create(Pinged.Options with { Format = format }, writer);
        output.Interval(First);
        output.Total(Pinged.Total([Pinged.Frankfurt, Pinged.Sydney], First), ["something"]);
        return writer.ToString();
    }
}
