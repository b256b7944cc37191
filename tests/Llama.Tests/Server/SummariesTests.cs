using System.Globalization;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Llama.Engine;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Server;

/// <summary>/api/v2/summaries.</summary>
public sealed class SummariesTests
{
    [Fact]
    public async Task Everything_a_summary_holds_is_there()
    {
        Target target = Target("10.0.0.2:8100", "peer.example", ("site", "a\"b"));
        var counts = new DatagramCounts
        {
            Sent = 10,
            Received = 7,
            Lost = 3,
            LostForward = 2,
            LostReverse = 1,
            Late = 1,
            Duplicates = 4,
            Reordered = 5,
            SendErrors = 6,
        };
        var path = new PathMarks
        {
            ForwardTtl = 61,
            ReverseTtl = 60,
            ForwardTos = 0,
            ReverseTos = 184,
            ForwardRemarked = 7,
            ReverseRemarked = 0,
            ForwardTtlChanges = 2,
        };
        Summary summary = Summary("0.0.0.0", target, 0, 1000, 2000, 3000) with
        {
            Class = 184,
            Counts = counts,
            Path = path,
            JitterNanos = 12.5,
            DelayVariationNanos = 2000,
            ForwardDelayVariationNanos = 1500,
            ReverseDelayVariationNanos = 500,
            Flows =
            [
                new FlowSummary { SourcePort = 40001, Counts = counts, RttMinNanos = 1000, RttMeanNanos = 2000.5, RttMaxNanos = 3000, Path = path },
            ],
        };
        IntervalReport report = Report(summary) with
        {
            Health = new CollectorHealth
            {
                SendLatenessP99Nanos = 11_000_000,
                SkippedSends = 1,
                SendErrors = 2,
                ReceiveDrops = 3,
                UnmatchedReplies = 4,
                ClockSteps = 5,
                UntimedReplies = 6,
                MissedTransmitTimes = 7,
                GarbageCollectionPause = TimeSpan.FromMilliseconds(1.5),
                CpuPressure = 0.25,
                Suspect = [SuspectReason.LateSends, SuspectReason.SendBufferFull],
            },
        };

        JsonElement answer = JsonDocument.Parse(await BodyAsync(report)).RootElement;

        Assert.Equal(
            """
            {"start":"2026-11-22T12:00:00Z","end":"2026-11-22T12:00:10Z","suspect":["late_sends","send_buffer_full"],
            "health":{"send_lateness_p99_ns":11000000,"skipped_sends":1,"send_errors":2,"receive_drops":3,"unmatched_replies":4,"clock_steps":5,"untimed_replies":6,"missed_transmit_times":7,"gc_pause_ns":1500000,"cpu_pressure_ratio":0.25},
            "rtt_buckets_layout":{"kind":"log-linear","buckets_per_power_of_two":64,"bucket_count":2240,"max_ns":1099511627775},
            "summaries":[{"source":"::","destination":{"host":"peer.example","address":"10.0.0.2","port":8100},"class":184,"class_name":"EF","tags":{"site":"a\u0022b"},
            "datagrams":{"sent":10,"received":7,"lost":3,"lost_forward":2,"lost_reverse":1,"late":1,"duplicates":4,"reordered":5,"send_errors":6,"loss_ratio":0.3},
            "rtt":{"count":3,"sum_ns":6000,"min_ns":1000,"mean_ns":2000,"p50_ns":2008,"p90_ns":2992,"p99_ns":2992,"max_ns":3000,"buckets":[[317,1],[381,1],[413,1]]},
            "jitter_ns":12.5,"delay_variation_ns":2000,"forward_delay_variation_ns":1500,"reverse_delay_variation_ns":500,
            "path":{"forward_ttl":61,"reverse_ttl":60,"forward_tos":0,"reverse_tos":184,"forward_remarked":7,"reverse_remarked":0,"forward_ttl_changes":2},
            "flows":[{"source_port":40001,
            "datagrams":{"sent":10,"received":7,"lost":3,"lost_forward":2,"lost_reverse":1,"late":1,"duplicates":4,"reordered":5,"send_errors":6,"loss_ratio":0.3},
            "rtt":{"min_ns":1000,"mean_ns":2000.5,"max_ns":3000},
            "path":{"forward_ttl":61,"reverse_ttl":60,"forward_tos":0,"reverse_tos":184,"forward_remarked":7,"reverse_remarked":0,"forward_ttl_changes":2}}]}]}
            """.ReplaceLineEndings(""),
            answer.GetRawText());
    }

    [Fact]
    public async Task What_was_not_measured_is_null()
    {
        JsonElement summary = JsonDocument.Parse(await BodyAsync(Report(Summary("10.0.0.1", Target("10.0.0.2:8100"), 1))))
            .RootElement.GetProperty("summaries")[0];

        Assert.Equal(JsonValueKind.Null, summary.GetProperty("datagrams").GetProperty("lost_forward").ValueKind);
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("rtt").GetProperty("mean_ns").ValueKind);
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("jitter_ns").ValueKind);
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("path").GetProperty("forward_ttl").ValueKind);
    }

    [Fact]
    public async Task Buckets_and_layout_give_the_durations_back()
    {
        JsonElement answer = JsonDocument.Parse(await BodyAsync(Report(Summary("10.0.0.1", Target("10.0.0.2:8100"), 0, 77, 123_456_789)))).RootElement;
        long perPower = answer.GetProperty("rtt_buckets_layout").GetProperty("buckets_per_power_of_two").GetInt64();

        // As docs/http-api.md says: below two powers' worth the index is the duration, from there on it doubles its step.
        long[] lower = [.. answer.GetProperty("summaries")[0].GetProperty("rtt").GetProperty("buckets").EnumerateArray().Select(bucket =>
        {
            long index = bucket[0].GetInt64();
            long shift = Math.Max(0, index / perPower - 1);
            return (index - shift * perPower) << (int)shift;
        })];

        Assert.Equal(77, lower[0]);
        Assert.InRange(123_456_789, lower[1], lower[1] * (1 + 1.0 / perPower));
    }

    [Fact]
    public async Task Before_the_first_report_there_is_no_interval()
    {
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, new CollectorState());
        RawReply reply = await RawHttp.GetAsync(api.Addresses[0], "/api/v2/summaries");
        JsonElement answer = JsonDocument.Parse(reply.Body).RootElement;

        Assert.Equal(JsonValueKind.Null, answer.GetProperty("start").ValueKind);
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("health").ValueKind);
        Assert.Equal(0, answer.GetProperty("summaries").GetArrayLength());
        Assert.Equal("application/json", reply["Content-Type"]);
    }

    [Fact]
    public async Task An_unchanged_report_is_not_sent_again()
    {
        var state = new CollectorState();
        state.Accept(Report());
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, state);
        RawReply first = await RawHttp.GetAsync(api.Addresses[0], "/api/v2/summaries");
        string tag = first["ETag"]!;
        Assert.Equal("no-cache", first["Cache-Control"]);

        RawReply same = await RawHttp.GetAsync(api.Addresses[0], "/api/v2/summaries", $"If-None-Match: \"other\", W/{tag}");
        Assert.Equal(304, same.Status);
        Assert.Equal(tag, same["ETag"]);
        Assert.Equal(304, (await RawHttp.GetAsync(api.Addresses[0], "/api/v2/summaries", "If-None-Match: *")).Status);
        Assert.Equal(200, (await RawHttp.GetAsync(api.Addresses[0], "/api/v2/summaries?flows=false", $"If-None-Match: {tag}")).Status);
        Assert.Equal(200, (await RawHttp.GetAsync(api.Addresses[0], "/api/v2/summaries", "If-None-Match: broken\"")).Status);

        state.Accept(Report());
        RawReply next = await RawHttp.GetAsync(api.Addresses[0], "/api/v2/summaries", $"If-None-Match: {tag}");
        Assert.Equal(200, next.Status);
        Assert.NotEqual(tag, next["ETag"]);
    }

    [Fact]
    public async Task Flows_and_buckets_can_be_left_out()
    {
        IntervalReport report = Report(Summary("10.0.0.1", Target("10.0.0.2:8100"), 0, 1000));

        string body = await BodyAsync(report, "?flows=false&buckets=false");

        Assert.DoesNotContain("\"flows\"", body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"buckets\"", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/api/v2/summaries", 405)]
    [InlineData("DELETE", "/metrics", 405)]
    [InlineData("PUT", "/readyz", 405)]
    [InlineData("GET", "/api/v2/nope", 404)]
    [InlineData("GET", "/api/v2/", 404)]
    [InlineData("GET", "/api/v2/summaries?flows=perhaps", 400)]
    public async Task Errors_are_problem_details(string method, string target, int status)
    {
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, new CollectorState());

        RawReply reply = await RawHttp.SendAsync(api.Addresses[0], method, target, "Content-Length: 0");

        Assert.Equal(status, reply.Status);
        Assert.Equal("application/problem+json", reply["Content-Type"]);
        Assert.Equal(status == 405 ? "GET, HEAD" : null, reply["Allow"]);
        JsonElement problem = JsonDocument.Parse(reply.Body).RootElement;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    [Fact]
    public void Any_tags_read_back_as_the_same_text() => Prop.ForAll(
        AnyText.Tags(),
        tags =>
        {
            using var output = new MemoryStream();
            using (var json = new Utf8JsonWriter(output))
            {
                SummaryJson.WriteSummary(
                    json, Summary("10.0.0.1", Target("10.0.0.2:8100") with { Tags = tags, Host = string.Concat(tags.Keys) }, 1), flows: true, buckets: true);
            }

            JsonElement read = JsonDocument.Parse(output.ToArray()).RootElement;
            Assert.Equal(AnyText.WellFormed(string.Concat(tags.Keys)), read.GetProperty("destination").GetProperty("host").GetString());
            Assert.Equal(
                tags.Select(tag => (AnyText.WellFormed(tag.Key), AnyText.WellFormed(tag.Value))),
                read.GetProperty("tags").EnumerateObject().Select(tag => (tag.Name, tag.Value.GetString()!)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Thousands_of_pairs_come_whole()
    {
        Target target = Target("10.0.0.2:8100");
        IntervalReport report = Report([.. Enumerable.Range(0, 3000).Select(i => Summary("10.0.0.1", target, i))]);

        JsonElement summaries = JsonDocument.Parse(await BodyAsync(report)).RootElement.GetProperty("summaries");

        Assert.Equal(Enumerable.Range(0, 3000), summaries.EnumerateArray().Select(s => s.GetProperty("datagrams").GetProperty("lost").GetInt32()));
    }

    private static async Task<string> BodyAsync(IntervalReport report, string query = "")
    {
        var state = new CollectorState();
        state.Accept(report);
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, state);
        RawReply reply = await RawHttp.GetAsync(api.Addresses[0], "/api/v2/summaries" + query);
        Assert.True(reply.Status == 200, string.Create(CultureInfo.InvariantCulture, $"{reply.StatusLine}"));
        return reply.Body;
    }
}
