using Llama.Storage.History.Blocks;
using Microsoft.Data.Sqlite;

namespace Llama.Storage.History;

/// <summary>
/// Puts together the rows that reports of the journal belong to, of all levels: what is there already and what has come. It reads beside
/// the writer, so that appends wait for nothing but the writing. Belongs to one thread at a time.
/// </summary>
internal sealed class Settlement : IDisposable
{
    /// <summary>What is settled together: one source, and the span of a row of the finest levels.</summary>
    public static readonly long SpanTicks = HistoryLevel.Raw.RowSpan().Ticks;

    private static readonly HistoryLevel[] CoarseFirst = [.. HistoryLevels.All.Reverse()];

    private const int MaxReports = 256;
    private const long MaxOctets = 64L << 20;

    private readonly SqliteConnection _connection;
    private readonly Statement _nextSource, _nextStart, _journal, _kept;
    private readonly Statement[] _rows;
    private readonly BlockBuilder[] _blocks = [.. HistoryLevels.All.Select(_ => new BlockBuilder())];
    private readonly PairTotals _scratch = new();
    private readonly SettledSpan _settled = new();

    public Settlement(string path)
    {
        _connection = HistoryFile.ConnectToRead(path);
        _nextSource = new Statement(_connection, "SELECT source FROM journal WHERE source > ?1 ORDER BY source LIMIT 1");
        _nextStart = new Statement(_connection, "SELECT start FROM journal WHERE source = ?1 AND start >= ?2 AND start < ?3 ORDER BY start LIMIT 1");
        _journal = new Statement(
            _connection, $"SELECT id, start, counts, detail FROM journal WHERE source = ?1 AND start >= ?2 AND start < ?3 ORDER BY start LIMIT {MaxReports}");
        _kept = new Statement(_connection, KeptSince.Select);
        _rows = [.. HistoryLevels.All.Select(level => new Statement(
            _connection, $"SELECT points, counts, detail FROM {HistorySchema.Table(level)} WHERE key = ?1"))];
    }

    /// <summary>The first source behind another one that has reports in the journal; null when there is none.</summary>
    public int? NextSource(int behind) => First(_nextSource.Bind(1, behind)) is { } source ? (int)source : null;

    /// <summary>
    /// What the oldest reports of a source come to that begin within a time, of one span; null when there are none. Valid until the next call.
    /// </summary>
    /// <param name="source">The source.</param>
    /// <param name="from">Start of the time, in 100 ns since the Unix epoch; the start of a span.</param>
    /// <param name="before">Its end; the end of a span.</param>
    public SettledSpan? Settle(int source, long from, long before)
    {
        if (First(_nextStart.Bind(1, source).Bind(2, from).Bind(3, before)) is not { } start) return null;
        long span = start - start % SpanTicks;
        _settled.Journal.Clear();
        _settled.Next = Read(source, span) ? span + SpanTicks : span;
        KeptSince kept = KeptSince.Read(_kept);
        while (Build(source, HistoryTime.At(span), kept) is { } damaged) damaged.IsDamaged = true;
        return _settled;
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_nextSource, _nextStart, _journal, _kept, .. _rows]) statement.Dispose();
        _connection.Dispose();
    }

    private static long? First(Statement select)
    {
        if (!select.Next()) return null;
        long value = select.Number(0);
        select.Leave();
        return value;
    }

    /// <summary>Reads the reports of a span; false when there may be more than can be settled at once.</summary>
    private bool Read(int source, long span)
    {
        long octets = 0;
        _journal.Bind(1, source).Bind(2, span).Bind(3, span + SpanTicks);
        while (_journal.Next())
        {
            var entry = new JournalEntry(_journal.Number(0), _journal.Number(1), _journal.Blob(2).ToArray(), _journal.Blob(3).ToArray());
            _settled.Journal.Add(entry);
            octets += entry.Length;
            if (octets < MaxOctets) continue;
            _journal.Leave();
            return false;
        }

        return _settled.Journal.Count < MaxReports;
    }

    /// <summary>Puts all rows together; tells the report that it could not read, if there is one.</summary>
    private JournalEntry? Build(int source, DateTimeOffset span, in KeptSince kept)
    {
        _settled.ClearRows();
        for (int part = 0, next; part >= 0; part = next)
        {
            next = -1;
            foreach (BlockBuilder block in _blocks) block.Clear();
            foreach (JournalEntry entry in _settled.Journal)
            {
                if (entry.IsDamaged) continue;
                try
                {
                    int following = AddPart(entry, part, kept.Has(HistoryLevel.Raw, HistoryTime.Of(span)));
                    if (following >= 0 && (next < 0 || following < next)) next = following;
                }
                catch (InvalidDataException)
                {
                    return entry;
                }
            }

            if (_blocks[(int)HistoryLevel.TenMinutes].Count > 0) AddRows(source, span, part, kept);
        }

        return null;
    }

    /// <summary>Adds those pairs of a report that belong to a part of the destinations; tells the next part it has, -1 for none.</summary>
    private int AddPart(JournalEntry entry, int part, bool hasRaw)
    {
        DateTimeOffset start = HistoryTime.At(entry.Start);
        DateTimeOffset minute = StepOf(HistoryLevel.Minute, entry.Start), ten = StepOf(HistoryLevel.TenMinutes, entry.Start);
        var reader = new BlockReader(entry.Counts, entry.Detail);
        bool isThere = reader.Seek(part * RowKey.DestinationsPerPart, 0);
        for (; isThere; isThere = reader.NextPair())
        {
            int destination = reader.Destination;
            if (destination / RowKey.DestinationsPerPart != part) return destination / RowKey.DestinationsPerPart;
            while (reader.NextPoint())
            {
                // No other report has this moment, so what raw holds of it is new.
                if (!hasRaw) _scratch.Clear();
                PairTotals totals = hasRaw ? _blocks[(int)HistoryLevel.Raw].At(destination, reader.Class, start) : _scratch;
                reader.AddTo(totals, HistoryDetail.All);
                _blocks[(int)HistoryLevel.Minute].At(destination, reader.Class, minute).Add(totals);
                _blocks[(int)HistoryLevel.TenMinutes].At(destination, reader.Class, ten).Add(totals);
            }
        }

        return -1;
    }

    private void AddRows(int source, DateTimeOffset span, int part, in KeptSince kept)
    {
        // Hours and days are put together from ten minutes, which therefore come before what is there already of them.
        _blocks[(int)HistoryLevel.TenMinutes].Write(out ReadOnlySpan<byte> newCounts, out ReadOnlySpan<byte> newDetail);
        foreach (HistoryLevel level in CoarseFirst)
        {
            var key = new RowKey(RowKey.SpanOf(level, span), source, part);
            if (!kept.Has(level, HistoryTime.Of(RowKey.StartOf(level, key.Span)))) continue;
            BlockBuilder block = _blocks[(int)level];
            SettledRow row = Former(new SettledRow(level, key, 0), block);
            if (level > HistoryLevel.TenMinutes) AddSteps(block, StepOf(level, HistoryTime.Of(span)), newCounts, newDetail);
            block.Write(out ReadOnlySpan<byte> counts, out ReadOnlySpan<byte> detail);
            _settled.Add(row with { Points = block.Count }, counts, detail);
        }
    }

    /// <summary>Adds what ten minutes came to, to the step that they are in.</summary>
    private static void AddSteps(BlockBuilder block, DateTimeOffset step, ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail)
    {
        var reader = new BlockReader(counts, detail);
        while (reader.NextPair())
            while (reader.NextPoint()) reader.AddTo(block.At(reader.Destination, reader.Class, step), HistoryDetail.All);
    }

    /// <summary>Adds the row that is there already, if it can be read.</summary>
    private SettledRow Former(SettledRow row, BlockBuilder block)
    {
        Statement select = _rows[(int)row.Level].Bind(1, row.Key.Value);
        if (!select.Next()) return row;
        row = row with
        {
            FormerPoints = select.Number(0),
            FormerOctets = select.Length(1) + select.Length(2) + SettledRow.KeyOctets,
        };
        try
        {
            block.Add(select.Blob(1), select.Blob(2));
        }
        catch (InvalidDataException)
        {
            row = row with { IsFormerDamaged = true };
        }
        finally
        {
            select.Leave();
        }

        return row;
    }

    private static DateTimeOffset StepOf(HistoryLevel level, long at) => HistoryTime.At(at - at % level.Step().Ticks);
}
