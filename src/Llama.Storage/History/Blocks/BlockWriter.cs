using System.Buffers;
using System.Buffers.Binary;
using Llama.Engine.Summaries;
using Llama.Storage.Spooling;

namespace Llama.Storage.History.Blocks;

/// <summary>Writes points of pairs as a block. <see cref="BlockReader"/> reads it.</summary>
/// <remarks>
/// <code>
/// counts      version = 1   1     head    directory strip    counts strip     checksum of detail   4    checksum   4
///             head:  table of counts    table of the directory     pairs   sized     octets of the directory strip   sized
/// detail      head    lengths strip    round-trip times strip    path marks strip    flows strip    lists of ports
///             head:  table of round-trip times, of path marks, of flows, of lengths       octets of each of their strips   sized
/// checksum    CRC-32C, network order, of all octets of the detail; of all octets of the counts before it
///
/// Head, strips and lists begin at a whole octet. A strip has a part for each pair, in the order of destination and class; all of the
/// directory is one part. Tables and strips are laid out as StripWriter says, what the parts consist of is in DirectoryPart, CountsPart,
/// RttPart, PathPart and FlowsPart, what a code and a sized number is in BitReader.
/// </code>
/// </remarks>
internal sealed class BlockWriter
{
    /// <summary>Version of what it writes.</summary>
    public const byte Version = 1;

    /// <summary>Octets of the checksums.</summary>
    public const int TailLength = 8;

    /// <summary>Most points, buckets and flows of a block together.</summary>
    public const int MostPieces = 1 << 24;

    private readonly StripWriter _directory = new(DirectoryPart.Columns, DirectoryPart.Columns);
    private readonly StripWriter _counts = new(CountsPart.Columns, CountsPart.BasedColumns);
    private readonly StripWriter _lengths = new(LengthsPart.Columns, LengthsPart.Columns);
    private readonly StripWriter _rtt = new(RttPart.Columns, RttPart.BasedColumns);
    private readonly StripWriter _path = new(PathPart.Columns, PathPart.BasedColumns);
    private readonly StripWriter _flows = new(FlowsPart.Columns, FlowsPart.BasedColumns);
    private readonly PortLists _ports = new();
    private readonly BitWriter _head = new();
    private readonly ArrayBufferWriter<byte> _countsBlob = new(4096);
    private readonly ArrayBufferWriter<byte> _detailBlob = new(16384);
    private long _pieces;

    /// <summary>The counts of the block that was written last.</summary>
    public ReadOnlySpan<byte> Counts => _countsBlob.WrittenSpan;

    /// <summary>Its detail.</summary>
    public ReadOnlySpan<byte> Detail => _detailBlob.WrittenSpan;

    /// <summary>Writes pairs, which are in the order of destination and class, none of them empty.</summary>
    /// <exception cref="InvalidOperationException">They are too many.</exception>
    public void Write(IReadOnlyList<BlockLine> lines)
    {
        Clear();
        for (int i = 0; i < lines.Count; i++) Add(lines[i]);
        if (_pieces > MostPieces) throw new InvalidOperationException($"{_pieces} points, buckets and flows are too many for a block.");
        WriteDetail();
        WriteCounts(lines);
    }

    private void Clear()
    {
        _pieces = 0;
        _directory.Clear();
        _counts.Clear();
        _lengths.Clear();
        _rtt.Clear();
        _path.Clear();
        _flows.Clear();
        _ports.Clear();
        _head.Clear();
        _countsBlob.ResetWrittenCount();
        _detailBlob.ResetWrittenCount();
    }

    private void Add(BlockLine line)
    {
        var countsBefore = new CountsBefore();
        var rttBefore = new RttBefore();
        var pathBefore = new PathBefore(line.Class);
        var flowsBefore = new FlowsBefore();
        var counts = new SymbolWriter(_counts);
        var rtt = new SymbolWriter(_rtt);
        var path = new SymbolWriter(_path);
        var flows = new SymbolWriter(_flows);
        ReadOnlySpan<int> ports = _ports.Take(line, out int portsAt);
        FlowsPart.TransferPorts(ref flows, portsAt);
        for (int i = 0; i < line.Points.Count; i++)
        {
            (long moment, PairTotals totals) = line.Points[i];
            CountsPoint point = CountsOf(moment, totals);
            CountsPart.Transfer(ref counts, ref countsBefore, ref point);
            RttPoint times = RttOf(totals);
            RttPart.Transfer(ref rtt, ref rttBefore, point, ref times, totals);
            PathMarks marks = totals.Path;
            PathPart.Transfer(ref path, ref pathBefore, ref marks);
            AddFlows(ref flows, ref flowsBefore, point, ports, totals.Flows);
            _pieces += 1 + totals.Buckets.Length + totals.Flows.Length;
        }

        _counts.EndPair();
        _rtt.EndPair();
        _path.EndPair();
        _flows.EndPair();
    }

    private static void AddFlows(
        ref SymbolWriter symbols, ref FlowsBefore before, in CountsPoint counts, ReadOnlySpan<int> ports, ReadOnlySpan<FlowTotals> flows)
    {
        int next = 0;
        for (int place = 0; place < ports.Length; place++)
        {
            bool isThere = next < flows.Length && flows[next].SourcePort == ports[place];
            FlowTotals flow = isThere ? flows[next++] : default;
            FlowsPart.Transfer(ref symbols, ref before, counts, place, ref flow, ref isThere);
        }

        before.EndPoint();
    }

    private static CountsPoint CountsOf(long moment, PairTotals totals) => new()
    {
        Moment = moment,
        Start = totals.Start.UtcTicks - DateTimeOffset.UnixEpoch.Ticks,
        End = totals.End.UtcTicks - DateTimeOffset.UnixEpoch.Ticks,
        Intervals = totals.Intervals,
        SuspectIntervals = totals.SuspectIntervals,
        Counts = totals.Counts,
    };

    private static RttPoint RttOf(PairTotals totals) => new()
    {
        InBuckets = totals.InBuckets,
        Count = totals.RttCount,
        SumNanos = totals.RttSumNanos,
        MinNanos = totals.RttMinNanos,
        MaxNanos = totals.RttMaxNanos,
        JitterNanos = totals.JitterNanos,
        JitterWeight = totals.JitterWeight,
        ForwardNanos = totals.ForwardDelayVariationNanos,
        ReverseNanos = totals.ReverseDelayVariationNanos,
    };

    private void WriteDetail()
    {
        ReadOnlySpan<byte> rtt = _rtt.Finish(_head), path = _path.Finish(_head), flows = _flows.Finish(_head);
        AddLengths();
        ReadOnlySpan<byte> lengths = _lengths.Finish(_head);
        _head.WriteSized((ulong)rtt.Length);
        _head.WriteSized((ulong)path.Length);
        _head.WriteSized((ulong)flows.Length);
        _head.WriteSized((ulong)lengths.Length);
        _detailBlob.Write(_head.Octets());
        _detailBlob.Write(lengths);
        _detailBlob.Write(rtt);
        _detailBlob.Write(path);
        _detailBlob.Write(flows);
        _detailBlob.Write(_ports.Octets());
    }

    private void WriteCounts(IReadOnlyList<BlockLine> lines)
    {
        _head.Clear();
        ReadOnlySpan<byte> counts = _counts.Finish(_head);
        AddDirectory(lines);
        ReadOnlySpan<byte> directory = _directory.Finish(_head);
        _head.WriteSized((ulong)lines.Count);
        _head.WriteSized((ulong)directory.Length);
        _countsBlob.Write([Version]);
        _countsBlob.Write(_head.Octets());
        _countsBlob.Write(directory);
        _countsBlob.Write(counts);
        WriteChecksum(Crc32C.Of(Detail));
        WriteChecksum(Crc32C.Of(Counts));
    }

    private void AddLengths()
    {
        var symbols = new SymbolWriter(_lengths);
        for (int i = 0; i < _rtt.PairBits.Length; i++)
        {
            var lengths = new PartLengths { RttBits = _rtt.PairBits[i], PathBits = _path.PairBits[i], FlowsBits = _flows.PairBits[i] };
            LengthsPart.Transfer(ref symbols, ref lengths);
        }

        _lengths.EndPair();
    }

    private void AddDirectory(IReadOnlyList<BlockLine> lines)
    {
        var symbols = new SymbolWriter(_directory);
        var before = new BlockPair();
        for (int i = 0; i < lines.Count; i++)
        {
            var pair = new BlockPair { Destination = lines[i].Destination, Class = lines[i].Class, Points = lines[i].Points.Count };
            DirectoryPart.Transfer(ref symbols, i == 0, before, ref pair);
            before = pair;
        }

        _directory.EndPair();
    }

    private void WriteChecksum(uint checksum)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_countsBlob.GetSpan(sizeof(uint)), checksum);
        _countsBlob.Advance(sizeof(uint));
    }
}
