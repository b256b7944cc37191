using System.Net;
using System.Text;
using Llama.Engine.Summaries;
using Llama.Mesh.Membership;
using Llama.Server.Intake;
using Llama.Storage.History;
using Llama.Tests.Storage.History;
using static Llama.Tests.Server.Intake.Pushes;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Server.Intake;

/// <summary>What becomes of pushed reports in the history.</summary>
public sealed class HistoryFeedTests
{
    private readonly HistoryModel _history = new();

    [Fact]
    public async Task All_that_a_probe_measured_is_in_the_history()
    {
        await using ServedIntake served = await Serve(ServedIntake.Group("g", "a", "b"));
        Summary summary = To("b", 2, 1_000_000, 2_000_000, 3_000_000) with
        {
            Class = 184,
            Counts = new DatagramCounts { Sent = 5, Received = 3, Lost = 2, LostForward = 1, LostReverse = 1, Late = 4, Duplicates = 5, Reordered = 6, SendErrors = 7 },
            JitterNanos = 12_000,
            ForwardDelayVariationNanos = 7_000,
            ReverseDelayVariationNanos = 8_000,
            Path = new PathMarks { ForwardTtl = 61, ReverseTtl = 62, ForwardTos = 0, ReverseTos = 184, ForwardRemarked = 3, ReverseRemarked = 0, ForwardTtlChanges = 1 },
            Flows =
            [
                new FlowSummary
                {
                    SourcePort = 40001,
                    Counts = new DatagramCounts { Sent = 5, Received = 3, Lost = 2, LostForward = 1, LostReverse = 1 },
                    RttMinNanos = 1_000_000,
                    RttMeanNanos = 2_000_000,
                    RttMaxNanos = 3_000_000,
                    Path = default,
                },
            ],
        };

        await served.PushAsync("a", At(0, summary) with { Health = new CollectorHealth { Suspect = [SuspectReason.LateSends] } });

        PairTotals totals = Assert.Single(await AllAsync()).Totals;
        Assert.Equal((Noon, Noon.AddSeconds(10), 1, 1), (totals.Start, totals.End, totals.Intervals, totals.SuspectIntervals));
        Assert.Equal(summary.Counts, totals.Counts);
        Assert.Equal((3, 6_000_000, 1_000_000, 3_000_000), (totals.RttCount, totals.RttSumNanos, totals.RttMinNanos, totals.RttMaxNanos));
        Assert.Equal(summary.Rtt.Percentile(0.5), totals.Percentile(0.5));
        Assert.Equal((12_000, 3), (totals.JitterNanos, totals.JitterWeight));
        Assert.Equal((7_000, 8_000), (totals.ForwardDelayVariationNanos, totals.ReverseDelayVariationNanos));
        Assert.Equal(summary.Path, totals.Path);
        Assert.Equal(
            new FlowTotals { SourcePort = 40001, Sent = 5, Lost = 2, LostForward = 1, LostReverse = 1, RttMinNanos = 1_000_000, RttMeanNanos = 2_000_000 },
            Assert.Single(totals.Flows.ToArray()));
        Assert.Equal([184], _history.Find("g")!.Classes);
    }

    [Fact]
    public async Task What_was_not_measured_stays_unknown()
    {
        await using ServedIntake served = await Serve(ServedIntake.Group("g", "a", "b"));

        await served.PushAsync("a", At(0, To("b", 4)));

        PairTotals totals = Assert.Single(await AllAsync()).Totals;
        Assert.Equal((4, 4, null, null), (totals.Counts.Sent, totals.Counts.Lost, totals.Counts.LostForward, totals.Counts.LostReverse));
        Assert.Equal((null, null, null, null), (totals.RttMinNanos, totals.RttMeanNanos, totals.JitterNanos, totals.Percentile(0.5)));
        Assert.Equal(default, totals.Path);
    }

    [Fact]
    public async Task Members_have_the_address_and_tags_they_registered_with_and_others_those_of_their_pairs()
    {
        Member a = With("a", ("site", "ams1"), ("src_name", "x")), b = With("b", ("site", "fra1"), ("rack", "7"));
        await using ServedIntake served = await Serve(new GroupSnapshot("g", 1, [a, b]));
        Summary toMember = Summary("::", Target("10.0.0.2:8100", "b.example", ("dst_shortname", "b"), ("site", "old"), ("src_shortname", "a")), 0);
        Summary toOther = Summary("::", Target("10.0.0.3:8100", "c.example", ("dst_shortname", "c"), ("site", "lhr1"), ("src_shortname", "a")), 0);

        await served.PushAsync("a", At(0, toMember, toOther));

        HistoryGroup known = _history.Find("g")!;
        Assert.Equal("a site=ams1", Text(known.Sources.Single().Name, known.Sources.Single().Tags));
        Assert.Equal(
            ["b b.example 127.0.0.1 8100 site=fra1,rack=7", "c c.example 10.0.0.3 8100 dst_shortname=c,site=lhr1"],
            known.Destinations.Select(to => Text($"{to.Name} {to.Host} {to.Address} {to.Port}", to.Tags)));
    }

    [Fact]
    public async Task The_same_destination_is_the_same_object_until_something_of_it_changes()
    {
        var kept = new List<HistoryDestination>();
        Member b = With("b", ("site", "fra1"));
        var groups = new[] { new GroupSnapshot("g", 1, [With("a"), b]) };
        var parties = new HistoryParties((_, name) => groups[0].Members.FirstOrDefault(member => member.Registration.Name == name));
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), options => options with { Keep = Keep }, groups);
        Summary toB = To("b", 0), toOther = To("c", 0), toOtherSite = Summary("::", Target("10.0.0.2:8100", "10.0.0.2", ("dst_shortname", "c"), ("site", "x")), 0);

        await served.PushAsync("a", At(0, toB, toOther), At(10, toB, toOther));
        groups[0] = new GroupSnapshot("g", 2, [groups[0].Members[0], With("b", ("site", "lhr1"))]);
        await served.PushAsync("a", At(20, toB, toOtherSite));

        Assert.Same(kept[0], kept[2]);
        Assert.Same(kept[1], kept[3]);
        Assert.Equal("b site=lhr1", Text(kept[4].Name, kept[4].Tags));
        Assert.Equal("c dst_shortname=c,site=x", Text(kept[5].Name, kept[5].Tags));

        ValueTask<bool> Keep(PushedProbe probe, PushedReport report, CancellationToken cancellation)
        {
            foreach (ref readonly PushedPair pair in report.Pairs) kept.Add(parties.Destination(probe.Group, report, pair));
            return ValueTask.FromResult(true);
        }
    }

    [Fact]
    public async Task A_report_that_the_history_knows_from_before_a_restart_is_known()
    {
        GroupSnapshot group = ServedIntake.Group("g", "a", "b");
        await using (ServedIntake before = await Serve(group)) await before.PushAsync("a", At(0, To("b", 1)));
        await using ServedIntake after = await Serve(group);

        Assert.Equal("""{"accepted":1,"known":1}""", await after.PushAsync("a", At(0, To("b", 1)), At(10, To("b", 1))));
        Assert.Equal(2, (await AllAsync()).Count);
    }

    [Fact]
    public async Task While_the_history_takes_nothing_probes_keep_their_reports()
    {
        await using ServedIntake served = await Serve(ServedIntake.Group("g", "a", "b"));
        byte[] body = Body("g", "a", "i", At(0, To("b", 1)));
        _history.Fault = "history.db: the disk is full; make room.";

        (HttpStatusCode status, string answer) = await served.PostAsync(body);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("the disk is full; make room.", answer, StringComparison.Ordinal);

        _history.Fault = null;
        Assert.Equal("""{"accepted":1,"known":0}""", (await served.PostAsync(body)).Answer);
        Assert.Single(await AllAsync());
    }

    [Fact]
    public async Task Flows_are_taken_in_whatever_order_they_come()
    {
        await using ServedIntake served = await Serve(ServedIntake.Group("g", "a"));
        FlowSummary Flow(int port, long sent) => new()
        {
            SourcePort = port,
            Counts = new DatagramCounts { Sent = sent, Received = sent },
            Path = default,
        };

        await served.PushAsync("a", At(0, To("b", 0) with { Flows = [Flow(3, 1), Flow(1, 2), Flow(2, 3), Flow(1, 4)] }));

        Assert.Equal([(1, 6), (2, 3), (3, 1)], Assert.Single(await AllAsync()).Totals.Flows.ToArray().Select(flow => (flow.SourcePort, flow.Sent)));
    }

    [Fact]
    public async Task After_a_restart_the_newest_of_the_last_hour_is_shown_until_something_newer_comes()
    {
        var time = new FakeTime();
        GroupSnapshot group = ServedIntake.Group("g", "a", "b", "c");
        await using (ServedIntake before = await Serve(group, time))
        {
            await before.PushAsync("a", At(-4000, To("c", 1)));
            await before.PushAsync("a", At(-30, To("b", 1, 5, 5, 5)), At(-20, To("b", 2, 1_000_000, 1_000_000)));
            await before.PushAsync("b", At(-30, To("a", 0, 2_000_000)));
        }

        await using ServedIntake after = await Serve(group, time);
        await after.PushAsync("b", At(0, To("a", 1)));
        await after.Intake.RestoreAsync(_history, CancellationToken.None);

        Assert.Equal("0.5", await after.CellAsync("a", "b"));
        Assert.Equal("1000000", await after.CellAsync("a", "b", "rtt_p50"));
        Assert.Equal("null", await after.CellAsync("a", "c"));
        Assert.Equal("1", await after.CellAsync("b", "a"));
        await after.PushAsync("a", At(-10, To("b", 0, 7)));
        Assert.Equal("0", await after.CellAsync("a", "b"));
        time.Pass(TimeSpan.FromMinutes(59));
        Assert.Equal("0", await after.CellAsync("a", "b"));
    }

    [Fact]
    public async Task What_was_restored_is_gone_when_it_is_an_hour_old()
    {
        var time = new FakeTime();
        GroupSnapshot group = ServedIntake.Group("g", "a", "b");
        await using (ServedIntake before = await Serve(group, time)) await before.PushAsync("a", At(-1810, To("b", 1)));
        await using ServedIntake after = await Serve(group, time);
        await after.Intake.RestoreAsync(_history, CancellationToken.None);
        Assert.Equal("1", await after.CellAsync("a", "b"));

        time.Pass(TimeSpan.FromMinutes(32));

        Assert.Equal("null", await after.CellAsync("a", "b"));
    }

    [Fact]
    public async Task Numbers_beyond_reason_do_not_keep_others_out_of_a_real_history()
    {
        string directory = Directory.CreateTempSubdirectory("llama-test-").FullName;
        try
        {
            var time = new FakeTime();
            await using SqliteHistoryStore store = SqliteHistoryStore.Open(directory, new HistoryOptions { Time = time });
            var feed = new HistoryFeed(store, (_, _) => null, time);
            await using ServedIntake served = await ServedIntake.StartAsync(
                time, options => options with { Keep = (probe, report, _) => feed.KeepAsync(probe, report) }, ServedIntake.Group("g", "a", "b"));
            const string hostile = """
                {"probe":{"group":"g","name":"a","instance":"i"},"reports":[{"start":"2026-11-22T11:0MINUTE:00Z","end":"2026-11-22T11:0MINUTE:10Z","suspect":[],"summaries":[
                {"destination":{"host":"h"},"class":0,"datagrams":{"sent":9223372036854775807,"received":9223372036854775806,"lost":1,"late":9223372036854775807},
                "rtt":{"count":9223372036854775807,"sum_ns":9223372036854775807,"min_ns":0,"max_ns":9223372036854775807,"buckets":[[0,9223372036854775806],[2239,1]]},
                "jitter_ns":1e300,"forward_delay_variation_ns":9223372036854775807,
                "flows":[{"source_port":1,"datagrams":{"sent":9223372036854775807,"received":9223372036854775807,"lost":0},"rtt":{"min_ns":9223372036854775807,"mean_ns":1e308}}]}]}]}
                """;

            for (int minute = 0; minute < 4; minute++)
            {
                (HttpStatusCode status, string answer) = await served.PostAsync(Encoding.UTF8.GetBytes(hostile.Replace("MINUTE", $"{minute}", StringComparison.Ordinal)));
                Assert.True(status == HttpStatusCode.OK, answer);
            }

            await served.PushAsync("b", At(-3600, To("a", 1, 5)));
            await store.RoundAsync(CancellationToken.None);

            PairTotals honest = (await HistoryContent.AllAsync(store, "g")).Single(one => one.Source == "b").Totals;
            Assert.Equal((2, 1), (honest.Counts.Sent, honest.Counts.Lost));
            Assert.Equal(0, (await store.StatisticsAsync(CancellationToken.None)).JournalReports);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private Task<ServedIntake> Serve(params GroupSnapshot[] groups) => Serve(groups[0], new FakeTime());

    private Task<ServedIntake> Serve(GroupSnapshot group, TimeProvider time)
    {
        var feed = new HistoryFeed(_history, (name, member) => name != group.Name ? null : group.Members.FirstOrDefault(one => one.Registration.Name == member), time);
        return ServedIntake.StartAsync(time, options => options with { Keep = (probe, report, _) => feed.KeepAsync(probe, report) }, group);
    }

    private static Member With(string name, params (string Key, string Value)[] tags)
    {
        Member member = ServedIntake.Member("g", name, "i");
        return member with { Registration = member.Registration with { Tags = [.. tags.Select(tag => KeyValuePair.Create(tag.Key, tag.Value))] } };
    }

    private static string Text(string name, IEnumerable<KeyValuePair<string, string>> tags) => $"{name} {string.Join(',', tags.Select(tag => $"{tag.Key}={tag.Value}"))}".TrimEnd();

    private Task<List<(string Source, string Destination, PairTotals Totals)>> AllAsync() => HistoryContent.AllAsync(_history, "g");
}
