namespace Llama.Server.Intake;

/// <summary>
/// The starts of intervals that a probe has delivered, in little memory: intervals follow each other, so a day of them is one run,
/// and a gap or a restart makes another. When there are too many runs the oldest is forgotten, and nothing from its time is taken
/// any more: a report is lost before one counts twice. Not safe for threads.
/// </summary>
internal sealed class KnownStarts
{
    /// <summary>Most runs held: a restart of the probe every five minutes of a day makes as many.</summary>
    public const int MaxRuns = 600;

    private readonly List<Run> _runs = [];
    private long _forgottenTo = long.MinValue;

    /// <summary>True when the start was added, or may have been.</summary>
    public bool Contains(DateTimeOffset start)
    {
        long ticks = start.UtcTicks;
        if (ticks <= _forgottenTo) return true;
        foreach (Run run in _runs)
            if (run.Contains(ticks)) return true;
        return false;
    }

    /// <summary>Adds a start that is not there yet.</summary>
    /// <param name="start">The start.</param>
    /// <param name="length">How long the interval is: where the next one should begin.</param>
    public void Add(DateTimeOffset start, TimeSpan length)
    {
        long ticks = start.UtcTicks;
        Run added = new(ticks, ticks, length.Ticks);

        // At most one run ends right before it and one begins right behind it. The newest runs are the last ones.
        for (int i = _runs.Count - 1; i >= 0; i--)
        {
            if (!_runs[i].Touches(added)) continue;
            added = _runs[i].With(added);
            _runs.RemoveAt(i);
        }

        int place = _runs.Count;
        while (place > 0 && _runs[place - 1].First > added.First) place--;
        _runs.Insert(place, added);
        if (_runs.Count <= MaxRuns) return;
        _forgottenTo = Math.Max(_forgottenTo, _runs[0].Last);
        _runs.RemoveAt(0);
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _runs.Clear();
        _forgottenTo = long.MinValue;
    }

    /// <summary>Starts from the first to the last, one each step.</summary>
    private readonly record struct Run(long First, long Last, long Step)
    {
        public bool Contains(long start) => start >= First && start <= Last && (start - First) % Step == 0;

        public bool Touches(Run other) => Step == other.Step && (Last + Step == other.First || other.Last + Step == First);

        public Run With(Run other) => new(Math.Min(First, other.First), Math.Max(Last, other.Last), Step);
    }
}
