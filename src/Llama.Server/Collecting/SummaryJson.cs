using System.Globalization;
using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Mesh;
using Llama.Server.Metrics;

namespace Llama.Server.Collecting;

/// <summary>
/// Reports and summaries as /api/v2 writes them: units in the names, null for what was not measured. Pure; any thread may call it.
/// </summary>
public static class SummaryJson
{
    private const long NanosPerTick = 100;

    /// <summary>A report whole, as an object: what /api/v2/summaries answers.</summary>
    public static void Write(Utf8JsonWriter json, IntervalReport report)
    {
        json.WriteStartObject();
        WriteReport(json, report);
        json.WriteStartArray("summaries"u8);
        foreach (Summary summary in report.Summaries) WriteSummary(json, summary, flows: true, buckets: true);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The members of a report besides its summaries, into an object that is open.</summary>
    public static void WriteReport(Utf8JsonWriter json, IntervalReport? report)
    {
        WriteTime(json, "start", report?.Start);
        WriteTime(json, "end", report?.End);
        json.WriteStartArray("suspect"u8);
        foreach (SuspectReason reason in report?.Health.Suspect ?? []) json.WriteStringValue(reason.SnakeCase());
        json.WriteEndArray();
        if (report is null) json.WriteNull("health"u8);
        else WriteHealth(json, report.Health);
        WriteLayout(json);
    }

    /// <summary>One summary, as an object.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="summary">What.</param>
    /// <param name="flows">True writes its flows too.</param>
    /// <param name="buckets">True writes the buckets of its histogram too.</param>
    public static void WriteSummary(Utf8JsonWriter json, Summary summary, bool flows, bool buckets)
    {
        json.WriteStartObject();
        json.WriteString("source"u8, summary.Source.Canonical().ToString());
        json.WriteStartObject("destination"u8);
        json.WriteString("host"u8, summary.Target.Host);
        json.WriteString("address"u8, summary.Destination.Address.ToString());
        json.WriteNumber("port"u8, summary.Destination.Port);
        json.WriteEndObject();
        json.WriteNumber("class"u8, summary.Class);
        json.WriteString("class_name"u8, TrafficClass.Name(summary.Class));
        json.WriteStartObject("tags"u8);
        foreach ((string key, string value) in summary.Target.Tags) json.WriteString(key, value);
        json.WriteEndObject();
        WriteCounts(json, summary.Counts);
        WriteRtt(json, summary.Rtt, buckets);
        Write(json, "jitter_ns", summary.JitterNanos);
        Write(json, "delay_variation_ns", summary.DelayVariationNanos);
        Write(json, "forward_delay_variation_ns", summary.ForwardDelayVariationNanos);
        Write(json, "reverse_delay_variation_ns", summary.ReverseDelayVariationNanos);
        WritePath(json, summary.Path);
        if (flows)
        {
            json.WriteStartArray("flows"u8);
            foreach (FlowSummary flow in summary.Flows) WriteFlow(json, flow);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteHealth(Utf8JsonWriter json, CollectorHealth health)
    {
        json.WriteStartObject("health"u8);
        Write(json, "send_lateness_p99_ns", health.SendLatenessP99Nanos);
        json.WriteNumber("skipped_sends"u8, health.SkippedSends);
        json.WriteNumber("send_errors"u8, health.SendErrors);
        json.WriteNumber("receive_drops"u8, health.ReceiveDrops);
        json.WriteNumber("unmatched_replies"u8, health.UnmatchedReplies);
        json.WriteNumber("clock_steps"u8, health.ClockSteps);
        json.WriteNumber("untimed_replies"u8, health.UntimedReplies);
        json.WriteNumber("missed_transmit_times"u8, health.MissedTransmitTimes);
        json.WriteNumber("gc_pause_ns"u8, health.GarbageCollectionPause.Ticks * NanosPerTick);
        Write(json, "cpu_pressure_ratio", health.CpuPressure);
        json.WriteEndObject();
    }

    /// <summary>What a reader has to know to turn bucket indices into durations, and to tell another layout from this one.</summary>
    private static void WriteLayout(Utf8JsonWriter json)
    {
        json.WriteStartObject("rtt_buckets_layout"u8);
        json.WriteString("kind"u8, "log-linear"u8);
        json.WriteNumber("buckets_per_power_of_two"u8, LogLinear.BucketsPerPowerOfTwo);
        json.WriteNumber("bucket_count"u8, LogLinear.BucketCount);
        json.WriteNumber("max_ns"u8, LogLinear.MaxNanos);
        json.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter json, DatagramCounts counts)
    {
        json.WriteStartObject("datagrams"u8);
        json.WriteNumber("sent"u8, counts.Sent);
        json.WriteNumber("received"u8, counts.Received);
        json.WriteNumber("lost"u8, counts.Lost);
        Write(json, "lost_forward", counts.LostForward);
        Write(json, "lost_reverse", counts.LostReverse);
        json.WriteNumber("late"u8, counts.Late);
        json.WriteNumber("duplicates"u8, counts.Duplicates);
        json.WriteNumber("reordered"u8, counts.Reordered);
        json.WriteNumber("send_errors"u8, counts.SendErrors);
        Write(json, "loss_ratio", counts.LossRatio);
        json.WriteEndObject();
    }

    private static void WriteRtt(Utf8JsonWriter json, LatencyHistogram rtt, bool buckets)
    {
        json.WriteStartObject("rtt"u8);
        json.WriteNumber("count"u8, rtt.Count);
        json.WriteNumber("sum_ns"u8, rtt.SumNanos);
        Write(json, "min_ns", rtt.MinNanos);
        Write(json, "mean_ns", rtt.MeanNanos);
        Write(json, "p50_ns", rtt.Percentile(0.5));
        Write(json, "p90_ns", rtt.Percentile(0.9));
        Write(json, "p99_ns", rtt.Percentile(0.99));
        Write(json, "max_ns", rtt.MaxNanos);
        if (buckets)
        {
            json.WriteStartArray("buckets"u8);
            foreach (LatencyBucket bucket in rtt.Buckets)
            {
                json.WriteStartArray();
                json.WriteNumberValue(bucket.Index);
                json.WriteNumberValue(bucket.Count);
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WritePath(Utf8JsonWriter json, PathMarks path)
    {
        json.WriteStartObject("path"u8);
        Write(json, "forward_ttl", path.ForwardTtl);
        Write(json, "reverse_ttl", path.ReverseTtl);
        Write(json, "forward_tos", path.ForwardTos);
        Write(json, "reverse_tos", path.ReverseTos);
        Write(json, "forward_remarked", path.ForwardRemarked);
        Write(json, "reverse_remarked", path.ReverseRemarked);
        Write(json, "forward_ttl_changes", path.ForwardTtlChanges);
        json.WriteEndObject();
    }

    private static void WriteFlow(Utf8JsonWriter json, FlowSummary flow)
    {
        json.WriteStartObject();
        json.WriteNumber("source_port"u8, flow.SourcePort);
        WriteCounts(json, flow.Counts);
        json.WriteStartObject("rtt"u8);
        Write(json, "min_ns", flow.RttMinNanos);
        Write(json, "mean_ns", flow.RttMeanNanos);
        Write(json, "max_ns", flow.RttMaxNanos);
        json.WriteEndObject();
        WritePath(json, flow.Path);
        json.WriteEndObject();
    }

    /// <summary>A time as RFC 3339 in UTC, or null.</summary>
    public static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        const string rfc3339 = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";
        if (time is { } known) json.WriteString(name, known.ToUniversalTime().ToString(rfc3339, CultureInfo.InvariantCulture));
        else json.WriteNull(name);
    }

    /// <summary>A count or a duration, or null.</summary>
    internal static void Write(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } known) json.WriteNumber(name, known);
        else json.WriteNull(name);
    }

    /// <summary>A number, or null where there is none that JSON could write.</summary>
    internal static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } known && double.IsFinite(known)) json.WriteNumber(name, known);
        else json.WriteNull(name);
    }
}
