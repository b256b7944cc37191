namespace Llama.Server.Metrics;

/// <summary>The families of pairs, the same for whoever shows them.</summary>
internal static class PairFamilies
{
    private const double NanosPerSecond = 1e9;

    private static readonly byte[] Forward = PrometheusText.Label("direction", "forward");
    private static readonly byte[] Reverse = PrometheusText.Label("direction", "reverse");
    private static readonly byte[] Clean = PrometheusText.Label("state", "clean");
    private static readonly byte[] Lossy = PrometheusText.Label("state", "lossy");
    private static readonly byte[] Dead = PrometheusText.Label("state", "dead");
    private static readonly byte[][] Bounds = [.. PairTotals.BoundsNanos.Select(nanos => PrometheusText.BucketLabel(nanos / 1e9m))];
    private static readonly byte[] Unbounded = PrometheusText.BucketLabel(null);

    /// <summary>What has been counted since the start.</summary>
    public static IReadOnlyList<SeriesFamily<IPairSeries>> Counters { get; } =
    [
        new("llama_datagrams_sent_total", "counter", "Datagrams sent whose fate is known.",
            (text, pair) => text.Sample(pair.Sent, pair.Labels)),
        new("llama_datagrams_received_total", "counter", "Datagrams answered before their deadline.",
            (text, pair) => text.Sample(pair.Received, pair.Labels)),
        new("llama_datagrams_lost_total", "counter", "Datagrams not answered before their deadline.",
            (text, pair) => text.Sample(pair.Lost, pair.Labels)),
        new("llama_datagrams_lost_by_direction_total", "counter",
            "Lost datagrams of which it is known whether they were lost on the way there or back.",
            (text, pair) =>
            {
                text.Sample(pair.LostForward, pair.Labels, Forward);
                text.Sample(pair.LostReverse, pair.Labels, Reverse);
            }),
        new("llama_replies_late_total", "counter", "Replies that came after the deadline; their datagrams count as lost.",
            (text, pair) => text.Sample(pair.Late, pair.Labels)),
        new("llama_replies_duplicate_total", "counter", "Second and further copies of replies.",
            (text, pair) => text.Sample(pair.Duplicates, pair.Labels)),
        new("llama_replies_reordered_total", "counter", "Replies that came behind one to a later datagram of their flow.",
            (text, pair) => text.Sample(pair.Reordered, pair.Labels)),
        new("llama_send_errors_total", "counter", "Datagrams that the kernel refused to send; they do not count as sent.",
            (text, pair) => text.Sample(pair.SendErrors, pair.Labels)),
        new("llama_datagrams_remarked_total", "counter", "Replies that showed a class changed on the way.",
            (text, pair) =>
            {
                text.Sample(pair.ForwardRemarked, pair.Labels, Forward);
                text.Sample(pair.ReverseRemarked, pair.Labels, Reverse);
            }),
        new("llama_ttl_changes_total", "counter", "Changes of the TTL at the reflector within a flow: the path changed its length.",
            (text, pair) => text.Sample(pair.ForwardTtlChanges, pair.Labels)),
        new("llama_rtt_seconds", "histogram", "Round-trip times, the reflector's dwell taken out where it is known.", WriteRtt),
    ];

    /// <summary>What is of the last interval.</summary>
    public static IReadOnlyList<SeriesFamily<IPairSeries>> Gauges { get; } =
    [
        new("llama_loss_ratio", "gauge", "Lost of sent in the last interval, 0 to 1.",
            (text, pair) => text.Sample(pair.LossRatio, pair.Labels)),
        new("llama_jitter_seconds", "gauge", "RFC 3550 interarrival jitter of round-trip times in the last interval, mean over the flows.",
            (text, pair) => text.Sample(pair.JitterNanos / NanosPerSecond, pair.Labels)),
        new("llama_delay_variation_seconds", "gauge", "RFC 5481 delay variation of round-trip times in the last interval: p99 less minimum.",
            (text, pair) => text.Sample(pair.DelayVariationNanos / NanosPerSecond, pair.Labels)),
        new("llama_one_way_delay_variation_seconds", "gauge", "Delay variation of each direction in the last interval: p99 less minimum.",
            (text, pair) =>
            {
                text.Sample(pair.ForwardDelayVariationNanos / NanosPerSecond, pair.Labels, Forward);
                text.Sample(pair.ReverseDelayVariationNanos / NanosPerSecond, pair.Labels, Reverse);
            }),
        new("llama_received_ttl", "gauge", "TTL or hop limit of the last datagram at the reflector, and of the last reply here; sent with 64.",
            (text, pair) =>
            {
                text.Sample(pair.ForwardTtl, pair.Labels, Forward);
                text.Sample(pair.ReverseTtl, pair.Labels, Reverse);
            }),
        new("llama_flows", "gauge", "Flows of the last interval by what they lost: nothing (clean), something (lossy), or all (dead).",
            WriteFlows),
    ];

    private static void WriteRtt(PrometheusText text, IPairSeries pair)
    {
        if (pair.RttCount is not { } count) return;
        for (int i = 0; i < pair.RttUpTo?.Count; i++) text.Sample(pair.RttUpTo[i], pair.Labels, Bounds[i], "_bucket"u8);
        text.Sample(count, pair.Labels, Unbounded, "_bucket"u8);
        text.Sample(pair.RttSumNanos / NanosPerSecond, pair.Labels, suffix: "_sum"u8);
        text.Sample(count, pair.Labels, suffix: "_count"u8);
    }

    private static void WriteFlows(PrometheusText text, IPairSeries pair)
    {
        if (pair.Flows is not { } flows) return;
        text.Sample(flows.Clean, pair.Labels, Clean);
        text.Sample(flows.Lossy, pair.Labels, Lossy);
        text.Sample(flows.Dead, pair.Labels, Dead);
    }
}
