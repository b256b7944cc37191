using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Mesh.Membership;
using Llama.Server.Collecting;
using Llama.Server.Intake;
using Llama.Server.Metrics;

namespace Llama.Server.Discovery.Native;

/// <summary>Probes as /api/v2 shows them. Never shown is the instance: who knows it can take the probe's name.</summary>
internal static class ProbeJson
{
    /// <summary>The members of a probe's object, into an object that is open.</summary>
    public static void Write(Utf8JsonWriter json, KnownMember known, SourceHealth? health)
    {
        Registration probe = known.Member.Registration;
        json.WriteString("group"u8, probe.Group);
        json.WriteString("name"u8, probe.Name);
        json.WriteString("full_name"u8, probe.FullName);
        json.WriteString("address"u8, probe.Address.ToString());
        json.WriteNumber("port"u8, probe.Port);
        json.WriteString("version"u8, probe.Version);
        json.WriteTags(probe.Tags);
        json.WriteNumber("keepalive_s"u8, probe.Keepalive.TotalSeconds);
        json.WriteNumber("lease_left_s"u8, Math.Max(0, Math.Round(known.Left.TotalSeconds, 3)));
        json.WriteTime("registered_at"u8, probe.RegisteredAt);
        json.WriteTime("heard_of_at"u8, known.HeardOfAt);
        json.WriteString("echo"u8, Name(known.Member.Echo));
        json.WriteBoolean("pushes"u8, probe.Pushes);
        SummaryJson.Write(json, "clock_offset_ns", known.Clock?.Nanos);
        SummaryJson.Write(json, "clock_offset_error_ns", known.Clock?.ErrorNanos);
        if (health is null) json.WriteNull("health"u8);
        else Write(json, health);
    }

    /// <summary>How the state of the echo check is written.</summary>
    public static string Name(EchoState echo) => echo switch
    {
        EchoState.Confirmed => "confirmed",
        EchoState.Missing => "missing",
        _ => "unknown",
    };

    private static void Write(Utf8JsonWriter json, SourceHealth health)
    {
        CollectorHealth? collector = health.Collector;
        json.WriteStartObject("health"u8);
        json.WriteTime("start"u8, health.Report.Start);
        json.WriteTime("end"u8, health.Report.End);
        json.WriteStartArray("suspect"u8);
        foreach (SuspectReason reason in health.Suspect) json.WriteStringValue(reason.SnakeCase());
        if (health.Report.IsSuspect && health.Suspect.Count == 0) json.WriteStringValue("other"u8);
        json.WriteEndArray();
        json.WriteNumber("pairs"u8, health.Pairs);
        SummaryJson.Write(json, "send_lateness_p99_ns", collector?.SendLatenessP99Nanos);
        SummaryJson.Write(json, "skipped_sends", collector?.SkippedSends);
        SummaryJson.Write(json, "send_errors", collector?.SendErrors);
        SummaryJson.Write(json, "receive_drops", collector?.ReceiveDrops);
        SummaryJson.Write(json, "unmatched_replies", collector?.UnmatchedReplies);
        SummaryJson.Write(json, "clock_steps", collector?.ClockSteps);
        SummaryJson.Write(json, "gc_pause_ns", collector?.GarbageCollectionPause.Ticks * TimeSpan.NanosecondsPerTick);
        SummaryJson.Write(json, "cpu_pressure_ratio", collector?.CpuPressure);
        json.WriteEndObject();
    }
}
