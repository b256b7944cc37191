using Llama.Server.Intake;
using Llama.Storage.History;

namespace Llama.Server.Metrics;

/// <summary>What a history tells in Prometheus' text format. Any thread may call it.</summary>
/// <param name="history">The history.</param>
/// <param name="feed">What was brought into it.</param>
/// <param name="count">Says what its file holds; null where nobody can.</param>
internal sealed class HistoryMetrics(IHistoryStore history, HistoryFeed feed, Func<CancellationToken, Task<HistoryStatistics>>? count)
{
    private static readonly (HistoryLevel Level, byte[] Label)[] Levels =
        [.. HistoryLevels.All.Select(level => (level, PrometheusText.Label("level", level.Name())))];

    /// <summary>Writes the families.</summary>
    public async ValueTask WriteAsync(PrometheusText text, CancellationToken cancellation)
    {
        WriteCounters(text);
        if (count is null) return;
        try
        {
            WriteContent(text, await count(cancellation));
        }
        catch (IOException)
        {
            // Its file can't be read: then it is not measured. The history tells by itself what is wrong.
        }
    }

    private void WriteCounters(PrometheusText text)
    {
        text.Family("llama_history_reports_total", "counter", "Reports for the history: stored, known already or too old, or failed because they could not be stored.");
        text.Sample(feed.Stored, PrometheusText.Label("outcome", "stored"));
        text.Sample(feed.Known, PrometheusText.Label("outcome", "known"));
        text.Sample(feed.Failed, PrometheusText.Label("outcome", "failed"));
        text.Family("llama_history_summaries_total", "counter", "Pairs and classes of the reports stored.");
        text.Sample(feed.Summaries);
        text.Family("llama_history_append_seconds", "summary", "Time from a report to its being safe on disk.");
        text.Sample(feed.TimeTaken.TotalSeconds, suffix: "_sum"u8);
        text.Sample(feed.Stored + feed.Known, suffix: "_count"u8);
        text.Family("llama_history_fault", "gauge", "1 while nothing can be stored, as /readyz says.");
        text.Sample(history.Fault is null ? 0 : 1);
    }

    private static void WriteContent(PrometheusText text, HistoryStatistics counted)
    {
        text.Family("llama_history_file_bytes", "gauge", "Bytes of the history's files.");
        text.Sample(counted.FileBytes);
        text.Family("llama_history_free_bytes", "gauge", "Of these, bytes that wait to be used again.");
        text.Sample(counted.FreeBytes);
        text.Family("llama_history_known_reports", "gauge", "Reports that are known by their start, so that none of them counts twice.");
        text.Sample(counted.Reports);
        text.Family("llama_history_journal_reports", "gauge", "Reports that are in no level yet.");
        text.Sample(counted.JournalReports);
        text.Family("llama_history_journal_bytes", "gauge", "Bytes of the reports that are in no level yet.");
        text.Sample(counted.JournalBytes);
        text.Family("llama_history_sources", "gauge", "Sources that something is kept of.");
        text.Sample(counted.Sources);
        text.Family("llama_history_destinations", "gauge", "Destinations that something is kept of.");
        text.Sample(counted.Destinations);
        WriteLevels(text, "llama_history_level_summaries", "Summaries that each level holds: points of pairs and classes.", counted, level => level.Points);
        WriteLevels(text, "llama_history_level_bytes", "Bytes of each level.", counted, level => level.Bytes);
        WriteLevels(text, "llama_history_level_oldest_timestamp_seconds", "Start of the oldest that a level holds, since the Unix epoch.", counted, level => Seconds(level.Oldest));
        WriteLevels(text, "llama_history_level_newest_timestamp_seconds", "End of the newest that a level holds, since the Unix epoch.", counted, level => Seconds(level.Newest));
    }

    private static void WriteLevels(PrometheusText text, string name, string help, HistoryStatistics counted, Func<HistoryLevelStatistics, double?> value)
    {
        text.Family(name, "gauge", help);
        foreach (HistoryLevelStatistics level in counted.Levels) text.Sample(value(level), Levels[(int)level.Level].Label);
    }

    private static double? Seconds(DateTimeOffset? at) => at is { } known ? known.ToUnixTimeMilliseconds() / 1000.0 : null;
}
