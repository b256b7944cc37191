using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Llama.Engine.Summaries;
using Llama.Server.Intake;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Server.Scraping;

/// <summary>Reading what a collector of ours answers.</summary>
public sealed class ReportBodyTests
{
    private static readonly string[] Fragments =
    [
        "null", "true", "-1", "1e999", "99999999999999999999", "\"\"", "\"\\ud800\"", "{}", "[]", "[[", "}", ",", ":", "\"x\":1,", "\0",
        "9999-12-31T23:59:59.9999999Z", "\"buckets\":[[1,1],[1,1]],", "\"tags\":{\"\\udc00\":\"\"},", "\"a\":\"b\",\"a\":\"c\",",
    ];

    private static readonly byte[] Body = Encoding.UTF8.GetBytes(ScriptedCollectors.Report(
        Reports.Noon, Reports.Noon.AddSeconds(10),
        Reports.Summary("::", Reports.Target("192.0.2.9:8100", "rome", ("site", "Röm"), ("q", "\"\\\n")), 1, 1000, 3000) with
        {
            Flows = [new FlowSummary { SourcePort = 40001, Counts = new DatagramCounts { Sent = 3, Received = 2, Lost = 1 }, Path = default }],
        }));

    [Fact]
    public void No_body_throws_anything_but_a_refusal_and_what_is_read_is_a_record()
    {
        Gen<byte[]> mutated =
            from edits in Gen.Choose(1, 4)
            from places in Gen.Choose(0, int.MaxValue).ArrayOf(edits)
            from lengths in Gen.Choose(0, 12).ArrayOf(edits)
            from fragments in Gen.Elements(Fragments).ArrayOf(edits)
            select places.Zip(lengths, fragments).Aggregate(Body, Edit);
        var report = new PushedReport();
        var names = new NamePool(1000);
        var writer = new ReportWriter();
        Prop.ForAll(mutated.ToArbitrary(), body =>
        {
            try
            {
                if (!PushReader.ReadReport(body, names, report)) return;
                PushedRecord.Write(writer, report, "o", []);
                Assert.Equal(report.Pairs.Length, ScrapedRecord.Read(writer.Record.Span).Rows.Count(row => row.Kind == RowKind.Pair));
            }
            catch (PushRefusedException refusal)
            {
                Assert.DoesNotContain('\n', refusal.Message);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Fact]
    public void What_is_wrong_is_said_with_its_place()
    {
        string body = Encoding.UTF8.GetString(Body);
        Assert.Equal("summaries[0].datagrams.sent is not received + lost.", Refusal(body.Replace("\"lost\":1", "\"lost\":2", StringComparison.Ordinal)));
        Assert.Equal("end is missing.", Refusal(body.Replace("\"end\"", "\"und\"", StringComparison.Ordinal)));
        Assert.Equal("The body is not a JSON object.", Refusal("[]"));
        Assert.Equal("The body is not JSON: it breaks off or goes wrong in line 1, byte 1.", Refusal("<h1>"));
        string many = string.Join(',', Enumerable.Range(0, 129).Select(i => $"\"t{i}\":\"\""));
        Assert.Equal("summaries[0].tags are too many: a summary has at most 128.", Refusal(body.Replace("\"site\"", $"{many},\"site\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void Of_tags_the_last_of_two_equal_keys_counts_and_what_is_no_text_is_passed_over()
    {
        var report = new PushedReport();
        string tags = "\"a\":\"1\",\"list\":[{}],\"n\":null,\"\\u0061\":\"2\",";
        PushReader.ReadReport(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Body).Replace("\"site\"", $"{tags}\"site\"", StringComparison.Ordinal)), new NamePool(10), report);
        var writer = new ReportWriter();
        PushedRecord.Write(writer, report, "o", []);

        Assert.Equal([new("a", "2"), new("site", "Röm"), new("q", "\"\\\n")], ScrapedRecord.Read(writer.Record.Span).Rows[0].Tags);
    }

    private static string Refusal(string body) =>
        Assert.Throws<PushRefusedException>(() => PushReader.ReadReport(Encoding.UTF8.GetBytes(body), new NamePool(10), new PushedReport())).Message;

    private static byte[] Edit(byte[] body, (int Place, int Length, string Fragment) edit)
    {
        int place = edit.Place % (body.Length + 1);
        return [.. body[..place], .. Encoding.UTF8.GetBytes(edit.Fragment), .. body[Math.Min(body.Length, place + edit.Length)..]];
    }
}
