using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Llama.Server.Intake;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Scraping;

/// <summary>
/// Reads what the /influxdata of an original collector answers into a record: as Go's encoding/json does, so member names match in either
/// case of letters and null is nothing. Used again and again; belongs to one thread at a time.
/// </summary>
internal sealed class PointsReader
{
    private const int MostOfEach = 128;
    private const double NanosPerMilli = 1e6;

    private readonly JsonOctets _key = new();
    private readonly JsonOctets _value = new();
    private readonly TagTable _pieces = new();
    private int _point;

    /// <summary>Points read that have fields.</summary>
    public int Count { get; private set; }

    /// <summary>Tells what was read from other points, whatever their order; within this process.</summary>
    public ulong Fingerprint { get; private set; }

    /// <summary>False where all points say that nothing came back: then the next interval may look just the same.</summary>
    public bool HasReply { get; private set; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">What the collector answered.</param>
    /// <param name="writer">A record whose head is written; the points are added.</param>
    /// <exception cref="InvalidDataException">It is malformed; the message says where.</exception>
    public void Read(ReadOnlySpan<byte> body, ReportWriter writer)
    {
        (Count, Fingerprint, HasReply, _point) = (0, 0, false, -1);
        var json = new Utf8JsonReader(body);
        try
        {
            json.Read();
            Expect(json.TokenType is JsonTokenType.StartArray or JsonTokenType.Null, "is not a list of points");
            if (json.TokenType == JsonTokenType.StartArray)
            {
                for (_point = 0; json.Read() && json.TokenType != JsonTokenType.EndArray; _point++) ReadPoint(ref json, body, writer);
                _point = -1;
            }

            while (json.Read())
            {
            }
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The body is not JSON: it breaks off or goes wrong in line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.", e);
        }
    }

    private void ReadPoint(ref Utf8JsonReader json, ReadOnlySpan<byte> body, ReportWriter writer)
    {
        if (json.TokenType == JsonTokenType.Null) return;
        Expect(json.TokenType == JsonTokenType.StartObject, "is not an object");
        int from = (int)json.TokenStartIndex;
        Range fields = default, tags = default, measurement = default;
        long? seconds = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            Expect(_key.TryTake(ref json, out ReadOnlySpan<byte> name), "has a member whose name is not well-formed Unicode");
            bool isFields = Ascii.EqualsIgnoreCase(name, "fields"u8), isTags = Ascii.EqualsIgnoreCase(name, "tags"u8);
            bool isMeasurement = Ascii.EqualsIgnoreCase(name, "measurement"u8), isTime = Ascii.EqualsIgnoreCase(name, "time"u8);
            json.Read();
            bool isNull = json.TokenType == JsonTokenType.Null;
            int start = (int)json.TokenStartIndex;
            if (isFields || isTags) Expect(isNull || json.TokenType == JsonTokenType.StartObject, isTags ? ".tags is not an object" : ".fields is not an object");
            if (isMeasurement) Expect(isNull || json.TokenType == JsonTokenType.String, ".measurement is not a text");
            if (isTime && !isNull) seconds = Seconds(ref json);
            json.Skip();
            Range value = isNull ? default : start..(int)json.BytesConsumed;
            if (isFields) fields = value;
            else if (isTags) tags = value;
            else if (isMeasurement) measurement = value;
        }

        Add(body[fields], body[tags], body[measurement], seconds, writer);
        Fingerprint += Hash(body[from..(int)json.BytesConsumed]);
    }

    private void Add(ReadOnlySpan<byte> fields, ReadOnlySpan<byte> tags, ReadOnlySpan<byte> measurement, long? seconds, ReportWriter writer)
    {
        _pieces.Clear();
        ReadTags(tags);
        int tagCount = _pieces.Count;
        Measures measures = ReadFields(fields);
        if (_pieces.Count == tagCount) return;

        writer.BeginPoint(Text(measurement), seconds);
        foreach (PlacedTag tag in _pieces[..tagCount]) writer.AddTag(_pieces.Key(tag), _pieces.Value(tag));
        writer.EndPointTags(measures);
        foreach (PlacedTag field in _pieces[tagCount..]) writer.AddField(_pieces.Key(field), BinaryPrimitives.ReadDoubleBigEndian(_pieces.Value(field)));
        writer.EndPoint();
        Count++;
    }

    private ReadOnlySpan<byte> Text(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty) return [];
        var reader = new Utf8JsonReader(json);
        reader.Read();
        Expect(_key.TryTake(ref reader, out ReadOnlySpan<byte> text), ".measurement is not well-formed Unicode");
        return text;
    }

    private void ReadTags(ReadOnlySpan<byte> tags)
    {
        if (tags.IsEmpty) return;
        var json = new Utf8JsonReader(tags);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            Expect(_key.TryTake(ref json, out ReadOnlySpan<byte> key), ".tags have a key that is not well-formed Unicode");
            json.Read();
            if (json.TokenType == JsonTokenType.Null) continue;
            Expect(json.TokenType == JsonTokenType.String, ".tags have a value that is not a text");
            Expect(_value.TryTake(ref json, out ReadOnlySpan<byte> value), ".tags have a value that is not well-formed Unicode");
            _pieces.Set(0, key, value);
            Expect(_pieces.Count <= MostOfEach, ".tags are too many: a point has at most 128");
        }
    }

    private Measures ReadFields(ReadOnlySpan<byte> fields)
    {
        Measures measures = default;
        if (fields.IsEmpty) return measures;
        int first = _pieces.Count;
        double? rtt = null;
        Span<byte> octets = stackalloc byte[sizeof(double)];
        var json = new Utf8JsonReader(fields);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            Expect(_key.TryTake(ref json, out ReadOnlySpan<byte> key), ".fields have a name that is not well-formed Unicode");
            json.Read();
            if (json.TokenType == JsonTokenType.Null) continue;
            double value = 0;
            Expect(json.TokenType == JsonTokenType.Number && json.TryGetDouble(out value) && double.IsFinite(value), ".fields have a value that is not a number");
            BinaryPrimitives.WriteDoubleBigEndian(octets, value);
            _pieces.Set(first, key, octets);
            Expect(_pieces.Count - first <= MostOfEach, ".fields are too many: a point has at most 128");
            if (key.SequenceEqual("sent"u8)) measures[Measure.Sent] = Whole(value);
            else if (key.SequenceEqual("lost"u8)) measures[Measure.Lost] = Whole(value);
            else if (key.SequenceEqual("rtt"u8)) rtt = value;
        }

        HasReply |= rtt is not 0;
        measures[Measure.RttMean] = rtt > 0 ? Whole(rtt.Value * NanosPerMilli) : null;

        // The original's mean is over all replies, so it counts as often as there were some.
        if (measures[Measure.Sent] - measures[Measure.Lost] is not { } received) return measures;
        measures[Measure.Received] = received;
        if (received <= 0 || measures[Measure.RttMean] is not { } mean) return measures;
        measures[Measure.RttCount] = received;
        measures[Measure.RttSum] = Whole((double)mean * received);
        return measures;
    }

    /// <summary>The nearest whole number; null where it would not be one that can be counted.</summary>
    private static long? Whole(double value) => value is >= 0 and < 1e18 ? (long)Math.Round(value) : null;

    /// <summary>Seconds since the Unix epoch; null for Go's zero time, which says nothing.</summary>
    private long? Seconds(ref Utf8JsonReader json)
    {
        DateTimeOffset time = default;
        Expect(json.TokenType == JsonTokenType.String && _value.TryTake(ref json, out _) && json.TryGetDateTimeOffset(out time), ".time is not a time");
        return time == DateTimeOffset.MinValue ? null : time.ToUnixTimeSeconds();
    }

    private static ulong Hash(ReadOnlySpan<byte> octets)
    {
        HashCode high = default, low = default;
        high.Add(0);
        high.AddBytes(octets);
        low.Add(1);
        low.AddBytes(octets);
        return ((ulong)(uint)high.ToHashCode() << 32) | (uint)low.ToHashCode();
    }

    private void Expect([DoesNotReturnIf(false)] bool holds, string otherwise)
    {
        if (holds) return;
        if (_point < 0) throw new InvalidDataException($"The body {otherwise}.");
        throw new InvalidDataException($"The point [{_point}]{(otherwise[0] == '.' ? "" : " ")}{otherwise}.");
    }
}
