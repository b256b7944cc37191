using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Scraping;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Server.Scraping;

/// <summary>Reading what original collectors answer.</summary>
public sealed class PointsReaderTests
{
    private static readonly string[] Fragments =
    [
        "null", "true", "-1", "1e999", "99999999999999999999", "0.5", "\"\"", "\"\\ud800\"", "{}", "[]", "[[", "}", ",", ":", "\"x\":1,", "\0", "\"TIME\":\"2020-01-02T03:04:05+02:00\",",
        "\"fields\":null,", "\"Tags\":{\"\\u0000\":\"\\n\"},", "\"rtt\":1e-320,",
    ];

    [Fact]
    public void No_body_throws_anything_but_a_refusal()
    {
        byte[][] bodies = [.. RecordedCase.Names.Where(name => name != "influxdb_1_6_7").SelectMany(Bodies)];
        Assert.NotEmpty(bodies);
        Gen<byte[]> mutated =
            from body in Gen.Elements(bodies)
            from edits in Gen.Choose(1, 4)
            from places in Gen.Choose(0, int.MaxValue).ArrayOf(edits)
            from lengths in Gen.Choose(0, 12).ArrayOf(edits)
            from fragments in Gen.Elements(Fragments).ArrayOf(edits)
            select places.Zip(lengths, fragments).Aggregate(body, Edit);
        var points = new PointsReader();
        Prop.ForAll(mutated.ToArbitrary(), body =>
        {
            try
            {
                ScrapedRecord record = Read(points, body);
                Assert.Equal(points.Count, record.Rows.Count);
                Assert.All(record.Rows, row => Assert.NotEmpty(row.Fields));
            }
            catch (InvalidDataException refusal)
            {
                Assert.DoesNotContain('\n', refusal.Message);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Fact]
    public void Thousands_of_points_are_one_record()
    {
        string body = $"[{string.Join(',', Enumerable.Range(0, 6000).Select(i => Point(i, 1.5)))}]";

        ScrapedRecord record = Read(new PointsReader(), Encoding.UTF8.GetBytes(body));

        Assert.Equal(6000, record.Rows.Count);
        Assert.Equal("raw_stats,dst_ip=10.0.23.111,src_ip=:: loss=0,lost=3,rtt=1.5,sent=120", record.Rows[^1].GoLine);
    }

    [Fact]
    public void The_fields_that_are_known_count_as_measured()
    {
        ScrapedRecord record = Read(new PointsReader(), Encoding.UTF8.GetBytes($"[{Point(1, 1.5)},{Point(2, 0)}]"));

        Measures answered = record.Rows[0].Measures, silent = record.Rows[1].Measures;
        Assert.Equal((120L, 3L, 117L), (answered[Measure.Sent], answered[Measure.Lost], answered[Measure.Received]));
        Assert.Equal((1_500_000L, 117L, 117 * 1_500_000L), (answered[Measure.RttMean], answered[Measure.RttCount], answered[Measure.RttSum]));
        Assert.Equal((null, null, null), (silent[Measure.RttMean], silent[Measure.RttCount], silent[Measure.RttSum]));
    }

    [Fact]
    public void Points_are_known_again_in_any_order_and_others_are_others()
    {
        var points = new PointsReader();
        ulong Fingerprint(params string[] all)
        {
            Read(points, Encoding.UTF8.GetBytes($"[{string.Join(',', all)}]"));
            return points.Fingerprint;
        }

        string one = Point(1, 0.25), two = Point(2, 0.5), three = Point(3, 0.75);
        Assert.Equal(Fingerprint(one, two, three), Fingerprint(three, one, two));
        Assert.NotEqual(Fingerprint(one, two, three), Fingerprint(one, two, Point(3, 0.76)));
        Assert.NotEqual(Fingerprint(one, two), Fingerprint(one, one));
    }

    [Theory]
    [InlineData("", "The body is not JSON: it breaks off or goes wrong in line 1, byte 1.")]
    [InlineData("[] []", "The body is not JSON: it breaks off or goes wrong in line 1, byte 4.")]
    [InlineData("[1]", "The point [0] is not an object.")]
    [InlineData("[{\"fields\":{\"a\":1}},{\"tags\":[]}]", "The point [1].tags is not an object.")]
    [InlineData("[{\"time\":\"yesterday\"}]", "The point [0].time is not a time.")]
    [InlineData("[{\"time\":\"2020-01-02T03:04:05\\ud800\"}]", "The point [0].time is not a time.")]
    [InlineData("[{\"measurement\":5}]", "The point [0].measurement is not a text.")]
    [InlineData("[{\"tags\":{\"a\":\"\\ud800\"}}]", "The point [0].tags have a value that is not well-formed Unicode.")]
    public void A_refusal_says_what_is_wrong_and_where(string body, string detail) =>
        Assert.Equal(detail, Assert.Throws<InvalidDataException>(() => Read(new PointsReader(), Encoding.UTF8.GetBytes(body))).Message);

    [Fact]
    public void The_last_of_two_equal_keys_counts_and_null_is_nothing()
    {
        const string body = """[null,{"fields":{"a":1,"b":null,"a":2},"tags":{"t":"x","u":null,"t":"y\u0020z"},"measurement":"m","Measurement":"n"}]""";
        Assert.Equal("n,t=y\\ z a=2\n", Read(new PointsReader(), Encoding.UTF8.GetBytes(body)).GoLines);
    }

    private static IEnumerable<byte[]> Bodies(string name)
    {
        RecordedCase recorded = RecordedCase.Read(name);
        if (!recorded.Root.TryGetProperty("collector_requests", out System.Text.Json.JsonElement requests)) return [];
        return requests.EnumerateArray().Select(request => Encoding.UTF8.GetBytes(request.GetProperty("response").GetProperty("body").GetString()!)).Take(1);
    }

    private static byte[] Edit(byte[] body, (int Place, int Length, string Fragment) edit)
    {
        int place = edit.Place % (body.Length + 1);
        return [.. body[..place], .. Encoding.UTF8.GetBytes(edit.Fragment), .. body[Math.Min(body.Length, place + edit.Length)..]];
    }

    private static string Point(int i, double rtt) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"fields":{"loss":0.000000,"lost":3.000000,"rtt":{{rtt:F6}},"sent":120.000000},"tags":{"dst_ip":"10.0.{{i / 256}}.{{i % 256}}","src_ip":"::"},"time":"0001-01-01T00:00:00Z","measurement":"raw_stats"}""");

    private static ScrapedRecord Read(PointsReader points, byte[] body)
    {
        var writer = new ReportWriter();
        writer.Begin(Reports.Noon, Reports.Noon.AddSeconds(10), RecordFlags.Reckoned, "o"u8);
        writer.EndOriginTags();
        points.Read(body, writer);
        return ScrapedRecord.Read(writer.Record.Span);
    }
}
