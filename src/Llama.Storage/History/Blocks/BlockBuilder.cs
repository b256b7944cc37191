namespace Llama.Storage.History.Blocks;

/// <summary>
/// Points of pairs of one source, brought together and written as one block: a part of a row of a level, or a report of the journal.
/// Used again and again; belongs to one thread at a time.
/// </summary>
internal sealed class BlockBuilder
{
    private readonly BlockWriter _writer = new();
    private readonly Dictionary<long, int> _places = [];
    private readonly List<BlockLine> _lines = [];
    private readonly Stack<BlockLine> _freeLines = [];
    private readonly Stack<PairTotals> _freeTotals = [];

    // The line that was asked for last: the next one asked for is it or the one behind it, mostly.
    private int _last = -1;

    /// <summary>How many points it holds.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// The totals of a pair and class at a moment, empty where there were none yet: add to them. The moment is the start of the
    /// interval for raw points, the start of the step for others. Where the totals span less than the step, their own start and end say so.
    /// </summary>
    public PairTotals At(int destination, byte trafficClass, DateTimeOffset moment)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(destination);
        BlockLine line = LineOf(destination, trafficClass);
        long ticks = moment.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        if (line.Find(ticks, out int place) is { } known) return known;
        PairTotals totals = _freeTotals.TryPop(out PairTotals? used) ? used : new PairTotals();
        line.Insert(place, ticks, totals);
        Count++;
        return totals;
    }

    /// <summary>Adds all that a block holds to what is here.</summary>
    /// <exception cref="InvalidDataException">The block is damaged; nothing has been added.</exception>
    public void Add(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail)
    {
        bool wasEmpty = Count == 0;
        if (!wasEmpty) Check(counts, detail);
        try
        {
            var reader = new BlockReader(counts, detail);
            while (reader.NextPair())
                while (reader.NextPoint())
                    reader.AddTo(At(reader.Destination, reader.Class, reader.Moment), HistoryDetail.All);
        }
        catch (InvalidDataException) when (wasEmpty)
        {
            Clear();
            throw;
        }
    }

    /// <summary>Writes all as a block, in octets that are valid until the next call.</summary>
    /// <exception cref="InvalidOperationException">It is more than a block can hold, which is some millions of points.</exception>
    public void Write(out ReadOnlySpan<byte> counts, out ReadOnlySpan<byte> detail)
    {
        _last = -1;
        _places.Clear();
        _lines.Sort(static (left, right) => (left.Destination, left.Class).CompareTo((right.Destination, right.Class)));
        for (int i = 0; i < _lines.Count; i++) _places.Add(KeyOf(_lines[i].Destination, _lines[i].Class), i);
        _writer.Write(_lines);
        counts = _writer.Counts;
        detail = _writer.Detail;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        foreach (BlockLine line in _lines)
        {
            foreach ((_, PairTotals totals) in line.Points)
            {
                totals.Clear();
                _freeTotals.Push(totals);
            }

            _freeLines.Push(line);
        }

        _lines.Clear();
        _places.Clear();
        _last = -1;
        Count = 0;
    }

    /// <summary>Reads a block for nothing but to know that it can be read.</summary>
    private static void Check(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail)
    {
        var totals = new PairTotals();
        var reader = new BlockReader(counts, detail);
        while (reader.NextPair())
        {
            while (reader.NextPoint())
            {
                reader.AddTo(totals, HistoryDetail.All);
                totals.Clear();
            }
        }
    }

    private BlockLine LineOf(int destination, byte trafficClass)
    {
        for (int place = Math.Max(0, _last); place < _lines.Count && place < _last + 2; place++)
        {
            BlockLine line = _lines[place];
            if (line.Destination != destination || line.Class != trafficClass) continue;
            _last = place;
            return line;
        }

        if (!_places.TryGetValue(KeyOf(destination, trafficClass), out _last))
        {
            _last = _lines.Count;
            _places.Add(KeyOf(destination, trafficClass), _last);
            BlockLine added = _freeLines.TryPop(out BlockLine? used) ? used : new BlockLine();
            added.Begin(destination, trafficClass);
            _lines.Add(added);
        }

        return _lines[_last];
    }

    private static long KeyOf(int destination, byte trafficClass) => ((long)destination << 8) | trafficClass;
}
