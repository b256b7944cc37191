using Llama.Storage.History.Blocks;

namespace Llama.Storage.History.Reading;

/// <summary>Adds up what was sent and lost in a span, and nothing else.</summary>
internal sealed class LossScan(ReadConnection connection, ScanRange range, LossGrid grid, CancellationToken cancellation) : Scan(connection, range, cancellation)
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
        var block = new CountsReader(counts, out _);
        while (true)
        {
            if (block.NextPlainPairs() is var pairs and > 0)
            {
                AddPlain(block, pairs, fromTicks, toTicks, task.Destinations);
            }
            else if (block.NextPair())
            {
                int key = task.Destinations.KeyOf(block.Destination);
                if (key < 0 || !IsWanted(block.Class)) continue;
                var sink = new LossOfKey(grid, key);
                block.TellLoss(fromTicks, toTicks, ref sink);
            }
            else
            {
                return;
            }
        }
    }

    private void AddPlain(in CountsReader block, int pairs, long fromTicks, long toTicks, DestinationKeys destinations)
    {
        ref readonly CountsPoint point = ref block.Point;
        if (point.Moment < fromTicks || point.Moment >= toTicks || !IsWanted(block.Class)) return;
        LossRun run = LossRun.Of(point);
        for (int destination = block.Destination - pairs + 1; destination <= block.Destination; destination++)
            if (destinations.KeyOf(destination) is var key and >= 0) grid.Add(key, run);
    }

    private bool IsWanted(byte trafficClass) => Range.Class is not { } wanted || wanted == trafficClass;

    private readonly struct LossOfKey(LossGrid grid, int key) : ILossSink
    {
        public void Add(in LossRun run) => grid.Add(key, run);
    }
}
