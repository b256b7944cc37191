using Llama.Engine.Summaries;
using Llama.Storage.Spooling;

namespace Llama.Storage.History.Blocks;

/// <summary>
/// Reads a block: pair by pair in the order of destination and class, in each pair point by point in the order of time. What it goes
/// past is not decoded, and nothing is allocated. Whatever the octets are, it ends in <see cref="InvalidDataException"/> at worst.
/// </summary>
internal ref struct BlockReader
{
    private readonly ReadOnlySpan<byte> _ports;
    private readonly bool _hasDetail;

    private CountsReader _counts;
    private StripReader _lengths;
    private int _piecesLeft = BlockWriter.MostPieces;

    // Where the parts of the pair begin in their strips, and those behind it.
    private PairPlaces _places;
    private PairPlaces _placesBehind;

    // For each part the point of the pair that it would give next; below 0 before it has begun.
    private StripReader _rtt;
    private RttBefore _rttBefore;
    private int _rttNext;
    private StripReader _path;
    private PathBefore _pathBefore;
    private int _pathNext;
    private StripReader _flows;
    private FlowsBefore _flowsBefore;
    private int _flowsNext;
    private int _portsAt;

    /// <summary>A reader of a block. Without detail (empty), only counts can be read.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of a later version.</exception>
    public BlockReader(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail)
    {
        _counts = new CountsReader(counts, out uint checksum);
        _hasDetail = !detail.IsEmpty;
        if (!_hasDetail) return;
        if (checksum != Crc32C.Of(detail)) throw BitReader.Damaged();

        var head = new BitReader(detail);
        _rtt = new StripReader(ref head, RttPart.Columns, RttPart.BasedColumns);
        _path = new StripReader(ref head, PathPart.Columns, PathPart.BasedColumns);
        _flows = new StripReader(ref head, FlowsPart.Columns, FlowsPart.BasedColumns);
        _lengths = new StripReader(ref head, LengthsPart.Columns, LengthsPart.Columns);
        int rttLength = head.Length(), pathLength = head.Length(), flowsLength = head.Length(), lengthsLength = head.Length();
        detail = detail[((head.Position + 7) / 8)..];
        _lengths.Attach(Cut(ref detail, lengthsLength));
        _rtt.Attach(Cut(ref detail, rttLength));
        _path.Attach(Cut(ref detail, pathLength));
        _flows.Attach(Cut(ref detail, flowsLength));
        _ports = detail;
        if (_counts.PairsLeft > 0) _lengths.BeginPair(0);
    }

    /// <summary>The destination of the pair that is being read.</summary>
    public readonly int Destination => _counts.Destination;

    /// <summary>Its class.</summary>
    public readonly byte Class => _counts.Class;

    /// <summary>How many points it has.</summary>
    public readonly int Points => _counts.Points;

    /// <summary>The moment of the point that is being read.</summary>
    public readonly DateTimeOffset Moment => Time(_counts.Point.Moment);

    /// <summary>Goes to the next pair; false behind the last one.</summary>
    public bool NextPair()
    {
        if (!_counts.NextPair()) return false;
        BeginPoints();
        if (!_hasDetail) return true;
        var lengths = new PartLengths();
        LengthsPart.Transfer(ref _lengths, ref lengths);
        _places = _placesBehind;
        _placesBehind.Pass(lengths);
        return true;
    }

    /// <summary>
    /// Goes to a pair, or to the first that comes after where it would be; false when there is none. It never goes back: where the pair
    /// that is being read is or comes after the wanted one, it stays there, in front of its first point.
    /// </summary>
    public bool Seek(int destination, byte trafficClass)
    {
        if (Points > 0 && IsAtOrBehind(destination, trafficClass))
        {
            BeginPoints();
            return true;
        }

        while (NextPair())
            if (IsAtOrBehind(destination, trafficClass)) return true;
        return false;
    }

    /// <summary>Goes to the next point of the pair; false behind the last one.</summary>
    public bool NextPoint() => _counts.NextPoint();

    /// <summary>Goes to the last point of the pair whose moment is in a span; false when there is none.</summary>
    /// <param name="from">Start of the span, in 100 ns since the Unix epoch.</param>
    /// <param name="to">Its end.</param>
    /// <param name="detail">What of it will be added: parts that are gone past on the way.</param>
    public bool SeekNewest(long from, long to, HistoryDetail detail)
    {
        int newest = _counts.FindLast(from, to);
        BeginPoints();
        if (newest < 0) return false;
        bool withRtt = _hasDetail && newest > 0 && (detail & HistoryDetail.Rtt) != 0;
        if (withRtt)
        {
            Begin(HistoryDetail.Rtt);
            _rttNext = 0;
        }

        while (_counts.At + 1 < newest)
        {
            _counts.PassPoint(out long received, out long intervals);
            if (withRtt) PassRtt(received, intervals);
        }

        return _counts.NextPoint();
    }

    /// <summary>Adds the point to totals: counts, and as much of the rest as is wanted.</summary>
    public void AddTo(PairTotals totals, HistoryDetail detail)
    {
        ref readonly CountsPoint point = ref _counts.Point;
        bool isLater = totals.AddCounts(Time(point.Start), Time(point.End), point.Intervals, point.SuspectIntervals, point.Counts);
        if (!_hasDetail) return;
        if ((detail & HistoryDetail.Rtt) != 0)
        {
            CatchUp(HistoryDetail.Rtt, ref _rttNext);
            ReadRtt(point, totals);
        }

        if ((detail & HistoryDetail.Path) != 0)
        {
            CatchUp(HistoryDetail.Path, ref _pathNext);
            totals.AddPath(ReadPath(), isLater);
        }

        if ((detail & HistoryDetail.Flows) != 0)
        {
            CatchUp(HistoryDetail.Flows, ref _flowsNext);
            ReadFlows(point, totals);
        }
    }

    private readonly bool IsAtOrBehind(int destination, byte trafficClass) =>
        Destination > destination || (Destination == destination && Class >= trafficClass);

    private void BeginPoints()
    {
        _counts.BeginPoints();
        _rttNext = _pathNext = _flowsNext = -1;
    }

    /// <summary>Brings a part to the point that is being read, whichever points were left out.</summary>
    private void CatchUp(HistoryDetail part, ref int next)
    {
        int wanted = _counts.At;
        if (next == wanted) return;
        if (next < 0 || next > wanted)
        {
            Begin(part);
            next = 0;
        }

        if (next == wanted) return;
        CountsReader counts = _counts;
        counts.BeginPoints();
        for (int at = 0, from = next; at < wanted; at++)
        {
            counts.NextPoint();
            if (at < from) continue;
            if (part == HistoryDetail.Rtt) PassRtt(counts.Point.Counts.Received, counts.Point.Intervals);
            else if (part == HistoryDetail.Path) ReadPath();
            else ReadFlows(counts.Point, null);
        }
    }

    private void Begin(HistoryDetail part)
    {
        switch (part)
        {
            case HistoryDetail.Rtt:
                _rtt.BeginPair(_places.Rtt);
                _rttBefore = default;
                break;
            case HistoryDetail.Path:
                _path.BeginPair(_places.Path);
                _pathBefore = new PathBefore(Class);
                break;
            default:
                _flows.BeginPair(_places.Flows);
                _flowsBefore = default;
                _portsAt = Length((ulong)FlowsPart.TransferPorts(ref _flows, 0));
                break;
        }
    }

    private void PassRtt(long received, long intervals)
    {
        _rttNext++;
        Take(RttPart.Pass(ref _rtt, ref _rttBefore, received, intervals));
    }

    private void ReadRtt(in CountsPoint counts, PairTotals totals)
    {
        _rttNext++;
        var point = new RttPoint();
        Take(RttPart.Transfer(ref _rtt, ref _rttBefore, counts, ref point, totals));
        totals.AddRtt(point.Count, point.SumNanos, point.MinNanos, point.MaxNanos);
        totals.AddVariation(point.JitterNanos.GetValueOrDefault() * point.JitterWeight, point.JitterWeight, point.ForwardNanos, point.ReverseNanos);
    }

    private PathMarks ReadPath()
    {
        _pathNext++;
        var path = new PathMarks();
        PathPart.Transfer(ref _path, ref _pathBefore, ref path);
        return path;
    }

    private void ReadFlows(in CountsPoint counts, PairTotals? totals)
    {
        _flowsNext++;
        var ports = new BitReader(_ports) { Position = _portsAt };
        int count = Length(ports.Code(FlowsPart.CountOrder)), found = 0;
        long port = -1;
        for (int place = 0; place < count; place++)
        {
            port += 1 + (long)ports.Code(FlowsPart.PortOrder);
            if (port is < 0 or > int.MaxValue) throw BitReader.Damaged();
            var flow = new FlowTotals { SourcePort = (int)port };
            bool isThere = false;
            FlowsPart.Transfer(ref _flows, ref _flowsBefore, counts, place, ref flow, ref isThere);
            if (!isThere) continue;
            Take(1);
            totals?.AddFlow(flow, ref found);
        }

        _flowsBefore.EndPoint();
    }

    /// <summary>Counts what comes out, so that a few octets can't stand for gigabytes.</summary>
    private void Take(int pieces)
    {
        if (pieces > _piecesLeft) throw BitReader.Damaged();
        _piecesLeft -= pieces;
    }

    private static ReadOnlySpan<byte> Cut(scoped ref ReadOnlySpan<byte> octets, int length)
    {
        if (length > octets.Length) throw BitReader.Damaged();
        ReadOnlySpan<byte> cut = octets[..length];
        octets = octets[length..];
        return cut;
    }

    private static int Length(ulong value) => value <= int.MaxValue ? (int)value : throw BitReader.Damaged();

    private static DateTimeOffset Time(long sinceEpoch)
    {
        long ticks = sinceEpoch + DateTimeOffset.UnixEpoch.Ticks;
        return ticks >= 0 && ticks <= DateTimeOffset.MaxValue.Ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : throw BitReader.Damaged();
    }

    /// <summary>Where the parts of a pair begin, in bits.</summary>
    private struct PairPlaces
    {
        public int Rtt;
        public int Path;
        public int Flows;

        public void Pass(in PartLengths lengths)
        {
            Rtt += lengths.RttBits;
            Path += lengths.PathBits;
            Flows += lengths.FlowsBits;
        }
    }
}
