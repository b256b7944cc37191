using System.Text;
using System.Text.Json;
using Llama.Server.Discovery;
using Llama.Server.Scraping;
using Llama.Storage.History;
using Llama.Tests.Server.Discovery.Native;
using Llama.Tests.Server.Intake;
using Llama.Tests.Server.Scraping;
using Llama.Tests.Storage.History;
using static Llama.Tests.Server.Intake.Pushes;

namespace Llama.Tests.Server.Discovery;

/// <summary>A whole discovery server and its history.</summary>
public sealed class HistoryTests
{
    private readonly HistoryModel _history = new();
    private readonly FakeTime _time = new();

    [Fact]
    public async Task What_probes_push_is_kept_and_shown_again_by_the_next_process()
    {
        await using (NativeServer server = await StartAsync())
        {
            await server.JoinAsync("a", tags: """{"site":"ams1"}""");
            Assert.Equal(200, (await PushAsync(server, "a", At(-10, To("b", 1, 7)))).Status);
        }

        await using NativeServer next = await StartAsync();
        JsonElement matrix = (await next.GetAsync("/api/v2/matrix?group=g&metrics=loss")).Json;

        Assert.Equal("0.5", matrix.GetProperty("metrics").GetProperty("loss")[0][1].GetRawText());
        Assert.Equal("site=ams1", string.Join(',', _history.Find("g")!.Sources.Single().Tags.Select(tag => $"{tag.Key}={tag.Value}")));
    }

    [Fact]
    public async Task A_history_that_takes_long_does_not_hold_up_the_start()
    {
        var answers = new TaskCompletionSource();
        _history.BeforeAnswer = cancellation => answers.Task.WaitAsync(cancellation);
        await SomethingKeptAsync();
        Task<NativeServer> starting = StartAsync();
        await Joining.UntilAsync(() => _time.Timers > 0);
        await Joining.UntilAsync(() =>
        {
            if (!starting.IsCompleted) _time.Pass(TimeSpan.FromSeconds(1));
            return starting.IsCompleted;
        });

        await using NativeServer server = await starting;
        Assert.Equal(404, (await server.GetAsync("/api/v2/matrix?group=g")).Status);
        answers.SetResult();
        await Joining.UntilAsync(async () => (await server.GetAsync("/api/v2/matrix?group=g")).Status == 200);
    }

    [Fact]
    public async Task A_history_that_can_not_be_read_does_not_stop_the_server()
    {
        await SomethingKeptAsync();
        _history.BeforeAnswer = _ => throw new IOException("history.db: can't be read");

        await using NativeServer server = await StartAsync();

        Assert.Equal(200, (await server.GetAsync("/healthz")).Status);
        Assert.Contains(server.Warnings, warning => warning.Contains("history.db: can't be read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_is_not_ready_while_its_history_takes_nothing()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        Assert.Equal(200, (await server.GetAsync("/readyz")).Status);

        _history.Fault = "history.db: the disk is full; make room.";

        Reply reply = await server.GetAsync("/readyz");
        Assert.Equal((503, _history.Fault), (reply.Status, reply.Text.TrimEnd()));
        Assert.Equal(200, (await server.GetAsync("/healthz")).Status);
        Assert.Equal(503, (await PushAsync(server, "a", At(0, To("b", 1)))).Status);
        Assert.Contains("\nllama_history_fault 1\n", await MetricsAsync(server), StringComparison.Ordinal);
        _history.Fault = null;
        Assert.Equal(200, (await server.GetAsync("/readyz")).Status);
    }

    [Fact]
    public async Task Events_are_kept_as_the_events_resource_writes_them()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        await server.SendAsync("DELETE", "/api/v2/groups/g/probes/a");
        await Joining.UntilAsync(async () => (await EventsAsync()).Count == 2);

        JsonElement[] told = [.. (await server.GetAsync("/api/v2/events?after=0")).Json.GetProperty("events").EnumerateArray()];
        IReadOnlyList<HistoryEvent> kept = await EventsAsync();
        Assert.Equal(["removed g/a", "joined g/a"], kept.Select(one => $"{one.Kind} {one.Group}/{one.Name}"));
        Assert.Equal(told.Reverse().Select(one => one.GetRawText()), kept.Select(one => Encoding.UTF8.GetString(one.Document.Span)));
    }

    [Fact]
    public async Task Events_that_happen_while_the_history_takes_nothing_are_kept_when_it_does_again()
    {
        _history.Fault = "full";
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        await server.JoinAsync("b");

        _history.Fault = null;

        await Joining.UntilAsync(async () =>
        {
            _time.Pass(TimeSpan.FromSeconds(1));
            return (await EventsAsync()).Count == 2;
        });
    }

    [Fact]
    public async Task Events_up_to_the_end_are_kept()
    {
        await using (NativeServer server = await StartAsync())
            foreach (int number in Enumerable.Range(0, 20)) await server.JoinAsync($"p{number}");

        Assert.Equal(20, (await EventsAsync()).Count);
    }

    [Fact]
    public async Task Metrics_tell_what_came_and_what_is_kept()
    {
        var counted = new HistoryStatistics(
            "history.db", 4096, 1024, 7, 5, 512, 1, 2, 3, [new HistoryLevelStatistics(HistoryLevel.Minute, 9, 2048, DateTimeOffset.UnixEpoch.AddSeconds(60.5), null)]);
        await using NativeServer server = await StartAsync(options => options with
        {
            CountHistory = _ => Task.FromResult(counted),
        });
        await server.JoinAsync("a");
        await PushAsync(server, "a", At(-20, To("b", 1), To("c", 1)));
        await PushAsync(server, "a", At(-20, To("b", 1), To("c", 1)));

        string metrics = await MetricsAsync(server);
        foreach (string line in (string[])[
            "llama_history_reports_total{outcome=\"stored\"} 1",
            "llama_history_reports_total{outcome=\"failed\"} 0",
            "llama_history_summaries_total 2",
            "llama_history_append_seconds_count 1",
            "llama_history_fault 0",
            "llama_history_file_bytes 4096",
            "llama_history_known_reports 7",
            "llama_history_journal_bytes 512",
            "llama_history_level_bytes{level=\"1m\"} 2048",
            "llama_history_level_oldest_timestamp_seconds{level=\"1m\"} 60.5"]) Assert.Contains($"\n{line}\n", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("llama_history_level_newest_timestamp_seconds{", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Collectors_of_members_that_do_not_push_are_scraped_as_if_they_did()
    {
        var collectors = new ScriptedCollectors(_time);
        await using NativeServer server = await StartAsync(options => options with { Scrape = new CollectorScrapeOptions { Interval = TimeSpan.FromSeconds(10), Handler = collectors } });
        await server.JoinAsync("a", address: "192.0.2.1");
        await server.JoinAsync("b", address: "192.0.2.2");
        await server.SendAsync(
            "PUT", "/api/v2/groups/g/probes/pushing", """{"address":"192.0.2.3","port":8100,"instance":"i","pushes":true}""");
        collectors.Native("192.0.2.1:8100", TimeSpan.FromSeconds(10), number => [To("b", number % 2, 1_000_000)]);

        await PassUntilAsync(async () => (await AllAsync("g")).Count >= 5);

        List<(string Source, string Destination, PairTotals Totals)> kept = await AllAsync("g");
        Assert.All(kept, one => Assert.Equal(("a", "b", 1_000_000), (one.Source, one.Destination, one.Totals.RttMinNanos)));
        Assert.All(kept, one => Assert.Equal(one.Totals.Start.UtcTicks / TimeSpan.FromSeconds(10).Ticks % 2, one.Totals.Counts.Lost));
        Assert.Equal(kept.Count, kept.Select(one => one.Totals.Start).Distinct().Count());
        Assert.Empty(collectors.RequestsTo("192.0.2.3:8100"));
        Assert.NotEmpty(collectors.RequestsTo("192.0.2.2:8100"));
        JsonElement matrix = (await server.GetAsync("/api/v2/matrix?group=g&metrics=rtt_min")).Json;
        Assert.Equal("1000000", matrix.GetProperty("metrics").GetProperty("rtt_min")[0][1].GetRawText());
        Assert.Contains("\nllama_scraper_collectors{state=\"down\"} 1\n", await MetricsAsync(server), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recorded_original_that_did_not_register_is_a_source_of_the_default_group()
    {
        var collectors = new ScriptedCollectors(_time);
        RecordedCase recorded = RecordedCase.Read("basic");
        collectors.Answer("192.0.2.9:5000", asked => recorded.Answer(asked.Path));
        collectors.Original("192.0.2.8:5000", () => """
            [{"fields":{"loss":0.25,"lost":30,"rtt":0.5,"sent":120},
              "tags":{"dst_ip":"192.0.2.20","dst_name":"far.example","dst_shortname":"far","src_ip":"::","src_name":"near.example","src_shortname":"near","site":"x"},
              "time":"0001-01-01T00:00:00Z","measurement":"raw_stats"}]
            """);
        var scrape = new CollectorScrapeOptions
        {
            Interval = TimeSpan.FromSeconds(10),
            IsOfMembers = false,
            Listed = CollectorLists.Fixed(CollectorEntry.ParseList("192.0.2.8,192.0.2.9", 5000)),
            Handler = collectors,
        };
        await using NativeServer server = await StartAsync(options => options with { Scrape = scrape });

        await PassUntilAsync(async () => (await AllAsync("default")).Select(one => one.Source).Distinct().Count() == 2);

        List<(string Source, string Destination, PairTotals Totals)> kept = await AllAsync("default");
        PairTotals named = kept.First(one => (one.Source, one.Destination) == ("near", "far")).Totals;
        Assert.Equal((120, 90, 30, null), (named.Counts.Sent, named.Counts.Received, named.Counts.Lost, named.Counts.LostForward));
        Assert.Equal((500_000.0, null, null), (named.RttMeanNanos, named.RttMinNanos, named.Percentile(0.99)));
        Assert.Equal(TimeSpan.FromSeconds(10), named.End - named.Start);
        Assert.Equal(["127.0.0.1", "beta"], kept.Where(one => one.Source == "192.0.2.9:5000").Select(one => one.Destination).Distinct().Order());
        PairTotals recordedTotals = kept.First(one => one.Destination == "beta").Totals;
        Assert.Equal((120, 0, 71_418.0), (recordedTotals.Counts.Sent, recordedTotals.Counts.Lost, recordedTotals.RttMeanNanos));
        HistoryDestination far = _history.Find("default")!.Destinations.Single(to => to.Name == "far");
        Assert.Equal(("192.0.2.20", "dst_ip dst_name dst_shortname site"), (far.Host, string.Join(' ', far.Tags.Select(tag => tag.Key).Order())));
    }

    [Fact]
    public async Task What_the_history_could_not_take_is_scraped_again()
    {
        var collectors = new ScriptedCollectors(_time);
        collectors.Native("192.0.2.1:8100", TimeSpan.FromMinutes(10), _ => [To("b", 0, 5)]);
        await using NativeServer server = await StartAsync(options => options with { Scrape = new CollectorScrapeOptions { Interval = TimeSpan.FromSeconds(10), Handler = collectors } });
        await server.JoinAsync("a", address: "192.0.2.1");
        _history.Fault = "full";
        await PassUntilAsync(async () => (await MetricsAsync(server)).Contains("{outcome=\"failed\"} 1\n", StringComparison.Ordinal));

        _history.Fault = null;

        await PassUntilAsync(async () => (await AllAsync("g")).Count == 1);
    }

    private Task<NativeServer> StartAsync(Func<DiscoveryOptions, DiscoveryOptions>? adapt = null)
    {
        var options = new DiscoveryOptions { History = _history };
        return NativeServer.StartAsync(adapt?.Invoke(options) ?? options, clock: _time);
    }

    private async Task SomethingKeptAsync()
    {
        var report = new HistoryReport { Source = new HistorySource("g", "a", []), Start = _time.GetUtcNow().AddSeconds(-10), End = _time.GetUtcNow() };
        report.Add(new HistoryDestination { Name = "b" }, 0).Counts = new() { Sent = 2, Received = 1, Lost = 1 };
        await _history.AppendAsync(report, CancellationToken.None);
    }

    private static Task<Reply> PushAsync(NativeServer server, string name, params Llama.Engine.Summaries.IntervalReport[] reports) =>
        server.SendAsync("POST", "/api/v2/summaries", Encoding.UTF8.GetString(Body("g", name, NativeServer.InstanceOf(name), reports)));

    private static async Task<string> MetricsAsync(NativeServer server) =>
        (await server.GetAsync("/metrics", headers: ("Accept", "text/plain"))).Text;

    private Task<IReadOnlyList<HistoryEvent>> EventsAsync() =>
        _history.EventsAsync(null, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, 1000, CancellationToken.None);

    private Task<List<(string Source, string Destination, PairTotals Totals)>> AllAsync(string group) => HistoryContent.AllAsync(_history, group);

    private Task PassUntilAsync(Func<Task<bool>> condition) => Joining.UntilAsync(() =>
    {
        _time.Pass(TimeSpan.FromSeconds(0.5));
        return condition();
    });
}
