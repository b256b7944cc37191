using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Llama.Engine.Summaries;

namespace Llama.Server.Sinks.Records;

/// <summary>
/// Writes a report as the record that sinks read and the spool keeps: octets only, so that millions of pairs leave no garbage. Used
/// again and again; belongs to one thread at a time. <see cref="ReportReader"/> reads what it writes.
/// </summary>
/// <remarks>
/// <code>
/// record   version = 1   1    flags   1    start   8    end   8    origin   text    tags of the origin   list    rows
///          flags: 0x01 suspect, 0x02 the interval is reckoned by whoever asked an original collector
///          start, end: 100 ns since the Unix epoch, network order
/// row      length   varint, of what follows       kind   1    content
/// pair     (kind 1)  source   text    host   text    address   text    port   varint    class   1    tags   list    measures    buckets
/// flow     (kind 2)  source port   varint    measures                     a flow of the last pair before it
/// point    (kind 3)  measurement   text    time   varint    tags   list    measures    fields
///          time: 0 for the report's, else 1 + zigzag(seconds since the Unix epoch)
/// measures which   varint, bit n for Measure n       one varint for each that is set, lowest first
/// buckets  count   varint     then for each   index less the one before   varint    datagrams   varint      laid out as LogLinear
/// fields   count   varint     then for each   name   text    value   8, IEEE 754, network order
/// list     count   varint     then for each   key   text    value   text
/// text     length  varint     octets, UTF-8
/// varint   seven bits an octet, lowest first, 0x80 on all but the last
/// </code>
/// </remarks>
internal sealed class ReportWriter
{
    private readonly ArrayBufferWriter<byte> _record = new(4096);
    private readonly ArrayBufferWriter<byte> _row = new(1024);
    private readonly ArrayBufferWriter<byte> _list = new(512);
    private int _listed;

    /// <summary>What has been written since <see cref="Begin"/>.</summary>
    public ReadOnlyMemory<byte> Record => _record.WrittenMemory;

    /// <summary>Begins a record; the origin's tags follow with <see cref="AddTag(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>, then <see cref="EndOriginTags"/>.</summary>
    public void Begin(DateTimeOffset start, DateTimeOffset end, RecordFlags flags, ReadOnlySpan<byte> origin)
    {
        _record.ResetWrittenCount();
        Span<byte> head = _record.GetSpan(18);
        head[0] = ReportReader.Version;
        head[1] = (byte)flags;
        BinaryPrimitives.WriteInt64BigEndian(head[2..], start.UtcTicks - DateTimeOffset.UnixEpoch.Ticks);
        BinaryPrimitives.WriteInt64BigEndian(head[10..], end.UtcTicks - DateTimeOffset.UnixEpoch.Ticks);
        _record.Advance(18);
        WriteText(_record, origin);
        BeginList();
    }

    /// <summary>Ends the tags of the origin: rows follow.</summary>
    public void EndOriginTags() => EndList(_record);

    /// <summary>Adds a tag to what is begun: the record, a pair or a point.</summary>
    public void AddTag(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        WriteText(_list, key);
        WriteText(_list, value);
        _listed++;
    }

    /// <inheritdoc cref="AddTag(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public void AddTag(string key, string value)
    {
        WriteText(_list, key);
        WriteText(_list, value);
        _listed++;
    }

    /// <summary>Begins a pair; its tags follow, then <see cref="EndPair"/>.</summary>
    public void BeginPair(ReadOnlySpan<byte> source, ReadOnlySpan<byte> host, ReadOnlySpan<byte> address, int port, byte trafficClass)
    {
        BeginRow(RowKind.Pair);
        WriteText(_row, source);
        WriteText(_row, host);
        WriteText(_row, address);
        WriteVarint(_row, (ulong)port);
        WriteOctet(_row, trafficClass);
        BeginList();
    }

    /// <summary>Ends a pair; its flows may follow.</summary>
    public void EndPair(in Measures measures, ReadOnlySpan<LatencyBucket> buckets)
    {
        EndList(_row);
        WriteMeasures(measures);
        WriteVarint(_row, (ulong)buckets.Length);
        int before = 0;
        foreach (LatencyBucket bucket in buckets)
        {
            WriteVarint(_row, (ulong)(bucket.Index - before));
            WriteVarint(_row, (ulong)bucket.Count);
            before = bucket.Index;
        }

        EndRow();
    }

    /// <summary>Adds a flow of the pair before.</summary>
    public void AddFlow(int sourcePort, in Measures measures)
    {
        BeginRow(RowKind.Flow);
        WriteVarint(_row, (ulong)sourcePort);
        WriteMeasures(measures);
        EndRow();
    }

    /// <summary>Begins a point of an original collector; its tags follow, then <see cref="EndPointTags"/>.</summary>
    /// <param name="measurement">Its measurement.</param>
    /// <param name="unixSeconds">Its own time; null for the report's.</param>
    public void BeginPoint(ReadOnlySpan<byte> measurement, long? unixSeconds)
    {
        BeginRow(RowKind.Point);
        WriteText(_row, measurement);
        WriteVarint(_row, unixSeconds is { } seconds ? 1 + (((ulong)seconds << 1) ^ (ulong)(seconds >> 63)) : 0);
        BeginList();
    }

    /// <summary>Ends the tags of a point; its fields follow with <see cref="AddField"/>, then <see cref="EndPoint"/>.</summary>
    public void EndPointTags(in Measures measures)
    {
        EndList(_row);
        WriteMeasures(measures);
        BeginList();
    }

    /// <summary>Adds a field to a point.</summary>
    public void AddField(ReadOnlySpan<byte> name, double value)
    {
        WriteText(_list, name);
        BinaryPrimitives.WriteDoubleBigEndian(_list.GetSpan(8), value);
        _list.Advance(8);
        _listed++;
    }

    /// <summary>Ends a point.</summary>
    public void EndPoint()
    {
        EndList(_row);
        EndRow();
    }

    /// <summary>Adds a row as another record has it.</summary>
    public void AddRow(ReadOnlySpan<byte> row)
    {
        WriteVarint(_record, (ulong)row.Length);
        _record.Write(row);
    }

    private void BeginRow(RowKind kind)
    {
        _row.ResetWrittenCount();
        WriteOctet(_row, (byte)kind);
    }

    private void EndRow() => AddRow(_row.WrittenSpan);

    private void BeginList()
    {
        _list.ResetWrittenCount();
        _listed = 0;
    }

    private void EndList(ArrayBufferWriter<byte> output)
    {
        WriteVarint(output, (ulong)_listed);
        output.Write(_list.WrittenSpan);
    }

    private void WriteMeasures(in Measures measures)
    {
        WriteVarint(_row, measures.Known);
        for (uint left = measures.Known; left != 0; left &= left - 1)
            WriteVarint(_row, (ulong)measures[(Measure)BitOperations.TrailingZeroCount(left)].GetValueOrDefault());
    }

    private static void WriteText(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        WriteVarint(output, (ulong)text.Length);
        output.Write(text);
    }

    private static void WriteText(ArrayBufferWriter<byte> output, string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        WriteVarint(output, (ulong)length);
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(length)));
    }

    private static void WriteOctet(ArrayBufferWriter<byte> output, byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    private static void WriteVarint(ArrayBufferWriter<byte> output, ulong value)
    {
        Span<byte> room = output.GetSpan(10);
        int length = 0;
        while (value >= 0x80)
        {
            room[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        room[length++] = (byte)value;
        output.Advance(length);
    }
}
