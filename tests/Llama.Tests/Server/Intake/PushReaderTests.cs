using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Llama.Engine.Summaries;
using Llama.Server.Intake;
using static Llama.Tests.Server.Intake.Pushes;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Server.Intake;

/// <summary>Reading what probes push.</summary>
public sealed class PushReaderTests
{
    private static readonly string[] Fragments =
    [
        "null", "true", "-1", "1e999", "99999999999999999999", "0.5", "\"\"", "\"\\ud800\"", "{}", "[]", "[[", "}", ",", ":", "\"x\":1,", "\0", "\"probe\":{},", "\"reports\":[],",
        "2026-11-22T12:00:00Z", "9999-12-31T23:59:59.9999999Z", "\"buckets\":[[1,1],[1,1]],",
    ];

    [Fact]
    public void What_a_collector_writes_is_read_back_equal() => Prop.ForAll(
        AnyReports().ToArbitrary(),
        reports =>
        {
            PushReader reader = PushReader.Open(Body("g", "p", "i", reports), new NamePool(1000));
            var read = new PushedReport();

            Assert.Equal(new PushedProbe("g", "p", "i"), reader.Probe);
            foreach (IntervalReport written in reports)
            {
                Assert.True(reader.Next(read));
                Assert.Equal((written.Start, written.End), (read.Start, read.End));
                Assert.Equal(written.Health.Suspect.Count > 0, read.IsSuspect);
                Assert.Equal(written.Health with { Suspect = [] }, read.Health! with { Suspect = [] });
                Assert.Equal(written.Health.Suspect, read.Health.Suspect);
                Assert.Equal(written.Summaries.Count, read.Pairs.Length);
                foreach ((int i, Summary summary) in written.Summaries.Index()) AssertEqual(summary, read, read.Pairs[i]);
            }

            Assert.False(reader.Next(read));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void No_body_throws_anything_but_a_refusal() => Prop.ForAll(
        Mutated().ToArbitrary(),
        body =>
        {
            try
            {
                PushReader reader = PushReader.Open(body, new NamePool(1000));
                var report = new PushedReport();
                while (reader.Next(report)) Assert.All(report.Pairs.ToArray(), pair => Assert.NotEmpty(pair.Destination));
            }
            catch (PushRefusedException refusal)
            {
                Assert.Equal(400, refusal.Status);
                Assert.DoesNotContain('\n', refusal.Message);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));

    [Theory]
    [InlineData("", "The body is not JSON: it breaks off or goes wrong in line 1, byte 1.")]
    [InlineData("[]", "The body is not a JSON object with probe and reports.")]
    [InlineData("{\"reports\":[]}", "probe is missing: it says who pushes, as in {\"group\":\"default\",\"name\":\"a\",\"instance\":\"...\"}.")]
    [InlineData("{\"probe\":{\"group\":\"g\"},\"reports\":[]}", "probe.name is missing.")]
    [InlineData("{\"probe\":{\"group\":\"g\",\"name\":\"p\"}}", "reports is missing.")]
    [InlineData("{\"probe\":{\"group\":\"g\",\"name\":7},\"reports\":[]}", "probe.name is not a text.")]
    [InlineData("{\"probe\":{\"group\":\"g\",\"name\":\"\\ud800\"},\"reports\":[]}", "probe.name is not well-formed Unicode.")]
    [InlineData("{\"\\ud800\":1}", "The body is not well-formed Unicode: the name of a member holds half of a surrogate pair.")]
    [InlineData("{\"probe\":{\"group\":\"g\",\"name\":\"p\"},\"reports\":[{}]}", "reports[0].start is missing.")]
    [InlineData("{\"probe\":{\"group\":\"g\",\"name\":\"p\"},\"reports\":[{\"start\":null}]}", "reports[0].start is not a time in UTC, as in 2026-11-22T12:00:00Z.")]
    [InlineData("{\"probe\":{\"group\":\"g\",\"name\":\"p\"},\"reports\":[]", "The body is not JSON: it breaks off or goes wrong in line 1, byte 47.")]
    public void A_refusal_says_what_is_wrong_and_where(string body, string detail) => Assert.Equal(detail, Refusal(body));

    [Theory]
    [InlineData("\"lost\":1", "\"lost\":2", "reports[1].summaries[1].datagrams.sent is not received + lost.")]
    [InlineData("\"lost\":1", "\"lost\":-1", "reports[1].summaries[1].datagrams.lost is not a whole number from 0 on.")]
    [InlineData("\"class\":0", "\"class\":256", "reports[1].summaries[1].class is not a whole number from 0 to 255.")]
    [InlineData("\"class\":0", "\"klass\":0", "reports[1].summaries[1].class is missing.")]
    [InlineData("\"dst_shortname\":\"b\"},", "\"dst_shortname\":{}},", "reports[1].summaries[1].tags.dst_shortname is not a text.")]
    [InlineData("\"port\":8100", "\"port\":81000", "reports[1].summaries[1].destination.port is not a whole number from 0 to 65535.")]
    [InlineData("\"jitter_ns\":null", "\"jitter_ns\":\"1\"", "reports[1].summaries[1].jitter_ns is not a number from 0 on.")]
    [InlineData("[[317,1]]", "[[317,2]]", "reports[1].summaries[1].rtt.buckets do not add up to count.")]
    [InlineData("[[317,1]]", "[[2240,1]]", "reports[1].summaries[1].rtt.buckets is not a whole number from 0 to 2239.")]
    [InlineData("\"flows\":[]", "\"flows\":[{},{\"source_port\":-1}]", "reports[1].summaries[1].flows[1].source_port is not a whole number from 0 to 65535.")]
    public void A_fault_in_one_summary_is_found(string right, string wrong, string detail)
    {
        string body = Encoding.UTF8.GetString(Body("g", "p", "i", At(0, To("a", 0)), At(10, To("a", 0), To("b", 1, 1000))));
        int place = body.LastIndexOf(right, StringComparison.Ordinal);

        Assert.Equal(detail, Refusal(body[..place] + wrong + body[(place + right.Length)..]));
    }

    [Fact]
    public void Buckets_of_another_layout_are_refused_and_nothing_else_of_it()
    {
        string body = Encoding.UTF8.GetString(Body("g", "p", "i", At(0, To("a", 0, 1000)))).Replace("\"buckets_per_power_of_two\":64", "\"buckets_per_power_of_two\":32");
        Assert.Equal("reports[0].rtt_buckets_layout is another than this server's; run the same version, or push without buckets.", Refusal(body));

        Assert.Null(Refusal(body.Replace("\"buckets\":[[317,1]]", "\"buckets\":[]").Replace("\"count\":1,", "\"count\":0,")));
    }

    [Fact]
    public void Members_come_in_any_order_and_unknown_ones_are_passed_over()
    {
        string body = """
            {"later":{"deep":[{"er":1}]},"reports":[{"summaries":[{"x":[1],"flows":[],"datagrams":{"lost":1,"sent":1,"y":null},"class":8,
            "tags":{"other":[],"dst_shortname":"b"},"destination":{"host":"h"}}],"end":"2026-11-22T12:00:10Z","suspect":["of_tomorrow"],"start":"2026-11-22T12:00:00Z"}],
            "probe":{"name":"p","z":0,"group":"g"}}
            """;
        PushReader reader = PushReader.Open(Encoding.UTF8.GetBytes(body), new NamePool(10));
        var report = new PushedReport();

        Assert.True(reader.Next(report));

        Assert.Equal(new PushedProbe("g", "p", null), reader.Probe);
        Assert.True(report.IsSuspect);
        Assert.Equal(("b", (byte)8, 1L), (report.Pairs[0].Destination, report.Pairs[0].Class, report.Pairs[0].Counts.Lost));
        Assert.False(reader.Next(report));
    }

    [Theory]
    [InlineData("b", "g", "b")]
    [InlineData("b", "other", "other/b")]
    [InlineData("", "other", "10.0.0.2")]
    public void A_destination_is_called_by_its_short_name_and_its_group_where_that_is_another(string shortName, string group, string name)
    {
        Summary summary = Summary("::", Target("10.0.0.2:8100", "10.0.0.2", ("dst_shortname", shortName), ("group", group)), 1);
        PushReader reader = PushReader.Open(Body("g", "p", "i", At(0, summary)), new NamePool(10));
        var report = new PushedReport();
        reader.Next(report);

        Assert.Equal(name, report.Pairs[0].Destination);
    }

    [Fact]
    public void Names_that_come_again_are_the_same_string_and_only_so_many_are_held()
    {
        var names = new NamePool(100);

        Assert.Same(names.Get("a"), names.Get("a"));
        for (int i = 0; i < 1000; i++) Assert.Equal($"n{i}", names.Get($"n{i}"));
    }

    private static string? Refusal(string body)
    {
        try
        {
            PushReader reader = PushReader.Open(Encoding.UTF8.GetBytes(body), new NamePool(1000));
            var report = new PushedReport();
            while (reader.Next(report))
            {
            }

            return null;
        }
        catch (PushRefusedException refusal)
        {
            Assert.Equal(400, refusal.Status);
            return refusal.Message;
        }
    }

    private static void AssertEqual(Summary written, PushedReport report, in PushedPair read)
    {
        var expected = new PushedPair
        {
            Destination = written.Target.Tags["dst_shortname"],
            Source = written.Source.ToString() is "0.0.0.0" ? "::" : written.Source.ToString(),
            Host = written.Target.Host,
            Address = written.Destination.Address.ToString(),
            Port = written.Destination.Port,
            Class = written.Class,
            Counts = written.Counts,
            Rtt = new PushedRtt
            {
                Count = written.Rtt.Count,
                SumNanos = written.Rtt.SumNanos,
                MinNanos = written.Rtt.MinNanos,
                MeanNanos = written.Rtt.MeanNanos,
                P50Nanos = written.Rtt.Percentile(0.5),
                P90Nanos = written.Rtt.Percentile(0.9),
                P99Nanos = written.Rtt.Percentile(0.99),
                MaxNanos = written.Rtt.MaxNanos,
            },
            JitterNanos = written.JitterNanos,
            DelayVariationNanos = written.DelayVariationNanos,
            ForwardDelayVariationNanos = written.ForwardDelayVariationNanos,
            ReverseDelayVariationNanos = written.ReverseDelayVariationNanos,
            Path = written.Path,
            Tags = read.Tags,
            Flows = read.Flows,
            Buckets = read.Buckets,
        };
        Assert.Equal(expected, read);
        Assert.Equal(
            written.Target.Tags.OrderBy(tag => tag.Key),
            report.Tags[read.Tags].ToArray().Select(tag => KeyValuePair.Create(Encoding.UTF8.GetString(report.Tags.Key(tag)), Encoding.UTF8.GetString(report.Tags.Value(tag)))).OrderBy(tag => tag.Key));
        Assert.Equal(written.Rtt.Buckets, report.BucketsOf(read).ToArray());
        Assert.Equal(
            written.Flows.Select(flow => new PushedFlow
            {
                SourcePort = flow.SourcePort,
                Counts = flow.Counts,
                Rtt = new PushedRtt { MinNanos = flow.RttMinNanos, MeanNanos = flow.RttMeanNanos, MaxNanos = flow.RttMaxNanos },
                Path = flow.Path,
            }),
            report.FlowsOf(read).ToArray());
    }

    private static Gen<long?> MaybeLong => Gen.OneOf(Gen.Constant((long?)null), Gen.Choose(0, int.MaxValue).Select(n => (long?)n * 1000));

    private static Gen<DatagramCounts> AnyCounts =>
        from received in Gen.Choose(0, 1000)
        from lost in Gen.Choose(0, 1000)
        from others in Gen.Choose(0, 1000).ArrayOf(4)
        from forward in MaybeLong
        from reverse in MaybeLong
        select new DatagramCounts
        {
            Sent = received + lost,
            Received = received,
            Lost = lost,
            LostForward = forward,
            LostReverse = reverse,
            Late = others[0],
            Duplicates = others[1],
            Reordered = others[2],
            SendErrors = others[3],
        };

    private static Gen<PathMarks> AnyPath =>
        from octets in Gen.OneOf(Gen.Constant((byte?)null), Gen.Choose(0, 255).Select(n => (byte?)n)).ArrayOf(4)
        from counts in MaybeLong.ArrayOf(3)
        select new PathMarks
        {
            ForwardTtl = octets[0],
            ReverseTtl = octets[1],
            ForwardTos = octets[2],
            ReverseTos = octets[3],
            ForwardRemarked = counts[0],
            ReverseRemarked = counts[1],
            ForwardTtlChanges = counts[2],
        };

    private static Gen<FlowSummary> AnyFlow =>
        from port in Gen.Choose(1, 65535)
        from counts in AnyCounts
        from min in MaybeLong
        from path in AnyPath
        select new FlowSummary { SourcePort = port, Counts = counts, Path = path, RttMinNanos = min, RttMeanNanos = min + 0.25, RttMaxNanos = min + 1 };

    private static Gen<Summary> AnySummary =>
        from name in AnyText.Gen.Where(text => text.Length is > 0 and < 200).Select(AnyText.WellFormed)
        from host in AnyText.Gen.Where(text => text.Length is > 0 and < 200).Select(AnyText.WellFormed)
        from octet in Gen.Choose(0, 255)
        from counts in AnyCounts
        from rtt in Gen.Choose(0, int.MaxValue).Select(n => (long)n * 10).ArrayOf()
        from jitter in Gen.OneOf(Gen.Constant((double?)null), Gen.Choose(0, 1_000_000).Select(n => (double?)n / 7))
        from variations in MaybeLong.ArrayOf(3)
        from path in AnyPath
        from flows in AnyFlow.ListOf()
        select Summary("::", Target("10.0.0.2:8100", host, ("dst_shortname", name), ("site", "x")), 0, rtt) with
        {
            Class = (byte)octet,
            Counts = counts,
            JitterNanos = jitter,
            DelayVariationNanos = variations[0],
            ForwardDelayVariationNanos = variations[1],
            ReverseDelayVariationNanos = variations[2],
            Path = path,
            Flows = [.. flows],
        };

    private static Gen<IntervalReport[]> AnyReports() =>
        (from ticks in Gen.Choose(-1_000_000_000, 1_000_000_000)
         from length in Gen.Choose(1, int.MaxValue)
         from summaries in AnySummary.ListOf()
         from suspect in Gen.SubListOf(Enum.GetValues<SuspectReason>())
         from numbers in Gen.Choose(0, 1_000_000).ArrayOf(6)
         from lateness in MaybeLong
         from pressure in Gen.OneOf(Gen.Constant((double?)null), Gen.Choose(0, 1000).Select(n => (double?)n / 1000))
         select new IntervalReport
         {
             Start = Noon.AddTicks(ticks),
             End = Noon.AddTicks((long)ticks + length),
             Summaries = [.. summaries],
             Health = new CollectorHealth
             {
                 SendLatenessP99Nanos = lateness,
                 SkippedSends = numbers[0],
                 SendErrors = numbers[1],
                 ReceiveDrops = numbers[2],
                 UnmatchedReplies = numbers[3],
                 ClockSteps = numbers[4],
                 GarbageCollectionPause = TimeSpan.FromTicks(numbers[5]),
                 CpuPressure = pressure,
                 Suspect = [.. suspect],
             },
         }).ListOf().Select(reports => reports.ToArray());

    /// <summary>A good body with octets changed, cut, doubled or replaced by what has a meaning.</summary>
    private static Gen<byte[]> Mutated()
    {
        byte[] seed = Body("g", "p", "i", At(0, To("a", 1, 1000, 2000)), At(10, To("b", 1) with { Flows = [new FlowSummary { SourcePort = 1, Counts = default, Path = default }] }));
        return from cuts in Gen.Choose(1, 3)
               from places in Gen.Choose(0, seed.Length - 1).ArrayOf(cuts)
               from lengths in Gen.Choose(0, 30).ArrayOf(cuts)
               from fills in Gen.OneOf(Gen.Elements(Fragments).Select(Encoding.UTF8.GetBytes), Gen.Choose(0, 255).Select(n => new[] { (byte)n })).ArrayOf(cuts)
               select places.Index().Aggregate(seed, (body, cut) =>
               {
                   int place = Math.Min(cut.Item, body.Length);
                   int end = Math.Min(place + lengths[cut.Index], body.Length);
                   return [.. body[..place], .. fills[cut.Index], .. body[end..]];
               });
    }
}
