using System.Buffers;
using System.IO.Pipelines;
using Llama.Engine;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;

namespace Llama.Server.Metrics;

/// <summary>A collector's metrics in Prometheus' text format. What was not measured has no sample.</summary>
internal static class CollectorMetrics
{
    private const int PortionBytes = 64 * 1024;
    private const double NanosPerSecond = 1e9;

    private static readonly byte[] Forward = PrometheusText.Label("direction", "forward");
    private static readonly byte[] Reverse = PrometheusText.Label("direction", "reverse");
    private static readonly byte[] Clean = PrometheusText.Label("state", "clean");
    private static readonly byte[] Lossy = PrometheusText.Label("state", "lossy");
    private static readonly byte[] Dead = PrometheusText.Label("state", "dead");
    private static readonly byte[] Resolved = PrometheusText.Label("state", "resolved");
    private static readonly byte[] Unresolved = PrometheusText.Label("state", "unresolved");
    private static readonly byte[][] Bounds = [.. PairTotals.BoundsNanos.Select(nanos => PrometheusText.BucketLabel(nanos / 1e9m))];
    private static readonly byte[] Unbounded = PrometheusText.BucketLabel(null);
    private static readonly byte[][] Reasons =
        [.. Enum.GetValues<SuspectReason>().Select(reason => PrometheusText.Label("reason", reason.SnakeCase()))];

    /// <summary>One family that has samples for each pair and class.</summary>
    private sealed record PairFamily(string Name, string Type, string Help, Action<PrometheusText, PairTotals> Write);

    private static readonly PairFamily[] PairFamilies =
    [
        new("llama_datagrams_sent_total", "counter", "Datagrams sent whose fate is known.",
            (text, pair) => text.Sample(pair.Counts.Sent, pair.Labels)),
        new("llama_datagrams_received_total", "counter", "Datagrams answered before their deadline.",
            (text, pair) => text.Sample(pair.Counts.Received, pair.Labels)),
        new("llama_datagrams_lost_total", "counter", "Datagrams not answered before their deadline.",
            (text, pair) => text.Sample(pair.Counts.Lost, pair.Labels)),
        new("llama_datagrams_lost_by_direction_total", "counter",
            "Lost datagrams of which it is known whether they were lost on the way there or back.",
            (text, pair) =>
            {
                text.Sample(pair.Counts.LostForward, pair.Labels, Forward);
                text.Sample(pair.Counts.LostReverse, pair.Labels, Reverse);
            }),
        new("llama_replies_late_total", "counter", "Replies that came after the deadline; their datagrams count as lost.",
            (text, pair) => text.Sample(pair.Counts.Late, pair.Labels)),
        new("llama_replies_duplicate_total", "counter", "Second and further copies of replies.",
            (text, pair) => text.Sample(pair.Counts.Duplicates, pair.Labels)),
        new("llama_replies_reordered_total", "counter", "Replies that came behind one to a later datagram of their flow.",
            (text, pair) => text.Sample(pair.Counts.Reordered, pair.Labels)),
        new("llama_send_errors_total", "counter", "Datagrams that the kernel refused to send; they do not count as sent.",
            (text, pair) => text.Sample(pair.Counts.SendErrors, pair.Labels)),
        new("llama_datagrams_remarked_total", "counter", "Replies that showed a class changed on the way.",
            (text, pair) =>
            {
                text.Sample(pair.ForwardRemarked, pair.Labels, Forward);
                text.Sample(pair.ReverseRemarked, pair.Labels, Reverse);
            }),
        new("llama_ttl_changes_total", "counter", "Changes of the TTL at the reflector within a flow: the path changed its length.",
            (text, pair) => text.Sample(pair.ForwardTtlChanges, pair.Labels)),
        new("llama_rtt_seconds", "histogram", "Round-trip times, the reflector's dwell taken out where it is known.", WriteRtt),
        new("llama_loss_ratio", "gauge", "Lost of sent in the last interval, 0 to 1.",
            (text, pair) => text.Sample(pair.Latest?.Counts.LossRatio, pair.Labels)),
        new("llama_jitter_seconds", "gauge", "RFC 3550 interarrival jitter of round-trip times in the last interval, mean over the flows.",
            (text, pair) => text.Sample(pair.Latest?.JitterNanos / NanosPerSecond, pair.Labels)),
        new("llama_delay_variation_seconds", "gauge", "RFC 5481 delay variation of round-trip times in the last interval: p99 less minimum.",
            (text, pair) => text.Sample(pair.Latest?.DelayVariationNanos / NanosPerSecond, pair.Labels)),
        new("llama_one_way_delay_variation_seconds", "gauge", "Delay variation of each direction in the last interval: p99 less minimum.",
            (text, pair) =>
            {
                text.Sample(pair.Latest?.ForwardDelayVariationNanos / NanosPerSecond, pair.Labels, Forward);
                text.Sample(pair.Latest?.ReverseDelayVariationNanos / NanosPerSecond, pair.Labels, Reverse);
            }),
        new("llama_received_ttl", "gauge", "TTL or hop limit of the last datagram at the reflector, and of the last reply here; sent with 64.",
            (text, pair) =>
            {
                text.Sample(pair.Latest?.Path.ForwardTtl, pair.Labels, Forward);
                text.Sample(pair.Latest?.Path.ReverseTtl, pair.Labels, Reverse);
            }),
        new("llama_flows", "gauge", "Flows of the last interval by what they lost: nothing (clean), something (lossy), or all (dead).",
            WriteFlows),
    ];

    /// <summary>Writes everything, in portions, so that many pairs take no more memory than a few.</summary>
    /// <param name="snapshot">What the collector has to show.</param>
    /// <param name="more">Writes further families of the same process.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task WriteAsync(CollectorSnapshot snapshot, Action<PrometheusText>? more, PipeWriter output, CancellationToken cancellation)
    {
        var portion = new ArrayBufferWriter<byte>(PortionBytes + 4096);
        var text = new PrometheusText(portion);
        ProcessMetrics.Write(text);
        more?.Invoke(text);
        WriteCollector(text, snapshot);
        foreach (PairFamily family in PairFamilies)
        {
            text.Family(family.Name, family.Type, family.Help);
            foreach (PairTotals pair in snapshot.Totals.Pairs)
            {
                family.Write(text, pair);
                if (portion.WrittenCount < PortionBytes) continue;
                await output.WriteAsync(portion.WrittenMemory, cancellation);
                portion.ResetWrittenCount();
            }
        }

        await output.WriteAsync(portion.WrittenMemory, cancellation);
    }

    private static void WriteCollector(PrometheusText text, CollectorSnapshot snapshot)
    {
        CollectorTotals totals = snapshot.Totals;
        CollectorHealth? health = snapshot.Report?.Health;
        text.Family("llama_intervals_total", "counter", "Intervals reported.");
        text.Sample(totals.Intervals);
        text.Family("llama_interval_end_timestamp_seconds", "gauge", "End of the last interval reported, since the Unix epoch.");
        text.Sample(snapshot.Report?.End.ToUnixTimeMilliseconds() / 1e3);
        text.Family("llama_suspect", "gauge", "1 when the collector does not trust its last interval, else 0.");
        text.Sample(health is null ? null : health.Suspect.Count > 0 ? 1 : 0);
        text.Family("llama_suspect_intervals_total", "counter", "Intervals that the collector does not trust, by reason; one may have several.");
        for (int i = 0; i < Reasons.Length; i++) text.Sample(totals.Suspect[i], Reasons[i]);
        text.Family("llama_send_lateness_p99_seconds", "gauge", "How late datagrams left against their schedule in the last interval, p99.");
        text.Sample(health?.SendLatenessP99Nanos / NanosPerSecond);
        text.Family("llama_skipped_sends_total", "counter", "Datagrams of the schedule that the collector had no time to send.");
        text.Sample(totals.SkippedSends);
        text.Family("llama_receive_drops_total", "counter", "Replies that the kernel dropped because a receive buffer was full.");
        text.Sample(totals.ReceiveDrops);
        text.Family("llama_unmatched_replies_total", "counter", "Datagrams that arrived and told of nothing that was sent.");
        text.Sample(totals.UnmatchedReplies);
        text.Family("llama_clock_steps_total", "counter", "Steps of the wall clock.");
        text.Sample(totals.ClockSteps);
        text.Family("llama_untimed_replies_total", "counter", "Replies without a round-trip time, because the send call took too long.");
        text.Sample(totals.UntimedReplies);
        text.Family("llama_missed_transmit_times_total", "counter", "Replies to datagrams of which the kernel did not tell, though asked, when they left.");
        text.Sample(totals.MissedTransmitTimes);
        text.Family("llama_cpu_pressure_ratio", "gauge", "Share of the last interval in which some task waited for a CPU, 0 to 1.");
        text.Sample(health?.CpuPressure);
        if (snapshot.Plan is null) return;
        int resolved = 0, unresolved = 0;
        foreach (Target target in snapshot.Targets)
        {
            if (target.EndPoint is null) unresolved++;
            else resolved++;
        }

        text.Family("llama_targets", "gauge", "Targets of the tests in force, by whether they have an address.");
        text.Sample(resolved, Resolved);
        text.Sample(unresolved, Unresolved);
    }

    private static void WriteRtt(PrometheusText text, PairTotals pair)
    {
        for (int i = 0; i < Bounds.Length; i++) text.Sample(pair.RttUpTo[i], pair.Labels, Bounds[i], "_bucket"u8);
        text.Sample(pair.RttCount, pair.Labels, Unbounded, "_bucket"u8);
        text.Sample(pair.RttSumNanos / NanosPerSecond, pair.Labels, suffix: "_sum"u8);
        text.Sample(pair.RttCount, pair.Labels, suffix: "_count"u8);
    }

    private static void WriteFlows(PrometheusText text, PairTotals pair)
    {
        if (pair.Latest is not { } latest) return;
        int clean = 0, lossy = 0, dead = 0;
        foreach (FlowSummary flow in latest.Flows)
        {
            if (flow.Counts.Lost == 0) clean++;
            else if (flow.Counts.Received > 0) lossy++;
            else dead++;
        }

        text.Sample(clean, pair.Labels, Clean);
        text.Sample(lossy, pair.Labels, Lossy);
        text.Sample(dead, pair.Labels, Dead);
    }
}
