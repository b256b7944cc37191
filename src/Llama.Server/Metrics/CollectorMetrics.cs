using System.IO.Pipelines;
using Llama.Engine;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;

namespace Llama.Server.Metrics;

/// <summary>A collector's metrics in Prometheus' text format. What was not measured has no sample.</summary>
internal static class CollectorMetrics
{
    private const double NanosPerSecond = 1e9;

    private static readonly byte[] Resolved = PrometheusText.Label("state", "resolved");
    private static readonly byte[] Unresolved = PrometheusText.Label("state", "unresolved");
    private static readonly byte[][] Reasons =
        [.. Enum.GetValues<SuspectReason>().Select(reason => PrometheusText.Label("reason", reason.SnakeCase()))];

    /// <summary>Writes everything, in portions, so that many pairs take no more memory than a few.</summary>
    /// <param name="snapshot">What the collector has to show.</param>
    /// <param name="more">Writes further families of the same process.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task WriteAsync(CollectorSnapshot snapshot, Func<MetricsPage, ValueTask>? more, PipeWriter output, CancellationToken cancellation)
    {
        var page = new MetricsPage(output, cancellation);
        ProcessMetrics.Write(page.Text);
        if (more is not null) await more(page);
        WriteCollector(page.Text, snapshot);
        await page.WriteAsync(PairFamilies.Counters, snapshot.Totals.Pairs);
        await page.WriteAsync(PairFamilies.Gauges, snapshot.Totals.Pairs);
        await page.SendAsync();
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
}
