using Llama.Storage.History.Blocks;

namespace Llama.Storage.History.Reading;

/// <summary>
/// Finds the newest interval of each pair and class in a span, from its end back. Where intervals are not kept by themselves any
/// more, the newest point that is.
/// </summary>
internal sealed class NewestScan(ReadConnection connection, ScanRange range, SeriesTable table, CancellationToken cancellation) : Scan(connection, range, cancellation)
{
    private readonly Dictionary<int, Found> _found = [];

    /// <inheritdoc/>
    public override void Read(in ScanTask task)
    {
        ReadJournal(task);
        for (int place = Range.Extents.Count - 1; place >= 0; place--)
        {
            Extent extent = Range.Extents[place];
            for (int span = extent.Last; span >= extent.First; span--) ReadRows(extent.Piece, span, task);
        }

        foreach ((int pair, Found found) in _found) table.Put(task.Destinations.KeyOf(pair >> 8), found.MomentTicks, found.Totals);
        _found.Clear();
    }

    /// <inheritdoc/>
    protected override void Take(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail, long fromTicks, long toTicks, in ScanTask task)
    {
        var block = new BlockReader(counts, detail);
        while (block.NextPair())
        {
            if (task.Destinations.KeyOf(block.Destination) < 0 || (Range.Class is { } wanted && wanted != block.Class)) continue;
            int pair = (block.Destination << 8) | block.Class;
            bool isKnown = _found.TryGetValue(pair, out Found found);
            if (!block.SeekNewest(isKnown ? Math.Max(fromTicks, found.MomentTicks + 1) : fromTicks, toTicks, task.Detail)) continue;
            PairTotals totals = isKnown ? found.Totals : table.Rent();
            totals.Clear();
            block.AddTo(totals, task.Detail);
            _found[pair] = new Found(HistoryTime.Of(block.Moment), totals);
        }
    }

    private readonly record struct Found(long MomentTicks, PairTotals Totals);
}
