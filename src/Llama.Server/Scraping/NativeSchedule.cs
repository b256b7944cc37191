namespace Llama.Server.Scraping;

/// <summary>
/// When to ask a collector of ours again: once for each interval, a quarter of one after it has published. When that is, it tells by
/// answering first that there is nothing new and then that there is; before it did, the end of its interval has to do, where the clocks
/// agree. Belongs to one loop.
/// </summary>
/// <param name="longest">The longest pause while all is well.</param>
internal sealed class NativeSchedule(TimeSpan longest)
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private TimeSpan _length;
    private DateTimeOffset _newAt;
    private DateTimeOffset? _unchangedAt;

    // How long after the end of an interval its report is there, by our clock and the collector's.
    private TimeSpan? _lag;

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
        if (_unchangedAt is { } before && askedAt - before <= _length / 2) _lag = (before - end + age) / 2;
        _newAt = askedAt;
        _unchangedAt = null;
        return Shorter(longest, _length) + Shift(age);
    }

    /// <summary>The pause behind an answer that there is nothing new: an eighth of an interval, and more when it is long overdue or not due yet.</summary>
    public TimeSpan AfterUnchanged(DateTimeOffset askedAt)
    {
        _unchangedAt = askedAt;
        TimeSpan since = askedAt - _newAt;
        if (Interval is null || since < TimeSpan.Zero) return longest / 8;
        TimeSpan soon = since > _length ? since / 8 : _length / 8;
        TimeSpan untilDue = _length - since;
        return Shorter(longest, soon > untilDue ? soon : untilDue);
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>How much later than usual, or earlier, brings the next question to its place; half of the way each time.</summary>
    private TimeSpan Shift(TimeSpan age)
    {
        if (_lag is null && (age < TimeSpan.Zero || age > _length)) return TimeSpan.Zero;
        TimeSpan off = (_lag ?? TimeSpan.Zero) + _length / 4 - age;
        TimeSpan most = _length / 4;
        return off > most || off < -_length ? TimeSpan.Zero : Shorter(off / 2, most);
    }
}
