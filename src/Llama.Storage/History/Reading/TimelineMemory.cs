namespace Llama.Storage.History.Reading;

/// <summary>
/// Steps of timelines that were read before: what is over does not change, and to read a million pairs again for every look at a bar
/// would cost more than all else. A step counts until a report comes that may be in it. Any thread may call it.
/// </summary>
internal sealed class TimelineMemory(HistoryVersions versions)
{
    private const int MostTimelines = 64;
    private const int MostSteps = 2_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<Subject, Dictionary<long, Remembered>> _timelines = [];

    /// <summary>
    /// What is remembered for a question; asked for before its transaction begins. Null where the answer goes by names or tags, of which
    /// there are too many.
    /// </summary>
    public KnownSteps? Of(HistoryQuery query) =>
        query is { Sources.Count: 0, Destinations.Count: 0, SourceBy: HistoryQuery.ByName, DestinationBy: HistoryQuery.ByName, Step: { } step }
            ? new KnownSteps(this, new Subject(query.Group, query.Class, step.Ticks), versions.Last)
            : null;

    private TimelineStep? Find(Subject subject, long at)
    {
        lock (_lock)
        {
            return _timelines.TryGetValue(subject, out Dictionary<long, Remembered>? steps) && steps.TryGetValue(at, out Remembered known)
                && versions.Of(subject.Group, at, at + subject.StepTicks) <= known.Version ? known.Step : null;
        }
    }

    private void Keep(Subject subject, long version, TimelineStep step)
    {
        lock (_lock)
        {
            if (!_timelines.TryGetValue(subject, out Dictionary<long, Remembered>? steps))
            {
                if (_timelines.Count == MostTimelines) _timelines.Clear();
                _timelines.Add(subject, steps = []);
            }

            if (steps.Count == MostSteps) steps.Clear();
            steps[HistoryTime.Of(step.At)] = new Remembered(version, step);
        }
    }

    /// <summary>What is remembered for one question.</summary>
    /// <param name="memory">What is remembered for all.</param>
    /// <param name="subject">What it asks about.</param>
    /// <param name="version">What it reads is as new as this at least.</param>
    internal sealed class KnownSteps(TimelineMemory memory, Subject subject, long version)
    {
        /// <summary>The step that begins at a moment; null where it has to be read.</summary>
        public TimelineStep? Find(long atTicks) => memory.Find(subject, atTicks);

        /// <summary>Remembers a step that was read.</summary>
        public void Keep(TimelineStep step) => memory.Keep(subject, version, step);
    }

    internal readonly record struct Subject(string Group, byte? Class, long StepTicks);

    private readonly record struct Remembered(long Version, TimelineStep Step);
}
