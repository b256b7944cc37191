using Llama.Server.Joining;

namespace Llama.Server.Metrics;

/// <summary>What a probe tells of its server in Prometheus' text format.</summary>
internal static class JoiningMetrics
{
    /// <summary>Writes the families.</summary>
    public static void Write(PrometheusText text, JoiningCounters counters)
    {
        text.Family("llama_joined", "gauge", "1 while the probe's last registration succeeded, else 0.");
        text.Sample(counters.Joined ? 1 : 0);
        text.Family("llama_registrations_total", "counter", "Registrations at the server that succeeded, renewals included.");
        text.Sample(counters.Registrations);
        text.Family("llama_join_failures_total", "counter", "Requests to the server that it refused or did not answer.");
        text.Sample(counters.Failures);
        text.Family("llama_configurations_total", "counter", "Configurations of the server that were taken over.");
        text.Sample(counters.Configurations);
        text.Family("llama_reports_pushed_total", "counter", "Reports that the server has taken.");
        text.Sample(counters.Delivered);
        text.Family("llama_reports_dropped_total", "counter", "Reports that were never pushed: too old, too many, or refused.");
        text.Sample(counters.Dropped);
        text.Family("llama_reports_waiting", "gauge", "Reports that wait to be pushed.");
        text.Sample(counters.Waiting);
        text.Family("llama_reports_waiting_bytes", "gauge", "Bytes of the reports that wait to be pushed, compressed.");
        text.Sample(counters.WaitingBytes);
    }
}
