using Llama.Storage.History.Blocks;

namespace Llama.Storage.History.Reading;

/// <summary>
/// Adds up what was sent and lost in a span, and nothing else: plain numbers by destination key, because there are millions of pairs
/// of which a few are wanted in the end.
/// </summary>
internal sealed class LossScan(ReadConnection connection, ScanRange range, int keys, CancellationToken cancellation) : Scan(connection, range, cancellation)
{
    private readonly LossCount[] _losses = new LossCount[keys];
    private LossExtent _extent = new();

    /// <summary>Start of the first interval of all that was read; null where there was none.</summary>
    public DateTimeOffset? Oldest => _extent.Start <= _extent.End ? HistoryTime.At(_extent.Start) : null;

    /// <summary>End of the last one.</summary>
    public DateTimeOffset? Newest => _extent.Start <= _extent.End ? HistoryTime.At(_extent.End) : null;

    /// <summary>How many keys of all sources there was something of.</summary>
    public long Series { get; private set; }

    /// <inheritdoc/>
    public override void Read(in ScanTask task)
    {
        foreach (Extent extent in Range.Extents)
            for (int span = extent.First; span <= extent.Last; span++) ReadRows(extent.Piece, span, task);
        ReadJournal(task);
    }

    /// <summary>Shows what was sent and lost by key, and begins anew.</summary>
    public void Show(Action<int, long, long> each)
    {
        for (int key = 0; key < _losses.Length; key++)
        {
            LossCount loss = _losses[key];
            if (loss.Points == 0) continue;
            Series++;
            each(key, loss.Sent, loss.Lost);
        }

        Array.Clear(_losses);
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
                if (key >= 0 && IsWanted(block.Class)) block.AddLoss(fromTicks, toTicks, ref _losses[key], ref _extent);
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
        bool isAny = false;
        for (int destination = block.Destination - pairs + 1; destination <= block.Destination; destination++)
        {
            int key = destinations.KeyOf(destination);
            if (key < 0) continue;
            _losses[key].Add(1, point.Counts.Sent, 0);
            isAny = true;
        }

        if (isAny) _extent.Add(point.Start, point.End);
    }

    private bool IsWanted(byte trafficClass) => Range.Class is not { } wanted || wanted == trafficClass;
}
