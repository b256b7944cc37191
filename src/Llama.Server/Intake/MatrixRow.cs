using System.Buffers;
using System.Text.Json;

namespace Llama.Server.Intake;

/// <summary>
/// The newest results of one source and class, by destination, and how they read as JSON: each metric is written once after the
/// row has changed, and copied from then on. Whoever calls holds the source's lock.
/// </summary>
internal sealed class MatrixRow
{
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly Segment?[] _segments = new Segment?[MatrixMetrics.All.Count];
    private string[] _destinations = [];
    private PairResult[] _pairs = [];
    private int _guess;
    private int _version = 1;
    private RowTally _tally = RowTally.Nothing;
    private int _tallied;

    // Where in the row each column's pair stands, or -1; as long as columns and destinations are these.
    private MatrixColumns? _columns;
    private int[] _placeOfColumn = [];

    /// <summary>How many pairs it has.</summary>
    public int Count => _places.Count;

    /// <summary>The place of a destination; negative where there is none.</summary>
    public int Find(string destination)
    {
        // Reports of a probe have the same destinations in the same order, and the pool makes each the same string.
        int next = _guess < Count ? _guess : 0;
        if (next >= Count || !ReferenceEquals(_destinations[next], destination)) next = _places.GetValueOrDefault(destination, -1);
        _guess = next + 1;
        return next;
    }

    /// <summary>Shows a result at a place, unless a newer one is there.</summary>
    public void Set(int place, in PairResult pair, DateTimeOffset now)
    {
        if (!pair.Report.Supersedes(_pairs[place].Report, now)) return;
        _pairs[place] = pair;
        _version++;
    }

    /// <summary>Adds a destination that it has not.</summary>
    public void Add(string destination, in PairResult pair)
    {
        int place = Count;
        if (place == _pairs.Length)
        {
            int room = Math.Max(4, 2 * place);
            Array.Resize(ref _pairs, room);
            Array.Resize(ref _destinations, room);
        }

        _places.Add(destination, place);
        (_destinations[place], _pairs[place]) = (destination, pair);
        _columns = null;
        _version++;
    }

    /// <summary>Drops pairs that came before a moment of the monotonic clock.</summary>
    /// <param name="before">The moment.</param>
    /// <param name="removed">Told each destination that is gone.</param>
    public void RemoveOlder(long before, Action<string> removed)
    {
        for (int place = Count - 1; place >= 0; place--)
        {
            if (_pairs[place].Report.TakenAt >= before) continue;
            string destination = _destinations[place];
            _places.Remove(destination);
            int last = Count;
            if (place < last)
            {
                (_destinations[place], _pairs[place]) = (_destinations[last], _pairs[last]);
                _places[_destinations[place]] = place;
            }

            (_destinations[last], _pairs[last]) = ("", default);
            _columns = null;
            _version++;
            removed(destination);
        }
    }

    /// <summary>What its pairs come to; counted once after the row has changed, or something in it has become stale.</summary>
    public RowTally Tally(DateTimeOffset now)
    {
        if (_tallied != _version || !_tally.HoldsAt(now)) (_tally, _tallied) = (RowTally.Of(_pairs.AsSpan(0, Count), now), _version);
        return _tally;
    }

    /// <summary>Adds those pairs to a ranking that lose something and are not stale.</summary>
    public void Rank(LossRanking ranking, string source, byte @class, DateTimeOffset now)
    {
        for (int place = 0; place < Count; place++)
            if (_pairs[place].Lost > 0 && !_pairs[place].Report.IsStale(now)) ranking.Add(source, @class, _destinations[place], _pairs[place]);
    }

    /// <summary>Copies the values of some metrics: for each column, those of its pair beside each other.</summary>
    public void CopyTo(Span<long> values, IReadOnlyList<MatrixMetric> metrics, MatrixColumns columns, DateTimeOffset now)
    {
        Place(columns);
        int at = 0;
        foreach (int place in _placeOfColumn)
            foreach (MatrixMetric metric in metrics) values[at++] = place < 0 ? MatrixMetrics.NotMeasured : PairValues.Of(metric, _pairs[place], now);
    }

    /// <summary>Adds the pairs that show the interval of a start.</summary>
    public void CopyTo(List<KeyValuePair<string, PairResult>> pairs, DateTimeOffset start)
    {
        for (int place = 0; place < Count; place++)
            if (_pairs[place].Report.Start == start) pairs.Add(new(_destinations[place], _pairs[place]));
    }

    /// <summary>Writes the row of one metric as a JSON array.</summary>
    public void WriteJson(Utf8JsonWriter json, MatrixMetric metric, MatrixColumns columns, DateTimeOffset now)
    {
        Segment segment = _segments[(int)metric] ??= new Segment();
        if (segment.Version != _version || segment.Columns != columns || metric is MatrixMetric.Age or MatrixMetric.Stale)
        {
            Render(segment, metric, columns, now);
            (segment.Version, segment.Columns) = (_version, columns);
        }

        json.WriteRawValue(segment.Text.AsSpan(0, segment.Length), skipInputValidation: true);
    }

    private void Place(MatrixColumns columns)
    {
        if (_columns == columns) return;
        if (_placeOfColumn.Length != columns.Count) _placeOfColumn = new int[columns.Count];
        Array.Fill(_placeOfColumn, -1);
        for (int place = 0; place < Count; place++)
            if (columns.Find(_destinations[place]) is { } column) _placeOfColumn[column] = place;
        _columns = columns;
    }

    private void Render(Segment segment, MatrixMetric metric, MatrixColumns columns, DateTimeOffset now)
    {
        long[] values = ArrayPool<long>.Shared.Rent(columns.Count);
        CopyTo(values, [metric], columns, now);
        segment.Length = metric.WriteArray(values.AsSpan(0, columns.Count), ref segment.Text);
        ArrayPool<long>.Shared.Return(values);
    }

    private sealed class Segment
    {
        public byte[] Text = [];
        public int Length;
        public int Version;
        public MatrixColumns? Columns;
    }
}
