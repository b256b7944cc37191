using Llama.Server.Sinks.Records;
using Llama.Storage.Spooling;

namespace Llama.Server.Sinks.Views;

/// <summary>
/// Sums the pairs of all reports of an interval by tags, and gives the sums out once, when the interval has been over for long
/// enough. Reports of it that come later are left out and counted, and so is what suspect reports say: a collector that does not
/// trust itself must not raise an alarm over a whole region. What is held of open intervals is read again after a crash.
/// Belongs to one thread, save its counters.
/// </summary>
internal sealed class RollUp(SinkViewOptions options, SeriesLimit limit, TimeProvider time)
{
    private readonly ulong _seed = (ulong)Random.Shared.NextInt64();
    private readonly ReportWriter _writer = new();
    private readonly RollUpKey _keys = new(options.By);
    private readonly Watermark _watermark = new(options.Grace, time);
    private readonly Dictionary<(DateTimeOffset Start, DateTimeOffset End), RollUpWindow> _open = [];
    private long _lateRows;
    private long _suspectRows;
    private long _foldedRows;

    /// <summary>Rows of closed intervals. Any thread may ask.</summary>
    public long LateRows => Interlocked.Read(ref _lateRows);

    /// <summary>Rows of suspect reports. Any thread may ask.</summary>
    public long SuspectRows => Interlocked.Read(ref _suspectRows);

    /// <summary>Rows beyond the limit of series. Any thread may ask.</summary>
    public long FoldedRows => Interlocked.Read(ref _foldedRows);

    /// <inheritdoc cref="SinkView.Note"/>
    public ReadOnlyMemory<byte> Note => _watermark.Note;

    /// <inheritdoc cref="SinkView.OldestHeld"/>
    public SpoolPosition? OldestHeld
    {
        get
        {
            SpoolPosition? oldest = null;
            foreach (RollUpWindow window in _open.Values)
                if (oldest is not { } other || window.First < other) oldest = window.First;
            return oldest;
        }
    }

    /// <inheritdoc cref="SinkView.Restore"/>
    public void Restore(ReadOnlySpan<byte> note)
    {
        _open.Clear();
        _watermark.Restore(note);
    }

    /// <inheritdoc cref="SinkView.Take"/>
    public void Take(ReadOnlySpan<byte> record, SpoolPosition start, List<ReadOnlyMemory<byte>> ready)
    {
        int rows = CountRows(record);
        var reader = new ReportReader(record);
        (DateTimeOffset Start, DateTimeOffset End) interval = IntervalOf(reader);
        bool isNew = _watermark.See(interval.End, start);
        GiveOut(ready);
        if (rows == 0) return;
        bool isSuspect = (reader.Flags & RecordFlags.Suspect) != 0;
        if (isSuspect || !_watermark.IsOpen(interval.End))
        {
            if (isNew) Interlocked.Add(ref isSuspect ? ref _suspectRows : ref _lateRows, rows);
            return;
        }

        if (!_open.TryGetValue(interval, out RollUpWindow? window)) _open.Add(interval, window = new RollUpWindow(interval.Start, interval.End, start));
        window.Mark(reader.Flags);
        int folded = 0;
        while (reader.NextRow())
            if (IsSummed(reader)) SumOf(window, reader, ref folded).Add(reader.Measures, reader.Buckets);
        if (isNew && folded > 0) Interlocked.Add(ref _foldedRows, folded);
    }

    /// <inheritdoc cref="SinkView.TakeRipe"/>
    public void TakeRipe(List<ReadOnlyMemory<byte>> ready)
    {
        _watermark.CatchUp();
        GiveOut(ready);
    }

    private static bool IsSummed(in ReportReader row) =>
        row.Kind == RowKind.Pair || (row.Kind == RowKind.Point && row.Measures[Measure.Sent] is not null);

    /// <summary>Reads the whole record, so that one that is damaged changes nothing.</summary>
    private static int CountRows(ReadOnlySpan<byte> record)
    {
        int rows = 0;
        var reader = new ReportReader(record);
        while (reader.NextRow())
            if (IsSummed(reader)) rows++;
        return rows;
    }

    /// <summary>
    /// The interval that a report counts for: its own, or where whoever asked reckoned it, the one aligned to the wall clock that it
    /// has its middle in. Otherwise each original collector would have intervals of its own, and nothing to be summed with.
    /// </summary>
    private static (DateTimeOffset Start, DateTimeOffset End) IntervalOf(in ReportReader report)
    {
        long seconds = (long)Math.Round((report.End - report.Start).TotalSeconds);
        if ((report.Flags & RecordFlags.Reckoned) == 0 || seconds <= 0) return (report.Start, report.End);
        long span = seconds * TimeSpan.TicksPerSecond;
        long middle = report.Start.UtcTicks + (report.End - report.Start).Ticks / 2;
        var start = new DateTimeOffset(middle - middle % span, TimeSpan.Zero);
        return (start, start.AddSeconds(seconds));
    }

    private RowSum SumOf(RollUpWindow window, in ReportReader row, ref int folded)
    {
        ReadOnlySpan<byte> key = _keys.Of(row, isFolded: false);
        if (window.Find(key) is { } sum) return sum;
        var hash = new SeriesHash(_seed);
        hash.Add(key);
        if (limit.Admit(hash.Value)) return window.Add(key);
        folded++;
        key = _keys.Of(row, isFolded: true);
        return window.Find(key) ?? window.Add(key);
    }

    private void GiveOut(List<ReadOnlyMemory<byte>> ready)
    {
        if (_open.Count == 0) return;
        RollUpWindow[] closed = [.. _open.Values.Where(window => window.End <= _watermark.ClosedUpTo).OrderBy(window => window.End).ThenBy(window => window.Start)];
        foreach (RollUpWindow window in closed)
        {
            _open.Remove((window.Start, window.End));
            ready.Add(window.Write(_writer, _keys));
        }
    }
}
