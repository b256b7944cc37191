namespace Llama.Server.Scraping;

/// <summary>
/// When to ask a collector of ours again: once for each interval, some while after it has published; how long, is the collector's own, as
/// all of them publish at the same moment. When it does, it tells by answering first that there is nothing new and then that there is, so
/// it is asked earlier and earlier until it does, and now and then again: the two clocks need not agree. Belongs to one loop.
/// </summary>
/// <param name="longest">The longest pause while all is well.</param>
/// <param name="phase">Where the collector is among all, 0 to 1.</param>
internal sealed class NativeSchedule(TimeSpan longest, double phase)
{
    // Late enough for a report that is late itself, early enough for another try before the next one; parts of an interval.
    private const double Earliest = 0.1, Latest = 0.5;

    private const int LearnedForReports = 64;
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private TimeSpan _length;
    private DateTimeOffset _newAt;
    private DateTimeOffset? _unchangedAt;

    // How long after the end of an interval, by the collector's clock, its report is there, by ours; and for how many reports that is known.
    private TimeSpan? _lag;
    private int _reports;

    /// <summary>The interval of its reports; null before the first.</summary>
    public TimeSpan? Interval { get; private set; }

    /// <summary>The pause behind a report that is new.</summary>
    /// <param name="start">The start of its interval.</param>
    /// <param name="end">Its end.</param>
    /// <param name="askedAt">When it was asked for.</param>
    public TimeSpan AfterNew(DateTimeOffset start, DateTimeOffset end, DateTimeOffset askedAt)
    {
        Interval = end - start;
        _length = end - start > Least ? end - start : Least;
        TimeSpan age = askedAt - end;
        if (_unchangedAt is { } before && askedAt - before <= _length / 2) (_lag, _reports) = ((before - end + age) / 2, 0);
        else if (++_reports >= LearnedForReports) _lag = null;
        _newAt = askedAt;
        _unchangedAt = null;
        return longest < _length ? longest : _length + Shift(age);
    }

    /// <summary>The pause behind an answer that there is nothing new: an eighth of an interval, and more when it is long overdue or far from due.</summary>
    public TimeSpan AfterUnchanged(DateTimeOffset askedAt)
    {
        _unchangedAt = askedAt;
        TimeSpan since = askedAt - _newAt;
        if (Interval is null || since < TimeSpan.Zero) return longest / 8;
        TimeSpan soon = since > _length ? since / 8 : _length / 8;
        TimeSpan untilNear = _length * 3 / 4 - since;
        TimeSpan pause = soon > untilNear ? soon : untilNear;
        return pause < longest ? pause : longest;
    }

    /// <summary>How much later than usual, or earlier, brings the next question to its place.</summary>
    private TimeSpan Shift(TimeSpan age)
    {
        TimeSpan place = (Earliest + phase * (Latest - Earliest)) * _length;
        TimeSpan off = (_lag ?? age) + place - age;
        if (_lag is not null && off <= place && off >= -_length) return off / 2;

        // Not known, or one of the clocks was set.
        _lag = null;
        return -_length / 4;
    }
}
