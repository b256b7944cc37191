namespace Llama.Storage.History.Reading;

/// <summary>Puts the pairs of a group together, step by step. Belongs to one thread.</summary>
/// <param name="fromTicks">Start of the first step, in ticks since the Unix epoch.</param>
/// <param name="stepTicks">How long each is.</param>
/// <param name="count">How many there are.</param>
internal sealed class TimelineTally(long fromTicks, long stepTicks, int count)
{
    private readonly Sum[] _sums = new Sum[count];
    private readonly LossExtent[] _extents = Enumerable.Repeat(new LossExtent(), count).ToArray();

    /// <summary>How many steps there are.</summary>
    public int Count => count;

    /// <summary>A grid of these steps, for one source key after the other.</summary>
    public LossGrid GridOf(int keys) => new(keys, count, fromTicks, stepTicks);

    /// <summary>Takes what is in a grid, and empties it.</summary>
    public void Add(LossGrid grid)
    {
        for (int place = 0; place < grid.Keys.Count; place++)
        {
            ReadOnlySpan<LossCount> counts = grid.Of(place);
            for (int step = 0; step < counts.Length; step++)
                if (counts[step].Sent > 0) _sums[step].Add(counts[step]);
        }

        ReadOnlySpan<LossExtent> extents = grid.Extents;
        for (int step = 0; step < extents.Length; step++)
            if (extents[step].IsAny) _extents[step].Add(extents[step].Start, extents[step].End);
        grid.Clear();
    }

    /// <summary>The steps, also those that nothing was measured in.</summary>
    public IEnumerable<TimelineStep> Steps()
    {
        for (int step = 0; step < count; step++)
        {
            DateTimeOffset at = HistoryTime.At(fromTicks + step * stepTicks);
            Sum sum = _sums[step];
            LossExtent extent = _extents[step];
            yield return new TimelineStep
            {
                At = at,
                Start = extent.IsAny ? HistoryTime.At(extent.Start) : at,
                End = extent.IsAny ? HistoryTime.At(extent.End) : at,
                Pairs = sum.Pairs,
                LossyPairs = sum.LossyPairs,
                Sent = sum.All.Sent,
                Lost = sum.All.Lost,
                WorstSent = sum.Worst.Sent,
                WorstLost = sum.Worst.Lost,
            };
        }
    }

    private struct Sum
    {
        public long Pairs;
        public long LossyPairs;
        public LossCount All;
        public LossCount Worst;

        public void Add(LossCount pair)
        {
            Pairs++;
            All.Add(pair.Sent, pair.Lost);
            if (pair.Lost > 0) LossyPairs++;
            else if (Worst.Sent > 0) return;

            // Of those alike, the one that lost more.
            double ratio = (double)pair.Lost / pair.Sent, worst = (double)Worst.Lost / Worst.Sent;
            if (Worst.Sent == 0 || ratio > worst || (ratio == worst && pair.Lost > Worst.Lost)) Worst = pair;
        }
    }
}
