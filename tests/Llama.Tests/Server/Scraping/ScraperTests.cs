using System.Net;
using Llama.Engine.Summaries;
using Llama.Server.Scraping;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Server.Scraping;

/// <summary>A scraper among collectors that come, go, answer, or do not.</summary>
public sealed class ScraperTests
{
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Each_interval_of_a_collector_of_ours_is_taken_once_with_its_own_time()
    {
        await using var world = new ScrapingWorld();
        world.Collectors.Native("a:5000", Ten, number => [Measured(number)]);
        await world.StartAsync("a", interval: 30);
        await world.PassAsync(120);

        Assert.InRange(world.Taken.Count, 11, 13);
        Assert.All(world.Taken.Zip(world.Taken.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.Start));
        Assert.All(world.Taken, record => Assert.Equal((Ten, "a:5000", RecordFlags.None), (record.End - record.Start, record.Origin, record.Flags)));
        Assert.Equal(0, world.Scraper.Counters.MissedIntervals);
        Assert.Equal(["/api/v2/summaries?flows=false&buckets=false"], world.Collectors.Requests.Select(asked => asked.Path).Distinct());
    }

    [Fact]
    public async Task A_report_of_ours_reaches_the_sink_with_all_that_was_measured_and_who_measured_it()
    {
        await using var world = new ScrapingWorld();
        Summary summary = Reports.Summary("::", Reports.Target("192.0.2.9:8100", "rome", ("site", "Röm"), ("a\"b", "c\\d")), 1, 1000, 3000);
        world.Collectors.Native("192.0.2.1:8100", Ten, _ => [summary with
        {
            Class = 184,
            JitterNanos = 12.6,
            Flows = [new FlowSummary { SourcePort = 40001, Counts = new DatagramCounts { Sent = 3, Received = 2, Lost = 1 }, Path = default, RttMeanNanos = 2000 }],
        }]);
        CollectorEntry collector = new() { Host = "192.0.2.1", Port = 8100, Name = "wan/ams1", Tags = [new("region", "west")] };
        await world.StartAsync([collector], more: options => options with { WantsFlows = true, WantsBuckets = true });
        await world.PassAsync(6);

        ScrapedRecord record = Assert.Single(world.Taken);
        Assert.Equal(("wan/ams1", "region=west"), (record.Origin, record.OriginTags));
        Assert.Equal([RowKind.Pair, RowKind.Flow], record.Rows.Select(row => row.Kind));
        ScrapedRow pair = record.Rows[0], flow = record.Rows[1];
        Assert.Equal(("::>192.0.2.9:8100/184", "rome"), (pair.Name, pair.Host));
        Assert.Equal([new("a\"b", "c\\d"), new("site", "Röm")], pair.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal));
        Assert.Equal((3L, 2L, 1L, 13L), (pair.Measures[Measure.Sent], pair.Measures[Measure.Received], pair.Measures[Measure.Lost], pair.Measures[Measure.Jitter]));
        Assert.Equal((1000L, 2000L, 3000L, 4000L), (pair.Measures[Measure.RttMin], pair.Measures[Measure.RttMean], pair.Measures[Measure.RttMax], pair.Measures[Measure.RttSum]));
        Assert.Null(pair.Measures[Measure.LostForward]);
        Assert.Equal(2, pair.Buckets.Sum(bucket => bucket.Count));
        Assert.Equal((40001, 3L, 2000L, null), (flow.SourcePort, flow.Measures[Measure.Sent], flow.Measures[Measure.RttMean], flow.Measures[Measure.RttMin]));
        Assert.Contains("flows=true&buckets=true", world.Collectors.Requests[0].Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_and_name_that_change_go_with_the_next_report_and_nothing_is_asked_twice()
    {
        await using var world = new ScrapingWorld();
        world.Collectors.Native("a:5000", Ten);
        await world.StartAsync("a");
        await world.PassAsync(20);
        int asked = world.Collectors.Requests.Count;
        await world.ChangeAsync([new CollectorEntry { Host = "a", Port = 5000, Name = "g/a" }]);
        await world.PassAsync(10);

        Assert.Equal("g/a", world.Taken[^1].Origin);
        Assert.InRange(world.Collectors.Requests.Count, asked + 1, asked + 2);
    }

    [Fact]
    public async Task Intervals_that_were_over_before_anybody_asked_are_counted_as_missed()
    {
        await using var world = new ScrapingWorld();
        world.Collectors.Native("a:5000", Ten);
        await world.StartAsync("a");
        await world.PassAsync(20);
        world.Collectors.Remove("a:5000");
        await world.PassAsync(40);
        world.Collectors.Native("a:5000", Ten);
        await world.PassAsync(60);

        long gap = (long)world.Taken.Zip(world.Taken.Skip(1)).Sum(pair => (pair.Second.Start - pair.First.End) / Ten);
        Assert.InRange(gap, 2, 7);
        Assert.Equal(gap, world.Scraper.Counters.MissedIntervals);
        Assert.Contains("a:5000: answers again", world.Said);
    }

    [Fact]
    public async Task A_collector_that_has_nothing_yet_is_well_and_asked_again_soon()
    {
        await using var world = new ScrapingWorld();
        world.Collectors.Answer("a:5000", _ => ScriptedCollectors.Reply(HttpStatusCode.OK, """{"start":null,"end":null,"suspect":[],"health":null,"summaries":[]}"""));
        await world.StartAsync("a", interval: 16);
        await world.PassAsync(30);

        Assert.Empty(world.Taken);
        Assert.InRange(world.Collectors.Requests.Count, 12, 16);
        Assert.Equal((0, CollectorKind.Native), (world.Scraper.Loops[0].State.Failures, world.Scraper.Loops[0].State.Kind));
    }

    [Fact]
    public async Task An_original_is_asked_once_in_an_interval_and_its_points_have_the_interval_that_is_just_over()
    {
        await using var world = new ScrapingWorld();
        int asked = 0;
        world.Collectors.Original("a:5000", () => Point(++asked));
        await world.StartAsync("a");
        await world.PassAsync(100);

        Assert.InRange(world.Taken.Count, 9, 11);
        Assert.All(world.TakenAt, taken =>
        {
            Assert.Equal(0, taken.Record.End.UtcTicks % Ten.Ticks);
            Assert.Equal((Ten, RecordFlags.Reckoned), (taken.Record.End - taken.Record.Start, taken.Record.Flags));
            double age = (Reports.Noon + (taken.At - TimeSpan.FromDays(3)) - taken.Record.End).TotalSeconds;
            Assert.InRange(age, 0, 10);
        });
        Assert.Equal(world.Taken.Count, world.Taken.Select(record => record.End).Distinct().Count());
        Assert.Single(world.Collectors.Requests, request => request.Path.StartsWith("/api/v2/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Points_of_an_original_that_come_again_in_any_order_are_the_same_summary()
    {
        await using var world = new ScrapingWorld();
        int asked = 0;
        world.Collectors.Answer("a:5000", request => request.Path == "/influxdata"
            ? ScriptedCollectors.Reply(HttpStatusCode.OK, Points(asked++ / 3, isTurned: asked % 2 == 0), "text/plain")
            : ScriptedCollectors.NotFound());
        await world.StartAsync("a");
        await world.PassAsync(120);

        Assert.Equal((asked + 2) / 3, world.Taken.Count);
        Assert.Equal(asked - world.Taken.Count, world.Scraper.Counters[ScrapeOutcome.Unchanged]);
    }

    [Fact]
    public async Task Points_that_tell_of_no_reply_at_all_are_taken_in_each_interval()
    {
        await using var world = new ScrapingWorld();
        world.Collectors.Original("a:5000", () => """[{"fields":{"loss":100.0,"lost":20.0,"rtt":0.0,"sent":20.0},"tags":{},"measurement":"raw_stats"}]""");
        await world.StartAsync("a");
        await world.PassAsync(100);

        Assert.InRange(world.Taken.Count, 9, 11);
        Assert.Equal(world.Taken.Count, world.Taken.Select(record => record.End).Distinct().Count());
    }

    [Fact]
    public async Task An_original_is_asked_every_ten_minutes_and_after_an_outage_whether_it_has_learned_more()
    {
        await using var world = new ScrapingWorld();
        int asked = 0;
        world.Collectors.Original("a:5000", () => Point(++asked));
        await world.StartAsync("a", interval: 30);
        await world.PassAsync(1200, step: 5);
        Assert.InRange(world.Collectors.Requests.Count(request => request.Path != "/influxdata"), 2, 3);

        world.Collectors.Remove("a:5000");
        await world.PassAsync(60, step: 5);
        world.Collectors.Native("a:5000", Ten);
        await world.PassAsync(240, step: 1);

        Assert.Equal(CollectorKind.Native, world.Scraper.Loops[0].State.Kind);
        Assert.Equal(RecordFlags.None, world.Taken[^1].Flags);
    }

    [Fact]
    public async Task A_collector_of_ours_that_gives_way_to_an_original_is_scraped_as_one()
    {
        await using var world = new ScrapingWorld();
        world.Collectors.Native("a:5000", Ten);
        await world.StartAsync("a");
        await world.PassAsync(20);
        int asked = 0;
        world.Collectors.Original("a:5000", () => Point(++asked));
        await world.PassAsync(20);

        Assert.Equal((RecordFlags.Reckoned, CollectorKind.Original), (world.Taken[^1].Flags, world.Scraper.Loops[0].State.Kind));
    }

    [Fact]
    public async Task A_hundred_that_are_dead_delay_none_of_twenty_that_live()
    {
        await using var world = new ScrapingWorld();
        string[] live = [.. Enumerable.Range(0, 20).Select(i => $"10.0.1.{i}:5000")];
        foreach (string address in live) world.Collectors.Native(address, Ten);
        for (int i = 0; i < 50; i++)
            world.Collectors.Answer($"10.0.2.{i}:5000", async (_, cancellation) =>
            {
                await Task.Delay(Timeout.Infinite, cancellation);
                return ScriptedCollectors.NotFound();
            });
        IEnumerable<string> dead = Enumerable.Range(0, 50).SelectMany(i => (string[])[$"10.0.2.{i}:5000", $"10.0.3.{i}:5000"]);
        await world.StartAsync(string.Join(',', dead.Concat(live)));
        await world.PassAsync(120);

        Assert.All(live, address => Assert.InRange(world.Taken.Count(record => record.Origin == address), 11, 13));
        Assert.Equal(0, world.Scraper.Counters.MissedIntervals);
        Assert.All(dead, address =>
        {
            List<TimeSpan> asked = [.. world.Collectors.RequestsTo(address).Select(request => request.At)];
            Assert.InRange(asked.Count, 3, 7);
            Assert.All(asked.Zip(asked.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, Ten / 2, 4 * Ten));
        });
        Assert.Equal(20, world.Scraper.Loops.Count(loop => loop.State.Failures == 0));
        Assert.Equal(100, world.Said.Count(line => line.Contains("refused", StringComparison.Ordinal) || line.Contains("does not answer in 10 s", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_collector_that_does_not_answer_in_time_is_given_up_and_delays_nobody()
    {
        RecordedCase recorded = RecordedCase.Read("collector_slow");
        await using var world = new ScrapingWorld();
        world.Collectors.Answer("slow:5000", async (asked, cancellation) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(3), world.Time, cancellation);
            return recorded.Answer(asked.Path);
        });
        world.Collectors.Native("a:5000", TimeSpan.FromSeconds(1));
        await world.StartAsync("slow,a", interval: 1);
        await world.PassAsync(20);

        Assert.InRange(world.Taken.Count(record => record.Origin == "a:5000"), 18, 20);
        Assert.DoesNotContain(world.Taken, record => record.Origin == "slow:5000");
        Assert.Contains("slow:5000: does not answer in 1 s", world.Said);
    }

    [Fact]
    public async Task Collectors_are_spread_over_the_interval()
    {
        await using var world = new ScrapingWorld();
        string[] all = [.. Enumerable.Range(0, 1000).Select(i => $"10.1.{i / 250}.{i % 250}:5000")];
        foreach (string address in all) world.Collectors.Original(address, () => "[]");
        await world.StartAsync(string.Join(',', all));
        await world.PassAsync(30);

        IEnumerable<int> seconds = world.Collectors.Requests.Where(request => request.At >= TimeSpan.FromDays(3) + 2 * Ten).CountBy(request => (int)request.At.TotalSeconds % 10).Select(second => second.Value);
        Assert.Equal(10, seconds.Count());
        Assert.All(seconds, count => Assert.InRange(count, 50, 150));
    }

    [Fact]
    public async Task Collectors_that_are_new_start_at_once_and_those_that_are_gone_stop()
    {
        await using var world = new ScrapingWorld();
        foreach (string address in (string[])["a:5000", "b:5000", "c:5000"]) world.Collectors.Native(address, Ten);
        await world.StartAsync("a,b");
        await world.PassAsync(20);
        await world.ChangeAsync("b,c");
        await world.PassAsync(6);
        int toA = world.Collectors.RequestsTo("a:5000").Count();
        Assert.Contains(world.Taken, record => record.Origin == "c:5000");
        await world.PassAsync(30);

        Assert.Equal(toA, world.Collectors.RequestsTo("a:5000").Count());
        Assert.Equal(2, world.Scraper.Collectors);
        Assert.Contains("scrapes 2 collectors: 1 new, 1 gone", world.Said);
    }

    [Fact]
    public async Task Shares_of_a_list_are_scraped_once_by_all_scrapers_together()
    {
        string[] all = [.. Enumerable.Range(0, 40).Select(i => $"10.0.1.{i}:5000")];
        var scraped = new List<string>();
        for (int i = 1; i <= 3; i++)
        {
            await using var world = new ScrapingWorld();
            await world.StartAsync(string.Join(',', all), more: options => options with { Shard = new Shard(i, 3) });
            await world.PassAsync(6);
            scraped.AddRange(world.Scraper.Loops.Select(loop => loop.Entry.Address));
        }

        Assert.Equal(all.Order(), scraped.Order());
    }

    [Fact]
    public async Task What_a_sink_can_not_keep_is_scraped_again_until_it_can()
    {
        await using var world = new ScrapingWorld();
        world.Collectors.Native("a:5000", Ten);
        int asked = 0;
        world.Collectors.Original("b:5000", () => Point(asked++ / 8));
        world.Sink = _ => throw new IOException("No space left on device.");
        await world.StartAsync("a,b");
        await world.PassAsync(5.25);
        Assert.Empty(world.Taken);
        Assert.True(world.Scraper.Counters[ScrapeOutcome.NotKept] >= 2);
        Assert.Contains("a:5000: its report can't be kept: No space left on device.", world.Said);

        world.Sink = _ => default;
        await world.PassAsync(3);
        Assert.Equal(["a:5000", "b:5000"], world.Taken.Select(record => record.Origin).Distinct().Order());
        await world.PassAsync(30);
        Assert.Equal(0, world.Scraper.Counters.MissedIntervals);
    }

    [Fact]
    public async Task What_nobody_foresaw_ends_the_scraper_instead_of_one_collector_in_silence()
    {
        await using var world = new ScrapingWorld();
        world.Collectors.Native("a:5000", Ten);
        world.Sink = _ => throw new InvalidOperationException("a defect");
        await world.StartAsync("a");
        await world.PassAsync(6);

        Assert.Equal("a defect", (await Assert.ThrowsAsync<InvalidOperationException>(() => world.Running.WaitAsync(TimeSpan.FromSeconds(20)))).Message);
    }

    [Fact]
    public async Task A_wall_clock_that_is_set_back_or_forth_stops_nobody()
    {
        await using var world = new ScrapingWorld();
        int asked = 0;
        world.Collectors.Native("a:5000", Ten);
        world.Collectors.Original("b:5000", () => Point(++asked));
        await world.StartAsync("a,b");
        await world.PassAsync(30);
        foreach (double hours in (double[])[-5, 24])
        {
            world.Time.StepWall(TimeSpan.FromHours(hours));
            await world.PassAsync(45);
            int before = world.Taken.Count;
            await world.PassAsync(40);
            Assert.InRange(world.Taken.Count - before, 7, 10);
        }
    }

    private static Summary Measured(long number) => Reports.Summary("::", Reports.Target("192.0.2.9:8100"), 0, 1000 + number % 100);

    private static string Point(int number) => $"[{One(number)}]";

    private static string Points(int number, bool isTurned)
    {
        string[] points = [One(number), One(1000 + number), One(2000 + number)];
        return $"[{string.Join(',', isTurned ? points.Reverse() : points)}]";
    }

    private static string One(int number) =>
        $$"""{"fields":{"loss":0.0,"lost":0.0,"rtt":0.{{100000 + number}},"sent":20.0},"tags":{"dst_ip":"192.0.2.9"},"time":"0001-01-01T00:00:00Z","measurement":"raw_stats"}""";
}
