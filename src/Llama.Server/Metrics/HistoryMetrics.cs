using Llama.Server.Intake;
using Llama.Storage.History;

namespace Llama.Server.Metrics;

/// <summary>
/// What a history tells in Prometheus' text format: its counters at once, what its file holds as of some minutes ago, because counting
/// that may take a while. Any thread may call it.
/// </summary>
/// <param name="history">The history.</param>
/// <param name="feed">What was brought into it.</param>
/// <param name="count">Counts what the file holds; null where nobody can.</param>
/// <param name="time">What the time between two countings goes by.</param>
internal sealed class HistoryMetrics(IHistoryStore history, HistoryFeed feed, Func<CancellationToken, Task<HistoryStatistics>>? count, TimeProvider time)
    : IDisposable
{
    private static readonly TimeSpan LeastBetween = TimeSpan.FromMinutes(1);

    // Counting takes no more than a hundredth of the time.
    private const int PausePerCounting = 100;

    private static readonly (HistoryLevel Level, byte[] Label)[] Levels =
        [.. HistoryLevels.All.Select(level => (level, PrometheusText.Label("level", level.Name())))];

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private HistoryStatistics? _counted;
    private Task _counting = Task.CompletedTask;
    private DateTimeOffset _nextAt = DateTimeOffset.MinValue;

    /// <summary>Writes the families.</summary>
    public void Write(PrometheusText text)
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
        if (Counted() is not { } counted) return;
        text.Family("llama_history_file_bytes", "gauge", "Bytes of the history's files.");
        text.Sample(counted.FileBytes);
        text.Family("llama_history_free_bytes", "gauge", "Of these, bytes that wait to be used again.");
        text.Sample(counted.FreeBytes);
        text.Family("llama_history_journal_reports", "gauge", "Reports that are in no level yet.");
        text.Sample(counted.JournalReports);
        text.Family("llama_history_journal_bytes", "gauge", "Bytes of the reports that are in no level yet.");
        text.Sample(counted.JournalBytes);
        text.Family("llama_history_sources", "gauge", "Sources that something is kept of.");
        text.Sample(counted.Sources);
        text.Family("llama_history_destinations", "gauge", "Destinations that something is kept of.");
        text.Sample(counted.Destinations);
        WriteLevels(text, "llama_history_level_bytes", "Bytes of each level.", counted, level => level.Bytes);
        WriteLevels(text, "llama_history_level_oldest_timestamp_seconds", "Start of the oldest that a level holds, since the Unix epoch.", counted, level => Seconds(level.Oldest));
        WriteLevels(text, "llama_history_level_newest_timestamp_seconds", "End of the newest that a level holds, since the Unix epoch.", counted, level => Seconds(level.Newest));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _counting.ContinueWith(_ => _stop.Dispose(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private static void WriteLevels(PrometheusText text, string name, string help, HistoryStatistics counted, Func<HistoryLevelStatistics, double?> value)
    {
        text.Family(name, "gauge", help);
        foreach (HistoryLevelStatistics level in counted.Levels) text.Sample(value(level), Levels[(int)level.Level].Label);
    }

    private static double? Seconds(DateTimeOffset? at) => at is { } known ? known.ToUnixTimeMilliseconds() / 1000.0 : null;

    /// <summary>What was counted last; begins to count again where that is long ago.</summary>
    private HistoryStatistics? Counted()
    {
        lock (_gate)
        {
            if (count is null || !_counting.IsCompleted || time.GetUtcNow() < _nextAt) return _counted;
            _counting = CountAsync(count);
            return _counted;
        }
    }

    private async Task CountAsync(Func<CancellationToken, Task<HistoryStatistics>> counter)
    {
        long begun = time.GetTimestamp();
        try
        {
            HistoryStatistics counted = await counter(_stop.Token);
            lock (_gate) _counted = counted;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The figures of before stay; the history tells by itself what is wrong.
        }

        TimeSpan pause = PausePerCounting * time.GetElapsedTime(begun);
        lock (_gate) _nextAt = time.GetUtcNow() + (pause > LeastBetween ? pause : LeastBetween);
    }
}
