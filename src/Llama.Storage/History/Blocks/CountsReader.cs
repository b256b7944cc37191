using System.Buffers.Binary;
using Llama.Storage.Spooling;

namespace Llama.Storage.History.Blocks;

/// <summary>
/// Reads the counts of a block: pair by pair in the order of destination and class, in each pair point by point in the order of time.
/// Nothing is allocated. Whatever the octets are, it ends in <see cref="InvalidDataException"/> at worst.
/// </summary>
internal ref struct CountsReader
{
    private StripReader _directory;
    private StripReader _counts;
    private CountsBefore _before;
    private CountsPoint _point;
    private BlockPair _pair;
    private int _pairsLeft;
    private int _pointsLeft = BlockWriter.MostPieces;
    private bool _isFirst = true;

    // Where the part of the pair begins, and the point that was read last; -1 in front of the first.
    private int _begin;
    private int _at = -1;

    /// <summary>A reader of counts.</summary>
    /// <param name="counts">The octets.</param>
    /// <param name="detailChecksum">What the checksum of the detail has to be.</param>
    /// <exception cref="InvalidDataException">They are damaged, or of a later version.</exception>
    public CountsReader(ReadOnlySpan<byte> counts, out uint detailChecksum)
    {
        if (counts.Length < 1 + BlockWriter.TailLength) throw BitReader.Damaged();
        if (counts[0] != BlockWriter.Version)
            throw new InvalidDataException($"A block of the history is of version {counts[0]}, which this program does not know, or it is damaged.");
        ReadOnlySpan<byte> tail = counts[^BlockWriter.TailLength..];
        if (BinaryPrimitives.ReadUInt32BigEndian(tail[4..]) != Crc32C.Of(counts[..^4])) throw BitReader.Damaged();
        detailChecksum = BinaryPrimitives.ReadUInt32BigEndian(tail);

        counts = counts[1..^BlockWriter.TailLength];
        var head = new BitReader(counts);
        _counts = new StripReader(ref head, CountsPart.Columns, CountsPart.BasedColumns);
        _directory = new StripReader(ref head, DirectoryPart.Columns, DirectoryPart.Columns);
        _pairsLeft = head.Length();
        int directoryLength = head.Length();
        counts = counts[((head.Position + 7) / 8)..];
        if (directoryLength > counts.Length) throw BitReader.Damaged();
        _directory.Attach(counts[..directoryLength]);
        _counts.Attach(counts[directoryLength..]);
        if (_pairsLeft > 0) _directory.BeginPair(0);
    }

    /// <summary>How many pairs come behind this one.</summary>
    public readonly int PairsLeft => _pairsLeft;

    /// <summary>The destination of the pair that is being read.</summary>
    public readonly int Destination => _pair.Destination;

    /// <summary>Its class.</summary>
    public readonly byte Class => _pair.Class;

    /// <summary>How many points it has.</summary>
    public readonly int Points => _pair.Points;

    /// <summary>Which of them is being read; -1 in front of the first one.</summary>
    public readonly int At => _at;

    /// <summary>The point that is being read.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ref readonly CountsPoint Point => ref _point;

    /// <summary>Goes to the next pair; false behind the last one, where no pair is read.</summary>
    public bool NextPair()
    {
        PassPoints();
        if (_pairsLeft == 0)
        {
            (_pair, _at) = (default, -1);
            return false;
        }

        _pairsLeft--;
        BlockPair before = _pair;
        DirectoryPart.Transfer(ref _directory, _isFirst, before, ref _pair);
        CountPoints(_pair.Points);
        (_isFirst, _begin, _at) = (false, _counts.Position, -1);
        return true;
    }

    /// <summary>
    /// Goes past pairs that come next, follow one another in number, and have one point each, in which nothing happened that is not
    /// expected: <see cref="Destination"/> is the last of them then, and <see cref="Point"/> that of all of them.
    /// </summary>
    /// <returns>How many; there may be more. 0 where the next pair is not like that, or is the first.</returns>
    public int NextPlainPairs()
    {
        if (_isFirst || _pairsLeft == 0) return 0;
        PassPoints();
        int pairs = DirectoryPart.PlainAhead(ref _directory, _pairsLeft);
        if (pairs > 0) pairs = CountsPart.PlainPairsAhead(ref _counts, pairs);
        if (pairs == 0) return 0;
        _pairsLeft -= pairs;
        CountPoints(pairs);
        DirectoryPart.PassPlain(ref _directory, pairs, ref _pair);
        CountsPart.PassPlainPairs(ref _counts, pairs, out _point);
        _begin = _counts.Position;
        _at = 0;
        return pairs;
    }

    /// <summary>Goes back in front of the first point of the pair.</summary>
    public void BeginPoints() => _at = -1;

    /// <summary>Goes to the next point of the pair; false behind the last one.</summary>
    public bool NextPoint()
    {
        if (_at + 1 >= _pair.Points) return false;
        BeginPoint();
        long moment = _before.Moment;
        CountsPart.Transfer(ref _counts, ref _before, ref _point);
        CheckOrder(moment);
        return true;
    }

    /// <summary>
    /// Goes past the next point of the pair, which has to be there: <see cref="Point"/> is not that of it, only what it takes to go past
    /// its detail is told.
    /// </summary>
    public void PassPoint(out long received, out long intervals)
    {
        BeginPoint();
        long moment = _before.Moment;
        bool isPlain = CountsPart.Begin(ref _counts, ref _before, 0);
        if (isPlain) CountsPart.TakePlain(ref _counts, ref _before);
        else CountsPart.TransferOthers(ref _counts, ref _before, ref _point);
        CheckOrder(moment);
        (received, intervals) = isPlain ? (_before.Sent.Value, _before.Intervals.Value) : (_point.Counts.Received, _point.Intervals);
    }

    /// <summary>Which is the last point of the pair whose moment is in a span, -1 for none; then it is in front of the first one.</summary>
    /// <param name="from">Start of the span, in 100 ns since the Unix epoch.</param>
    /// <param name="to">Its end.</param>
    public int FindLast(long from, long to)
    {
        int last = -1;
        BeginPoints();
        while (_at + 1 < _pair.Points)
        {
            (int at, long before) = (_at, _before.Moment);
            if (at < 0 || PassPlain() is not (> 0 and var points))
            {
                PassPoint(out _, out _);
                points = 1;
            }

            // They are evenly spaced, and the last of them is where it stands.
            long step = points == 1 ? _before.Moment - before : _before.Step.Value;
            long wanted = _before.Moment < to ? points : points == 1 ? 0 : Math.Max(0, (to - 1 - before) / step);
            if (wanted > 0 && before + wanted * step >= from) last = at + (int)wanted;
            if (wanted < points) break;
        }

        BeginPoints();
        return last;
    }

    /// <summary>
    /// Tells what was sent and lost in the points of the pair whose moments are in a span, and goes behind them all. Points where
    /// nothing happened are told many at a time.
    /// </summary>
    /// <param name="from">Start of the span, in 100 ns since the Unix epoch.</param>
    /// <param name="to">Its end.</param>
    /// <param name="sink">Is told.</param>
    public void TellLoss<TSink>(long from, long to, ref TSink sink)
        where TSink : struct, ILossSink, allows ref struct
    {
        BeginPoints();
        while (_at + 1 < _pair.Points)
        {
            if (_at >= 0 && TellPlain(from, to, ref sink)) continue;
            BeginPoint();
            long moment = _before.Moment;
            if (CountsPart.Begin(ref _counts, ref _before, 0))
            {
                CountsPart.TakePlain(ref _counts, ref _before);
                CheckOrder(moment);
                if (_before.Moment >= from && _before.Moment < to) sink.Add(PlainAt(_before.Moment, 1));
                continue;
            }

            CountsPart.TransferOthers(ref _counts, ref _before, ref _point);
            CheckOrder(moment);
            if (_point.Moment >= from && _point.Moment < to) sink.Add(LossRun.Of(_point));
        }
    }

    private void BeginPoint()
    {
        if (++_at > 0) return;
        _counts.BeginPair(_begin);
        _before = default;
    }

    private readonly void CheckOrder(long momentBefore)
    {
        if (_at > 0 && _before.Moment <= momentBefore) throw BitReader.Damaged();
    }

    /// <summary>Where the next pair begins is known when this one has been read.</summary>
    private void PassPoints()
    {
        while (_at + 1 < _pair.Points)
            if (_at < 0 || PassPlain() == 0) NextPoint();
    }

    private int PassPlain()
    {
        int points = CountsPart.PassPlain(ref _counts, ref _before, _pair.Points - 1 - _at);
        _at += points;
        return points;
    }

    /// <summary>Counts what comes out, so that a few octets can't stand for gigabytes.</summary>
    private void CountPoints(int points)
    {
        if (points > _pointsLeft) throw BitReader.Damaged();
        _pointsLeft -= points;
    }

    /// <summary>Tells points that are as the one before lets expect; false where the next is none.</summary>
    private bool TellPlain<TSink>(long from, long to, ref TSink sink)
        where TSink : struct, ILossSink, allows ref struct
    {
        long before = _before.Moment;
        int points = PassPlain();
        if (points == 0) return false;
        long step = _before.Step.Value, first = before + step;
        long skipped = first >= from ? 0 : Math.Min(points, (from - first + step - 1) / step);
        long wanted = (_before.Moment < to ? points : first >= to ? 0 : (to - first + step - 1) / step) - skipped;
        if (wanted > 0) sink.Add(PlainAt(first + skipped * step, wanted));
        return true;
    }

    private readonly LossRun PlainAt(long moment, long points)
    {
        long start = moment + _before.Start.Value;
        return new LossRun(moment, _before.Step.Value, points, _before.Sent.Value, 0, start, start + _before.Length.Value);
    }
}

/// <summary>Points of a pair one after the other that are alike. Times are in 100 ns, moments since the Unix epoch.</summary>
/// <param name="Moment">The moment of the first.</param>
/// <param name="Step">From one to the next; of one point, anything.</param>
/// <param name="Points">How many, above 0.</param>
/// <param name="Sent">Datagrams that each of them sent.</param>
/// <param name="Lost">Of these, lost.</param>
/// <param name="Start">Start of the first one.</param>
/// <param name="End">End of the first one.</param>
internal readonly record struct LossRun(long Moment, long Step, long Points, long Sent, long Lost, long Start, long End)
{
    /// <summary>One point.</summary>
    public static LossRun Of(in CountsPoint point) => new(point.Moment, 0, 1, point.Counts.Sent, point.Counts.Lost, point.Start, point.End);
}

/// <summary>Is told what was sent and lost.</summary>
internal interface ILossSink
{
    /// <summary>Takes points.</summary>
    void Add(in LossRun run);
}
