namespace Llama.Storage.History.Reading;

/// <summary>
/// The series of one source key while they are put together: by destination key, points in time. Filled again and again, so that
/// millions of pairs leave no garbage. Belongs to one thread.
/// </summary>
internal sealed class SeriesTable
{
    /// <summary>Most points that are held at a time: with their distributions they are some hundred megaoctets.</summary>
    public const int MostHeld = 250_000;

    private readonly long? _stepTicks;
    private readonly long _fromTicks;
    private readonly long _maxPoints;
    private readonly Slot[] _last;
    private readonly Dictionary<(int Key, long At), PairTotals> _points = [];
    private readonly List<(int Key, long At, PairTotals Totals)> _sorted = [];
    private readonly List<HistoryPoint> _series = [];
    private readonly HistorySeries _given = new();
    private readonly Stack<PairTotals> _free = [];
    private long _made;
    private int _held;

    /// <summary>An empty one.</summary>
    /// <param name="keys">How many destination keys there are.</param>
    /// <param name="query">Says which points there are.</param>
    /// <param name="maxPoints">Most points over all series.</param>
    public SeriesTable(int keys, HistoryQuery query, long maxPoints)
    {
        _stepTicks = query.IsNewestOnly ? null : query.Step?.Ticks;
        _fromTicks = HistoryTime.Of(query.From);
        _maxPoints = maxPoints;
        _last = new Slot[keys];
    }

    /// <summary>Start of the first interval of all that went out; null where there was none.</summary>
    public DateTimeOffset? Oldest { get; private set; }

    /// <summary>End of the last one.</summary>
    public DateTimeOffset? Newest { get; private set; }

    /// <summary>How many series went out.</summary>
    public long Series { get; private set; }

    /// <summary>Says that an answer has more points than it may.</summary>
    public static HistoryLimitException TooManyPoints(long most) =>
        new($"The answer has more than {most:n0} points: ask for a shorter time, a longer step, or fewer probes.");

    /// <summary>The totals of a key that a moment belongs to: add to them.</summary>
    public PairTotals At(int key, long momentTicks)
    {
        long at = PointOf(momentTicks);
        Slot last = _last[key];
        if (last.Totals is null) return Keep(key, at, Rent());
        if (last.At == at) return last.Totals;
        if (!_points.TryGetValue((key, at), out PairTotals? totals)) return Keep(key, at, Rent());
        _last[key] = new Slot(at, totals);
        return totals;
    }

    /// <summary>Adds totals to those of a key that a moment belongs to, and takes them over.</summary>
    public void Put(int key, long momentTicks, PairTotals totals)
    {
        if (_last[key].Totals is null)
        {
            Keep(key, PointOf(momentTicks), totals);
        }
        else
        {
            At(key, momentTicks).Add(totals);
            Return(totals);
        }
    }

    /// <summary>Empty totals.</summary>
    public PairTotals Rent() => _free.TryPop(out PairTotals? totals) ? totals : new PairTotals();

    /// <summary>Takes totals back.</summary>
    public void Return(PairTotals totals)
    {
        totals.Clear();
        _free.Push(totals);
    }

    /// <summary>Gives all series away, and begins anew.</summary>
    /// <param name="source">The source key.</param>
    /// <param name="names">The destination keys.</param>
    /// <param name="take">Takes them.</param>
    public void Give(string source, IReadOnlyList<string> names, Action<HistorySeries> take)
    {
        foreach (((int key, long at), PairTotals totals) in _points) _sorted.Add((key, at, totals));
        if (_stepTicks is null)
        {
            for (int key = 0; key < _last.Length; key++)
                if (_last[key].Totals is { } totals) _sorted.Add((key, _fromTicks, totals));
        }
        else
        {
            _sorted.Sort((left, right) => left.Key != right.Key ? left.Key.CompareTo(right.Key) : left.At.CompareTo(right.At));
        }

        for (int i = 0; i < _sorted.Count; i++)
        {
            (int key, long at, PairTotals totals) = _sorted[i];
            _series.Add(new HistoryPoint(HistoryTime.At(at), totals));
            Count(totals);
            if (i + 1 < _sorted.Count && _sorted[i + 1].Key == key) continue;
            Series++;
            Give(source, names[key], take);
        }

        foreach ((_, _, PairTotals totals) in _sorted) Return(totals);
        Clear();
    }

    /// <summary>Shows the totals of all series of one point each, with their keys, and begins anew.</summary>
    public void Show(Action<int, PairTotals> each)
    {
        for (int key = 0; key < _last.Length; key++)
        {
            if (_last[key].Totals is not { } totals) continue;
            Series++;
            Count(totals);
            each(key, totals);
            Return(totals);
        }

        Clear();
    }

    /// <summary>Lets go of the totals of a key that has one point; null where there is nothing of it.</summary>
    public PairTotals? Release(int key)
    {
        PairTotals? totals = _last[key].Totals;
        _last[key] = default;
        return totals;
    }

    /// <summary>Gives a series of one point away that had been released.</summary>
    public void Give(string source, string destination, PairTotals totals, Action<HistorySeries> take)
    {
        _series.Add(new HistoryPoint(HistoryTime.At(_fromTicks), totals));
        Give(source, destination, take);
    }

    private void Give(string source, string destination, Action<HistorySeries> take)
    {
        (_given.Source, _given.Destination, _given.Points) = (source, destination, _series);
        take(_given);
        _series.Clear();
    }

    private void Count(PairTotals totals)
    {
        if (Oldest is null || totals.Start < Oldest) Oldest = totals.Start;
        if (Newest is null || totals.End > Newest) Newest = totals.End;
    }

    private void Clear()
    {
        Array.Clear(_last);
        _points.Clear();
        _sorted.Clear();
        _held = 0;
    }

    private long PointOf(long momentTicks) => _stepTicks switch
    {
        null => _fromTicks,
        0 => momentTicks,
        { } step => momentTicks - momentTicks % step,
    };

    private PairTotals Keep(int key, long at, PairTotals totals)
    {
        if (++_made > _maxPoints)
            throw TooManyPoints(_maxPoints);
        if (++_held > MostHeld)
            throw new HistoryLimitException($"Points of one source would be more than {MostHeld:n0} at a time: ask for a shorter time, a longer step, or fewer destinations.");
        if (_stepTicks is not null) _points.Add((key, at), totals);
        _last[key] = new Slot(at, totals);
        return totals;
    }

    /// <summary>The point of a key that was used last: the next one is mostly the same.</summary>
    private readonly record struct Slot(long At, PairTotals? Totals);
}
