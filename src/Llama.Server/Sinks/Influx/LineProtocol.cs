using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Llama.Mesh;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Influx;

/// <summary>
/// Writes records as InfluxDB's line protocol: one line for each row, stamped with the end of its interval in whole seconds. Nothing
/// is allocated for a line once the buffers have grown. Used again and again; belongs to one thread at a time.
/// </summary>
/// <remarks>
/// <code>
/// raw_stats     a pair and class; the one measurement of the original collectors, whose tags and fields it has, and more
/// flow_stats    a flow of a pair; the tag src_port besides those of the pair
/// rollup_stats  pairs rolled up; no tags but those it was rolled up by
/// </code>
/// The points of an original collector keep their own measurement, tags and fields.
/// </remarks>
/// <param name="fields">Which fields pairs and flows get; null for all.</param>
internal sealed class LineProtocol(LineFields? fields = null)
{
    private const int FewFields = 64;

    private static readonly byte[][] ClassNames = [.. Enumerable.Range(0, 256).Select(octet => Encoding.UTF8.GetBytes(TrafficClass.Name((byte)octet)))];

    private readonly ArrayBufferWriter<byte> _text = new(64 * 1024);
    private readonly LineFields _fields = fields ?? new LineFields();
    private readonly LineTags _tags = new();
    private readonly byte[] _stamp = new byte[24];
    private int _stampLength;

    // How many tags of the pair at hand are written; -1 while they are not.
    private int _pairTags = -1;

    /// <summary>The lines since <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Text => _text.WrittenMemory;

    /// <summary>How many they are.</summary>
    public int Lines { get; private set; }

    public void Clear()
    {
        _text.ResetWrittenCount();
        Lines = 0;
    }

    /// <summary>Adds rows of a record until there are none left or the text is full.</summary>
    /// <param name="record">A record that <see cref="ReportReader"/> reads.</param>
    /// <param name="from">How many of its rows were added before.</param>
    /// <param name="maxBytes">Once the text is this long it is full; a line goes beyond.</param>
    /// <param name="maxLines">Once it has so many lines it is full.</param>
    /// <returns>How many rows have been added by now; null when that is all of them.</returns>
    public int? Write(ReadOnlySpan<byte> record, int from, int maxBytes, int maxLines)
    {
        var reader = new ReportReader(record);
        bool isSuspect = (reader.Flags & RecordFlags.Suspect) != 0;
        _stampLength = Stamp(WholeSeconds(reader.End), _stamp);
        for (int row = 0; reader.NextRow(); row++)
        {
            if (reader.Kind == RowKind.Pair) _pairTags = -1;
            if (row < from) continue;
            if (_text.WrittenCount >= maxBytes || Lines >= maxLines) return row;
            if (reader.Kind == RowKind.Point) WritePoint(ref reader);
            else WriteMeasured(ref reader, isSuspect);
        }

        return null;
    }

    private void WriteMeasured(ref ReportReader reader, bool isSuspect)
    {
        Measures measures = reader.Measures;
        if (!_fields.HasAny(measures)) return;
        bool isFlow = reader.Kind == RowKind.Flow;
        _text.Write(isFlow ? "flow_stats"u8 : reader.Address.IsEmpty ? "rollup_stats"u8 : "raw_stats"u8);
        if (_pairTags < 0) _pairTags = AddPairTags(ref reader);
        _tags.KeepFirst(_pairTags);
        if (isFlow) AddNumber("src_port"u8, reader.SourcePort);
        _tags.WriteSorted(_text);
        _fields.Write(measures, isSuspect, _text);
        _text.Write(_stamp.AsSpan(0, _stampLength));
        Lines++;
    }

    /// <summary>The tags that the target gives, which go before all others; then ours, and those of whoever measured.</summary>
    private int AddPairTags(ref ReportReader reader)
    {
        _tags.Clear();
        foreach (TextPair tag in reader.Tags) _tags.Add(tag.Key, tag.Value);
        if (reader.Address.IsEmpty) return _tags.Count;
        _tags.Add("class"u8, ClassNames[reader.Class]);
        _tags.Add("dst_ip"u8, reader.Address);
        AddNumber("dst_port"u8, reader.Port);
        _tags.Add("src_ip"u8, reader.Source);
        foreach (TextPair tag in reader.OriginTags)
            if (!tag.Key.IsEmpty) _tags.Add("src_"u8, tag.Key, tag.Value);
        return _tags.Count;
    }

    private void AddNumber(ReadOnlySpan<byte> key, int number)
    {
        Span<byte> digits = stackalloc byte[12];
        Utf8Formatter.TryFormat(number, digits, out int length);
        _tags.Add(key, digits[..length]);
    }

    private void WritePoint(ref ReportReader reader)
    {
        // A point without a field is no line; whether there is one shows only behind the tags.
        bool hasFields = false;
        foreach (Field field in reader.Fields) hasFields |= !field.Name.IsEmpty && double.IsFinite(field.Value);
        if (!hasFields) return;

        _text.Advance(LineText.WriteMeasurement(reader.Measurement, _text.GetSpan(1 + LineText.LongestFactor * reader.Measurement.Length)));
        _tags.Clear();
        _pairTags = -1;
        foreach (TextPair tag in reader.Tags) _tags.Add(tag.Key, tag.Value);
        _tags.WriteSorted(_text);
        WriteFields(reader.Fields);
        Span<byte> stamp = stackalloc byte[24];
        int length = reader.UnixSeconds is { } own ? Stamp(own, stamp) : 0;
        _text.Write(length > 0 ? stamp[..length] : _stamp.AsSpan(0, _stampLength));
        Lines++;
    }

    /// <summary>Writes fields sorted by name, each looked for among all; as they come where they are too many for that.</summary>
    private void WriteFields(FieldList fields)
    {
        bool isFirst = true;
        if (fields.Count > FewFields)
        {
            foreach (Field field in fields) isFirst &= !LineFields.Write(field.Name, field.Value, isFirst, _text);
            return;
        }

        ReadOnlySpan<byte> last = [];
        while (true)
        {
            Field next = default;
            foreach (Field field in fields)
                if (field.Name.SequenceCompareTo(last) > 0 && (next.Name.IsEmpty || field.Name.SequenceCompareTo(next.Name) < 0)) next = field;
            if (next.Name.IsEmpty) return;
            isFirst &= !LineFields.Write(next.Name, next.Value, isFirst, _text);
            last = next.Name;
        }
    }

    /// <summary>
    /// The end of an interval, rounded up: the last one of a collector that was told to end is shorter than others, and must not take
    /// the place of the one before it.
    /// </summary>
    private static long WholeSeconds(DateTimeOffset end) => end.AddTicks(TimeSpan.TicksPerSecond - 1).ToUnixTimeSeconds();

    /// <summary>A space, the seconds since the Unix epoch and the end of the line.</summary>
    private static int Stamp(long unixSeconds, Span<byte> to)
    {
        to[0] = (byte)' ';
        Utf8Formatter.TryFormat(unixSeconds, to[1..], out int length);
        to[length + 1] = (byte)'\n';
        return length + 2;
    }
}
