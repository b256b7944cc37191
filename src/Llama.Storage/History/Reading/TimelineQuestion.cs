namespace Llama.Storage.History.Reading;

/// <summary>A question about a group as a whole over time while it is answered, on one thread and in one transaction.</summary>
internal sealed class TimelineQuestion(ReadConnection connection, HistoryQuery query, CancellationToken cancellation)
{
    // What is held of a source at a time, in steps of pairs. Destinations that would be more are read one part after the other.
    private const int CountsAtATime = 2_000_000;

    private readonly long _stepTicks = query.Step.GetValueOrDefault().Ticks;

    /// <summary>Answers it: steps that are remembered are not read once more.</summary>
    public HistoryTimeline Answer(HistoryDirectory directory, TimelineMemory.KnownSteps? known)
    {
        long from = ScanRange.Clamp(HistoryTime.Of(query.From)) / _stepTicks * _stepTicks;
        long to = (ScanRange.Clamp(HistoryTime.Of(query.To)) + _stepTicks - 1) / _stepTicks * _stepTicks;
        var steps = new List<TimelineStep>();
        if (from < to && directory.Find(query.Group) is { } group)
        {
            if ((to - from) / _stepTicks is var count && count > query.MaxPoints)
                throw new HistoryLimitException($"That would be {count:n0} steps, and there are at most {query.MaxPoints:n0}: ask for a shorter time or a longer step.");
            Answer(Selection.Of(query, group), from, to, known, steps);
        }

        return new HistoryTimeline(HistoryTime.At(from), HistoryTime.At(to), steps);
    }

    private void Answer(Selection selection, long from, long to, TimelineMemory.KnownSteps? known, List<TimelineStep> steps)
    {
        long unread = from, since = HistoryLevels.All.Min(connection.SinceOf);
        for (long at = from; at < to; at += _stepTicks)
        {
            if (at < since || known?.Find(at) is not { } step) continue;
            ReadInto(steps, selection, unread, at, known);
            if (step.Pairs > 0) steps.Add(step);
            unread = at + _stepTicks;
        }

        ReadInto(steps, selection, unread, to, known);
    }

    private void ReadInto(List<TimelineStep> steps, Selection selection, long from, long to, TimelineMemory.KnownSteps? known)
    {
        if (from == to) return;
        var tally = new TimelineTally(from, _stepTicks, (int)((to - from) / _stepTicks));
        Read(selection, ScanRange.Of(connection, from, to, query.Step, query.Class), tally);
        foreach (TimelineStep step in tally.Steps())
        {
            known?.Keep(step);
            if (step.Pairs > 0) steps.Add(step);
        }
    }

    private void Read(Selection selection, ScanRange range, TimelineTally tally)
    {
        DestinationKeys all = selection.Destinations;
        LossGrid grid = tally.GridOf(all.Names.Count);
        var scan = new LossScan(connection, range, grid, cancellation);
        int atATime = Math.Clamp(CountsAtATime / tally.Count, 1, Math.Max(1, all.Names.Count));
        for (int first = 0; first < all.Names.Count; first += atATime)
        {
            DestinationKeys wanted = atATime == all.Names.Count ? all : all.Only(key => key >= first && key < first + atATime);
            foreach (SourceKey source in selection.Sources)
            {
                foreach (int id in source.Ids) scan.Read(new ScanTask(id, wanted, HistoryDetail.Counts));
                tally.Add(grid);
            }
        }
    }
}
