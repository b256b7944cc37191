using Llama.Server.Metrics;
using Llama.Server.Sinks.Views;
using Llama.Storage.Spooling;

namespace Llama.Server.Sinks.Delivery;

/// <summary>What the sinks of a process tell in Prometheus' text format. Any thread may call it.</summary>
internal static class SinkMetrics
{
    private static readonly (DeliveryFailure Failure, byte[] Label)[] Reasons =
        [.. Enum.GetValues<DeliveryFailure>().Select(failure => (failure, PrometheusText.Label("reason", failure.SnakeCase())))];

    /// <summary>Writes the families, each with a sample for each sink.</summary>
    public static async ValueTask WriteAsync(MetricsPage page, IReadOnlyList<SinkPump> pumps, long spoolBytes, long lostReports)
    {
        Write(page.Text, pumps, spoolBytes, lostReports);
        foreach (SinkPump pump in pumps) await pump.Sink.WriteMetricsAsync(page);
    }

    private static void Write(PrometheusText text, IReadOnlyList<SinkPump> pumps, long spoolBytes, long lostReports)
    {
        (SinkPump Pump, byte[] Label, SpoolState Waiting)[] sinks =
            [.. pumps.Select(pump => (pump, PrometheusText.Label("sink", pump.Name), pump.Waiting))];

        void Family(string name, string type, string help, Func<SinkPump, SpoolState, double?> value)
        {
            text.Family(name, type, help);
            foreach ((SinkPump pump, byte[] label, SpoolState waiting) in sinks) text.Sample(value(pump, waiting), label);
        }

        Family("llama_sink_rows_total", "counter", "Points, rows or lines that a sink took.", (pump, _) => pump.Counters.Rows);
        text.Family("llama_sink_failures_total", "counter", "Attempts to deliver that failed, by reason.");
        foreach ((SinkPump pump, byte[] label, _) in sinks)
            foreach ((DeliveryFailure failure, byte[] reason) in Reasons) text.Sample(pump.Counters.Failures(failure), label, reason);
        Family("llama_sink_refused_records_total", "counter", "Records, parts or bodies that a sink will never take; they went to its dead letters.",
            (pump, _) => pump.Counters.Refused);
        Family("llama_sink_dead_letters_dropped_total", "counter", "Dead letters that are gone: the oldest for want of room, or the disk took none.",
            (pump, _) => pump.Counters.LettersDropped);
        Family("llama_sink_dropped_records_total", "counter", "Records that left the queue before the sink had them: too old, or too many.",
            (_, waiting) => waiting.DroppedRecords);
        Family("llama_sink_waiting_records", "gauge", "Records that wait for a sink.", (_, waiting) => waiting.WaitingRecords);
        Family("llama_sink_waiting_bytes", "gauge", "Bytes of the records that wait for a sink.", (_, waiting) => waiting.WaitingBytes);
        Family("llama_sink_oldest_seconds", "gauge", "How long the oldest record has waited for a sink.", (_, waiting) => waiting.OldestAge.TotalSeconds);
        text.Family("llama_sink_spool_bytes", "gauge", "Bytes of the queue on disk, of all sinks together.");
        text.Sample(spoolBytes);
        text.Family("llama_sink_lost_reports_total", "counter", "Reports that no sink gets, because the queue on disk could not take them.");
        text.Sample(lostReports);
        SinkView.WriteMetrics(text, [.. pumps.Select(pump => (pump.Name, pump.View))]);
    }
}
