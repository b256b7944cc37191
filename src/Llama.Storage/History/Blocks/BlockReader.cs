using System.Buffers.Binary;
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

    private StripReader _directory;
    private int _pairsLeft;
    private int _piecesLeft = BlockWriter.MostPieces;
    private BlockPair? _pair;

    // Where the parts of the pair begin in their strips, and those behind it.
    private PairPlaces _places;
    private PairPlaces _placesBehind;

    private StripReader _counts;
    private CountsBefore _countsBefore;
    private CountsPoint _point;
    private int _at = -1;

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
        if (counts.Length < 1 + BlockWriter.TailLength) throw BitReader.Damaged();
        if (counts[0] != BlockWriter.Version)
            throw new InvalidDataException($"A block of the history is of version {counts[0]}, which this program does not know, or it is damaged.");
        ReadOnlySpan<byte> tail = counts[^BlockWriter.TailLength..];
        if (BinaryPrimitives.ReadUInt32BigEndian(tail[4..]) != Crc32C.Of(counts[..^4])) throw BitReader.Damaged();
        _hasDetail = !detail.IsEmpty;
        if (_hasDetail && BinaryPrimitives.ReadUInt32BigEndian(tail) != Crc32C.Of(detail)) throw BitReader.Damaged();

        counts = counts[1..^BlockWriter.TailLength];
        var head = new BitReader(counts);
        _counts = new StripReader(ref head, CountsPart.Columns, CountsPart.BasedColumns);
        _directory = new StripReader(ref head, DirectoryPart.Columns, DirectoryPart.Columns);
        _pairsLeft = Length(head.Sized());
        int directoryLength = Length(head.Sized());
        counts = counts[((head.Position + 7) / 8)..];
        _directory.Attach(Cut(ref counts, directoryLength));
        _counts.Attach(counts);
        if (_pairsLeft > 0) _directory.BeginPair(0);
        if (!_hasDetail) return;

        head = new BitReader(detail);
        _rtt = new StripReader(ref head, RttPart.Columns, RttPart.BasedColumns);
        _path = new StripReader(ref head, PathPart.Columns, PathPart.BasedColumns);
        _flows = new StripReader(ref head, FlowsPart.Columns, FlowsPart.BasedColumns);
        int rttLength = Length(head.Sized()), pathLength = Length(head.Sized()), flowsLength = Length(head.Sized());
        detail = detail[((head.Position + 7) / 8)..];
        _rtt.Attach(Cut(ref detail, rttLength));
        _path.Attach(Cut(ref detail, pathLength));
        _flows.Attach(Cut(ref detail, flowsLength));
        _ports = detail;
    }

    /// <summary>The destination of the pair that is being read.</summary>
    public readonly int Destination => _pair.GetValueOrDefault().Destination;

    /// <summary>Its class.</summary>
    public readonly byte Class => _pair.GetValueOrDefault().Class;

    /// <summary>How many points it has.</summary>
    public readonly int Points => _pair.GetValueOrDefault().Points;

    /// <summary>The moment of the point that is being read.</summary>
    public readonly DateTimeOffset Moment => Time(_point.Moment);

    /// <summary>Goes to the next pair; false behind the last one.</summary>
    public bool NextPair()
    {
        if (_pairsLeft == 0)
        {
            _pair = null;
            return false;
        }

        _pairsLeft--;
        var pair = new BlockPair();
        DirectoryPart.Transfer(ref _directory, _pair, ref pair);
        Take(pair.Points);
        _pair = pair;
        _places = _placesBehind;
        _placesBehind.Pass(pair);
        BeginPoints();
        return true;
    }

    /// <summary>
    /// Goes to a pair, or to the first that comes after where it would be; false when there is none. It never goes back: where the pair
    /// that is being read is or comes after the wanted one, it stays there, in front of its first point.
    /// </summary>
    public bool Seek(int destination, byte trafficClass)
    {
        if (_pair is not null && IsAtOrBehind(destination, trafficClass))
        {
            BeginPoints();
            return true;
        }

        while (NextPair())
            if (IsAtOrBehind(destination, trafficClass)) return true;
        return false;
    }

    /// <summary>Goes to the next point of the pair; false behind the last one.</summary>
    public bool NextPoint()
    {
        if (_at + 1 >= Points) return false;
        if (++_at == 0)
        {
            _counts.BeginPair(_places.Counts);
            _countsBefore = default;
            _point = default;
        }

        long before = _point.Moment;
        CountsPart.Transfer(ref _counts, ref _countsBefore, ref _point);
        if (_at > 0 && _point.Moment <= before) throw BitReader.Damaged();
        return true;
    }

    /// <summary>Adds the point to totals: counts, and as much of the rest as is wanted.</summary>
    public void AddTo(PairTotals totals, HistoryDetail detail)
    {
        bool isLater = totals.AddCounts(Time(_point.Start), Time(_point.End), _point.Intervals, _point.SuspectIntervals, _point.Counts);
        if (!_hasDetail) return;
        if ((detail & HistoryDetail.Rtt) != 0)
        {
            CatchUp(HistoryDetail.Rtt, ref _rttNext);
            ReadRtt(_point, totals);
        }

        if ((detail & HistoryDetail.Path) != 0)
        {
            CatchUp(HistoryDetail.Path, ref _pathNext);
            totals.AddPath(ReadPath(), isLater);
        }

        if ((detail & HistoryDetail.Flows) != 0)
        {
            CatchUp(HistoryDetail.Flows, ref _flowsNext);
            ReadFlows(_point, totals);
        }
    }

    private readonly bool IsAtOrBehind(int destination, byte trafficClass) =>
        Destination > destination || (Destination == destination && Class >= trafficClass);

    private void BeginPoints() => _at = _rttNext = _pathNext = _flowsNext = -1;

    /// <summary>Brings a part to the point that is being read, whichever points were left out.</summary>
    private void CatchUp(HistoryDetail part, ref int next)
    {
        if (next == _at) return;
        if (next < 0 || next > _at)
        {
            Begin(part);
            next = 0;
        }

        if (next == _at) return;
        StripReader counts = _counts;
        var before = new CountsBefore();
        var point = new CountsPoint();
        counts.BeginPair(_places.Counts);
        for (int at = 0, from = next; at < _at; at++)
        {
            CountsPart.Transfer(ref counts, ref before, ref point);
            if (at < from) continue;
            if (part == HistoryDetail.Rtt) ReadRtt(point, null);
            else if (part == HistoryDetail.Path) ReadPath();
            else ReadFlows(point, null);
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

    private void ReadRtt(in CountsPoint counts, PairTotals? totals)
    {
        _rttNext++;
        var point = new RttPoint();
        Take(RttPart.Transfer(ref _rtt, ref _rttBefore, counts, ref point, totals));
        if (totals is null) return;
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
        public int Counts;
        public int Rtt;
        public int Path;
        public int Flows;

        public void Pass(in BlockPair pair)
        {
            Counts += pair.CountsBits;
            Rtt += pair.RttBits;
            Path += pair.PathBits;
            Flows += pair.FlowsBits;
        }
    }
}
