using System.Buffers.Binary;
using System.Numerics;

namespace Llama.Server.Sinks.Records;

/// <summary>What is said of a whole record.</summary>
[Flags]
internal enum RecordFlags : byte
{
    None = 0,

    /// <summary>The collector does not trust its interval.</summary>
    Suspect = 0x01,

    /// <summary>The collector, an original, does not tell its interval; whoever asked it reckoned one.</summary>
    Reckoned = 0x02,
}

/// <summary>What a row is.</summary>
internal enum RowKind : byte
{
    /// <summary>Before the first row.</summary>
    None = 0,

    /// <summary>A pair and class.</summary>
    Pair = 1,

    /// <summary>A flow of the last pair.</summary>
    Flow = 2,

    /// <summary>A point of an original collector: whatever fields it has, and as measures those of them that are known here.</summary>
    Point = 3,
}

/// <summary>
/// Reads what <see cref="ReportWriter"/> wrote, row by row, without copying: all spans lie within the record. Anything else than
/// such a record ends in an <see cref="InvalidDataException"/>, wherever it is noticed.
/// </summary>
internal ref struct ReportReader
{
    /// <summary>The version of the format.</summary>
    public const byte Version = 1;

    private RecordCursor _rest;
    private TextPairs _tags;
    private Measures _measures;
    private BucketList _buckets;

    /// <summary>Reads the head of a record.</summary>
    public ReportReader(ReadOnlySpan<byte> record)
    {
        var head = new RecordCursor(record);
        if (head.Octet() != Version) throw RecordCursor.Malformed();
        Flags = (RecordFlags)head.Octet();
        Start = Time(head.Take(8));
        End = Time(head.Take(8));
        Origin = head.Text();
        OriginTags = head.Pairs();
        _rest = head;
    }

    public RecordFlags Flags { get; }

    public DateTimeOffset Start { get; }

    public DateTimeOffset End { get; }

    /// <summary>Who measured: a probe's name with its group, or the address of a collector.</summary>
    public ReadOnlySpan<byte> Origin { get; }

    /// <summary>The tags of who measured.</summary>
    public TextPairs OriginTags { get; }

    /// <summary>What the row is that was read last.</summary>
    public RowKind Kind { get; private set; }

    /// <summary>The row as it stands in the record, without its length: for <see cref="ReportWriter.AddRow"/>.</summary>
    public ReadOnlySpan<byte> Row { get; private set; }

    /// <summary>The address sent from. Of the pair, like all of these down to <see cref="Class"/> also while its flows are read.</summary>
    public ReadOnlySpan<byte> Source { get; private set; }

    /// <summary>The target as configured.</summary>
    public ReadOnlySpan<byte> Host { get; private set; }

    /// <summary>The address sent to.</summary>
    public ReadOnlySpan<byte> Address { get; private set; }

    /// <summary>The port sent to.</summary>
    public int Port { get; private set; }

    /// <summary>The ToS or traffic class octet.</summary>
    public byte Class { get; private set; }

    /// <summary>The tags of the pair (also while its flows are read) or point.</summary>
    public readonly TextPairs Tags => _tags;

    /// <summary>The numbers of the row.</summary>
    public readonly Measures Measures => _measures;

    /// <summary>The buckets of a pair's round-trip times.</summary>
    public readonly BucketList Buckets => _buckets;

    /// <summary>The source port of a flow.</summary>
    public int SourcePort { get; private set; }

    /// <summary>The measurement of a point.</summary>
    public ReadOnlySpan<byte> Measurement { get; private set; }

    /// <summary>The point's own time in seconds since the Unix epoch; null for the report's.</summary>
    public long? UnixSeconds { get; private set; }

    /// <summary>The fields of a point.</summary>
    public FieldList Fields { get; private set; }

    /// <summary>Reads the next row; false behind the last one.</summary>
    public bool NextRow()
    {
        if (_rest.IsAtEnd) return false;
        Row = _rest.Text();
        var row = new RecordCursor(Row);
        Kind = (RowKind)row.Octet();
        switch (Kind)
        {
            case RowKind.Pair:
                Source = row.Text();
                Host = row.Text();
                Address = row.Text();
                Port = (int)row.Varint();
                Class = row.Octet();
                _tags = row.Pairs();
                ReadMeasures(ref row);
                _buckets = row.Buckets();
                break;
            case RowKind.Flow:
                SourcePort = (int)row.Varint();
                ReadMeasures(ref row);
                _buckets = default;
                break;
            case RowKind.Point:
                Measurement = row.Text();
                UnixSeconds = row.Varint() is var time and > 0 ? (long)((time - 1) >> 1) ^ -(long)((time - 1) & 1) : null;
                _tags = row.Pairs();
                ReadMeasures(ref row);
                Fields = row.Fields();
                _buckets = default;
                break;
            default:
                throw RecordCursor.Malformed();
        }

        return true;
    }

    private void ReadMeasures(ref RecordCursor row)
    {
        ulong known = row.Varint();
        if (known >> Measures.Count != 0) throw RecordCursor.Malformed();
        _measures = default;
        for (ulong left = known; left != 0; left &= left - 1) _measures[(Measure)BitOperations.TrailingZeroCount(left)] = (long)row.Varint();
    }

    private static DateTimeOffset Time(ReadOnlySpan<byte> octets)
    {
        long ticks = BinaryPrimitives.ReadInt64BigEndian(octets);
        return ticks >= DateTimeOffset.MinValue.Ticks - DateTimeOffset.UnixEpoch.Ticks && ticks <= DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks
            ? new DateTimeOffset(DateTimeOffset.UnixEpoch.Ticks + ticks, TimeSpan.Zero)
            : throw RecordCursor.Malformed();
    }
}
