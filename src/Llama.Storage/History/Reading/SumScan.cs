using Llama.Storage.History.Blocks;

namespace Llama.Storage.History.Reading;

/// <summary>Adds up all that is in a span.</summary>
internal sealed class SumScan(ReadConnection connection, ScanRange range, SeriesTable table, CancellationToken cancellation) : Scan(connection, range, cancellation)
{
    /// <inheritdoc/>
    public override void Read(in ScanTask task)
    {
        foreach (Extent extent in Range.Extents)
            for (int span = extent.First; span <= extent.Last; span++) ReadRows(extent.Piece, span, task);
        ReadJournal(task);
    }

    /// <inheritdoc/>
    protected override void Take(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail, long fromTicks, long toTicks, in ScanTask task)
    {
        var block = new BlockReader(counts, detail);
        while (block.NextPair())
        {
            int key = task.Destinations.KeyOf(block.Destination);
            if (key < 0 || (Range.Class is { } wanted && wanted != block.Class)) continue;
            while (block.NextPoint())
            {
                long moment = HistoryTime.Of(block.Moment);
                if (moment < fromTicks) continue;
                if (moment >= toTicks) break;
                block.AddTo(table.At(key, moment), task.Detail);
            }
        }
    }
}
