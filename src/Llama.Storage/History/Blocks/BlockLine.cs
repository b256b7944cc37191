namespace Llama.Storage.History.Blocks;

/// <summary>The points of one pair and class while a block is built, in the order of time.</summary>
internal sealed class BlockLine
{
    private readonly List<(long Moment, PairTotals Totals)> _points = [];

    /// <summary>The pair's destination.</summary>
    public int Destination { get; private set; }

    /// <summary>Its class.</summary>
    public byte Class { get; private set; }

    /// <summary>Its points; moments in 100 ns since the Unix epoch.</summary>
    public IReadOnlyList<(long Moment, PairTotals Totals)> Points => _points;

    /// <summary>Begins anew, for a pair.</summary>
    public void Begin(int destination, byte trafficClass)
    {
        (Destination, Class) = (destination, trafficClass);
        _points.Clear();
    }

    /// <summary>The totals at a moment; null where there are none.</summary>
    /// <param name="moment">The moment.</param>
    /// <param name="place">Where they are, or should be.</param>
    public PairTotals? Find(long moment, out int place)
    {
        place = _points.Count;
        if (place == 0 || _points[^1].Moment < moment) return null;
        int from = 0;
        while (from < place)
        {
            int middle = (from + place) >>> 1;
            if (_points[middle].Moment < moment) from = middle + 1;
            else place = middle;
        }

        return _points[place].Moment == moment ? _points[place].Totals : null;
    }

    /// <summary>Puts totals to their place.</summary>
    public void Insert(int place, long moment, PairTotals totals) => _points.Insert(place, (moment, totals));
}
