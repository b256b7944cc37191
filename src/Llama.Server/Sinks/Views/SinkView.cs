using System.Globalization;
using Llama.Server.Metrics;
using Llama.Storage.Spooling;

namespace Llama.Server.Sinks.Views;

/// <summary>
/// What one sink gets of the records that are read for it: pairs, flows or roll-ups, and no more series than its limit. Belongs to the
/// loop that reads for the sink; <see cref="WriteMetrics"/> may be called by any thread.
/// </summary>
/// <remarks>
/// A roll-up holds intervals until they are over, so the loop acknowledges no further than <see cref="OldestHeld"/>, and keeps
/// <see cref="Note"/> with the acknowledgement: both asked for once all that the view gave out has been delivered. After a crash the
/// same records come again, and the note says which of their intervals have been given out.
/// </remarks>
internal sealed class SinkView
{
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromHours(1);

    private readonly SinkViewOptions _options;
    private readonly TimeProvider _time;
    private readonly SeriesLimit _limit;
    private readonly SeriesFolder _folder;
    private readonly RollUp? _rollUp;
    private long _foldedWhenWarned;
    private long? _warnedAt;

    /// <summary>A view that has seen nothing.</summary>
    public SinkView(SinkViewOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _limit = new SeriesLimit(options.MaxSeries, time);
        _folder = new SeriesFolder(WantsFlows, _limit);
        if (options.Rows == SinkRows.RolledUp) _rollUp = new RollUp(options, _limit, time);
    }

    /// <summary>What stands where a destination was, once it has no series of its own.</summary>
    public static ReadOnlySpan<byte> Other => "(other)"u8;

    /// <summary>True when it makes use of rows of flows.</summary>
    public bool WantsFlows => _options.Rows == SinkRows.Flows;

    /// <summary>True when it makes use of the buckets of pairs, whatever the sink does with them.</summary>
    public bool WantsBuckets => _rollUp is not null;

    /// <summary>The first record of what is held, or null when nothing is: no acknowledgement goes further.</summary>
    public SpoolPosition? OldestHeld => _rollUp?.OldestHeld;

    /// <summary>Up to 64 octets that go with an acknowledgement: which intervals have been given out.</summary>
    public ReadOnlyMemory<byte> Note => _rollUp?.Note ?? default;

    private long FoldedRows => _rollUp?.FoldedRows ?? _folder.FoldedRows;

    /// <summary>Writes the families of several sinks' views.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="views">The views, each with the name of its sink.</param>
    public static void WriteMetrics(PrometheusText text, IReadOnlyList<(string Sink, SinkView View)> views)
    {
        Write("llama_sink_series", "gauge", "Series that the sink got rows of within about an hour.", view => view._limit.Count);
        Write("llama_sink_folded_rows_total", "counter", "Rows of series beyond the sink's limit, folded into others.", view => view.FoldedRows);
        Write("llama_sink_late_rows_total", "counter", "Rows that came when their interval had been rolled up, or minutes before it ended.", view => view._rollUp?.LateRows);
        Write("llama_sink_suspect_rows_total", "counter", "Rows of suspect intervals, which roll-ups leave out.", view => view._rollUp?.SuspectRows);

        void Write(string name, string type, string help, Func<SinkView, double?> value)
        {
            text.Family(name, type, help);
            foreach ((string sink, SinkView view) in views) text.Sample(value(view), PrometheusText.Label("sink", sink));
        }
    }

    /// <summary>Takes the next record.</summary>
    /// <param name="record">The record; what is passed as it is lies in the same memory.</param>
    /// <param name="start">Where it is.</param>
    /// <param name="ready">Gets what the sink is to be given.</param>
    /// <exception cref="InvalidDataException">It is damaged; nothing of it is passed or summed.</exception>
    public void Take(ReadOnlyMemory<byte> record, SpoolPosition start, List<ReadOnlyMemory<byte>> ready)
    {
        _limit.Forget();
        if (_rollUp is not null) _rollUp.Take(record.Span, start, ready);
        else _folder.Take(record, ready);
        WarnOfFolding();
    }

    /// <summary>
    /// Gives out the intervals that have been over for long enough. Only to be called when nothing is left to read: an interval that
    /// still has records in the spool is not whole, however long ago it was.
    /// </summary>
    /// <param name="ready">Gets what the sink is to be given.</param>
    public void TakeRipe(List<ReadOnlyMemory<byte>> ready) => _rollUp?.TakeRipe(ready);

    /// <summary>Forgets what it holds: at the start, and when reading goes back to what was acknowledged last.</summary>
    /// <param name="note">The note that was kept with that; empty when there is none.</param>
    public void Restore(ReadOnlySpan<byte> note) => _rollUp?.Restore(note);

    private void WarnOfFolding()
    {
        if (FoldedRows == _foldedWhenWarned || (_warnedAt is { } at && _time.GetElapsedTime(at) < BetweenWarnings)) return;
        (_foldedWhenWarned, _warnedAt) = (FoldedRows, _time.GetTimestamp());
        _options.Warn(string.Create(
            CultureInfo.InvariantCulture,
            $"There are more than {_options.MaxSeries} series: rows of the others are folded into \"(other)\". Raise max-series, or choose rows=rollup or tags with fewer values."));
    }
}
