using System.Net;
using System.Text;
using Llama.Engine.Summaries;
using Llama.Mesh.Membership;
using Llama.Server.Intake;
using Llama.Server.Sinks.Delivery;
using Llama.Server.Sinks.Records;
using Llama.Tests.Server;
using Llama.Tests.Server.Intake;
using static Llama.Tests.Server.Intake.Pushes;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Sinks.Delivery;

/// <summary>What becomes of reports on their way into the queue.</summary>
public sealed class FeedTests : IAsyncDisposable
{
    private readonly DeliveryWorld _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_collectors_report_becomes_a_record_with_all_that_was_measured()
    {
        _world["db"].WantsBuckets = true;
        _world.Start("db:?rows=flows");
        var feed = new CollectorFeed(_world.Set!, "host:5000", [new("region", "west")]);
        Summary summary = Full();
        feed.Take(Report(summary) with { Health = new CollectorHealth { Suspect = [SuspectReason.LateSends] } });

        Assert.Equal(
            [
                "record Suspect 12:00:00 12:00:10 host:5000 region=west",
                "pair :: b.example 10.0.0.2 8100 184 dst_shortname=b,site=Zürich "
                + "Sent=5 Received=3 Lost=2 LostForward=1 LostReverse=1 Late=1 Duplicates=2 Reordered=3 SendErrors=4 "
                + $"RttCount=3 RttSum=600 RttMin=100 RttMean=200 RttP50={summary.Rtt.Percentile(0.5)} RttP90={summary.Rtt.Percentile(0.9)} RttP99={summary.Rtt.Percentile(0.99)} RttMax=300 "
                + "Jitter=12 DelayVariation=200 "
                + "ForwardDelayVariation=7 ReverseDelayVariation=8 ForwardTtl=61 ReverseTtl=62 ForwardTos=0 ReverseTos=184 ForwardRemarked=3 "
                + "ReverseRemarked=0 ForwardTtlChanges=1 3 buckets",
                "flow 40001 Sent=5 Received=3 Lost=2 LostForward=1 LostReverse=1 Late=1 Duplicates=2 Reordered=3 SendErrors=4 RttMin=100 RttMean=200 RttMax=300",
            ],
            await DeliveredAsync());
    }

    [Fact]
    public async Task What_was_not_measured_stays_unknown_and_what_no_sink_wants_is_left_out()
    {
        _world.Start("db");
        new CollectorFeed(_world.Set!, "host:5000", []).Take(Report(Summary("fe80::1%3", Target("[fe80::2%3]:8100"), lost: 4)));
        Assert.Equal(
            [
                "record None 12:00:00 12:00:10 host:5000 ",
                "pair fe80::1 fe80::2%3 fe80::2 8100 0  Sent=4 Received=0 Lost=4 Late=0 Duplicates=0 Reordered=0 SendErrors=0 RttCount=0 0 buckets",
            ],
            await DeliveredAsync());
    }

    [Fact]
    public async Task A_pushed_report_becomes_what_the_probe_itself_would_write()
    {
        _world["db"].WantsBuckets = true;
        _world.Start("db:?rows=flows");
        Member a = ServedIntake.Member("g", "a", "i"), b = ServedIntake.Member("g", "b", "i");
        a = a with { Registration = a.Registration with { FullName = "a.example", Tags = [new("region", "west")] } };
        b = b with { Registration = b.Registration with { FullName = "b.example", Tags = [new("site", "Zürich"), new("group", "mine")], Version = "1.2" } };
        GroupSnapshot group = new("g", 1, [a, b]);
        await using ServedIntake served = await Serve(group);
        Summary summary = Full();
        Dictionary<string, string> tags = new()
        {
            ["site"] = "Zürich",
            ["group"] = "g",
            ["dst_name"] = "b.example",
            ["dst_shortname"] = "b",
            ["src_name"] = "a.example",
            ["src_shortname"] = "a",
        };
        IntervalReport report = Report(summary with { Target = summary.Target with { Tags = tags } });
        await served.PushAsync("a", report);
        IReadOnlyList<string> pushed = await DeliveredAsync();

        new CollectorFeed(_world.Set!, "g/a", a.Registration.Tags).Take(report);
        Assert.Equal(pushed, (await DeliveredAsync(pushed.Count)).Skip(pushed.Count));
        Assert.Contains("dst_name=b.example,dst_shortname=b,group=g,site=Zürich,src_name=a.example,src_shortname=a", pushed[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("b", "g", "dst_name=b,dst_shortname=b,group=g,src_name=a,src_shortname=a")]
    [InlineData("c", "far", "dst_name=c,dst_shortname=c,group=far,src_name=a,src_shortname=a")]
    [InlineData("gone", "g", "dst_shortname=gone,group=g,src_name=a,src_shortname=a")]
    [InlineData("", "g", "group=g,src_name=a,src_shortname=a")]
    public async Task The_tags_of_a_pushed_pair_say_who_is_at_either_end(string name, string group, string tags)
    {
        _world.Start("db");
        await using ServedIntake served = await Serve(ServedIntake.Group("g", "a", "b"), ServedIntake.Group("far", "c"));
        await served.PushAsync("a", At(0, Summary("::", Target("10.0.0.2:8100", "10.0.0.2", ("dst_shortname", name), ("group", group)), 1)));
        Assert.Contains($" {tags} ", (await DeliveredAsync())[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_that_the_queue_can_not_take_is_refused_and_comes_again()
    {
        _world.Open("db");
        await using ServedIntake served = await Serve(ServedIntake.Group("g", "a", "b"));
        await _world.Set!.DisposeAsync();
        (HttpStatusCode status, _) = await served.PostAsync(Body("g", "a", "i", At(0, To("b", 1))));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);

        _world.Start("db");
        await using ServedIntake again = await Serve(ServedIntake.Group("g", "a", "b"));
        Assert.Equal("""{"accepted":1,"known":0}""", await again.PushAsync("a", At(0, To("b", 1))));
        Assert.Equal(2, (await DeliveredAsync()).Count);
    }

    [Fact]
    public async Task A_collector_whose_queue_can_not_take_a_report_goes_on_and_counts()
    {
        _world.Open("db");
        var feed = new CollectorFeed(_world.Set!, "host:5000", []);
        await _world.Set!.DisposeAsync();
        feed.Take(Report(Full()));
        Assert.Contains("llama_sink_lost_reports_total 1\n", await _world.MetricsAsync(), StringComparison.Ordinal);
    }

    private Task<ServedIntake> Serve(params GroupSnapshot[] groups)
    {
        Member? Find(string group, string name) =>
            groups.FirstOrDefault(one => one.Name == group)?.Members.FirstOrDefault(member => member.Registration.Name == name);
        var feed = new PushFeed(_world.Set!, Find);
        return ServedIntake.StartAsync(new StandingTime(), options => options with { Keep = Keep }, groups);

        async ValueTask<bool> Keep(PushedProbe probe, PushedReport report, CancellationToken cancellation)
        {
            await feed.KeepAsync(probe, report, cancellation);
            return true;
        }
    }

    /// <summary>What the sink has been given once it is more than so many lines: records, pairs and flows.</summary>
    private async Task<IReadOnlyList<string>> DeliveredAsync(int moreThan = 0)
    {
        await _world.PassUntilAsync(() => Described().Count > moreThan, TimeSpan.FromSeconds(10));
        return Described();
    }

    private List<string> Described() => [.. _world["db"].Records.SelectMany(Describe)];

    private static List<string> Describe(byte[] record)
    {
        var reader = new ReportReader(record);
        List<string> lines = [$"record {reader.Flags} {reader.Start:HH:mm:ss} {reader.End:HH:mm:ss} {Text(reader.Origin)} {Tags(reader.OriginTags)}"];
        while (reader.NextRow())
        {
            if (reader.Kind == RowKind.Flow)
            {
                lines.Add($"flow {reader.SourcePort} {Numbers(reader.Measures)}");
                continue;
            }

            int buckets = 0;
            foreach (LatencyBucket _ in reader.Buckets) buckets++;
            lines.Add($"pair {Text(reader.Source)} {Text(reader.Host)} {Text(reader.Address)} {reader.Port} {reader.Class} {Tags(reader.Tags)} {Numbers(reader.Measures)} {buckets} buckets");
        }

        return lines;
    }

    private static string Text(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);

    private static string Tags(TextPairs tags)
    {
        var texts = new SortedSet<string>(StringComparer.Ordinal);
        foreach (TextPair tag in tags) texts.Add($"{Text(tag.Key)}={Text(tag.Value)}");
        return string.Join(',', texts);
    }

    private static string Numbers(Measures measures) =>
        string.Join(' ', Enum.GetValues<Measure>().Where(measure => measures[measure] is not null).Select(measure => $"{measure}={measures[measure]}"));

    private static Summary Full()
    {
        var counts = new DatagramCounts
        {
            Sent = 5,
            Received = 3,
            Lost = 2,
            LostForward = 1,
            LostReverse = 1,
            Late = 1,
            Duplicates = 2,
            Reordered = 3,
            SendErrors = 4,
        };
        return Summary("::", Target("10.0.0.2:8100", "b.example", ("dst_shortname", "b"), ("site", "Zürich")), 2, 100, 200, 300) with
        {
            Class = 184,
            Counts = counts,
            JitterNanos = 12.4,
            DelayVariationNanos = 200,
            ForwardDelayVariationNanos = 7,
            ReverseDelayVariationNanos = 8,
            Path = new PathMarks { ForwardTtl = 61, ReverseTtl = 62, ForwardTos = 0, ReverseTos = 184, ForwardRemarked = 3, ReverseRemarked = 0, ForwardTtlChanges = 1 },
            Flows = [new FlowSummary { SourcePort = 40001, Counts = counts, RttMinNanos = 100, RttMeanNanos = 199.6, RttMaxNanos = 300, Path = default }],
        };
    }
}
