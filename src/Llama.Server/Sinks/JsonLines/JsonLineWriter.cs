using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Mesh;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.JsonLines;

/// <summary>
/// Writes records as lines of JSON, one for each row, complete in itself, with the names and units of /api/v2; what was not measured is
/// left out. Used again and again; belongs to one thread at a time.
/// </summary>
internal sealed class JsonLineWriter : IDisposable
{
    private static readonly string[] ClassNames = [.. Enumerable.Range(0, 256).Select(octet => TrafficClass.Name((byte)octet))];

    // The lines are no part of a page: what is not ASCII, and what HTML is made of, may stand as it is.
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (Measure Measure, JsonEncodedText Name)[] Datagrams = Named(
        (Measure.Sent, "sent"), (Measure.Received, "received"), (Measure.Lost, "lost"), (Measure.LostForward, "lost_forward"), (Measure.LostReverse, "lost_reverse"),
        (Measure.Late, "late"), (Measure.Duplicates, "duplicates"), (Measure.Reordered, "reordered"), (Measure.SendErrors, "send_errors"));

    private static readonly (Measure Measure, JsonEncodedText Name)[] Rtt = Named(
        (Measure.RttCount, "count"), (Measure.RttSum, "sum_ns"), (Measure.RttMin, "min_ns"), (Measure.RttMean, "mean_ns"), (Measure.RttP50, "p50_ns"),
        (Measure.RttP90, "p90_ns"), (Measure.RttP99, "p99_ns"), (Measure.RttMax, "max_ns"));

    private static readonly (Measure Measure, JsonEncodedText Name)[] Variation = Named(
        (Measure.Jitter, "jitter_ns"), (Measure.DelayVariation, "delay_variation_ns"), (Measure.ForwardDelayVariation, "forward_delay_variation_ns"),
        (Measure.ReverseDelayVariation, "reverse_delay_variation_ns"));

    private static readonly (Measure Measure, JsonEncodedText Name)[] Path = Named(
        (Measure.ForwardTtl, "forward_ttl"), (Measure.ReverseTtl, "reverse_ttl"), (Measure.ForwardTos, "forward_tos"), (Measure.ReverseTos, "reverse_tos"),
        (Measure.ForwardRemarked, "forward_remarked"), (Measure.ReverseRemarked, "reverse_remarked"), (Measure.ForwardTtlChanges, "forward_ttl_changes"));

    private static readonly (Measure Measure, JsonEncodedText Name)[] RolledUp = Named((Measure.Pairs, "pairs"), (Measure.LossyPairs, "lossy_pairs"));

    private readonly bool _withBuckets;
    private readonly ArrayBufferWriter<byte> _text = new(64 * 1024);
    private readonly Utf8JsonWriter _json;

    /// <summary>A writer of lines.</summary>
    /// <param name="withBuckets">True adds the buckets of round-trip times.</param>
    public JsonLineWriter(bool withBuckets)
    {
        _withBuckets = withBuckets;
        _json = new Utf8JsonWriter(_text, Options);
    }

    /// <summary>The lines since <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Text => _text.WrittenMemory;

    /// <summary>How many they are.</summary>
    public int Lines { get; private set; }

    public void Clear()
    {
        _text.ResetWrittenCount();
        Lines = 0;
    }

    /// <summary>Adds all rows of a record that <see cref="ReportReader"/> reads.</summary>
    public void Write(ReadOnlySpan<byte> record)
    {
        var reader = new ReportReader(record);
        while (reader.NextRow())
        {
            _json.Reset();
            _json.WriteStartObject();
            WriteRow(ref reader);
            _json.WriteEndObject();
            _json.Flush();
            _text.Write("\n"u8);
            Lines++;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private void WriteRow(ref ReportReader reader)
    {
        bool isRolledUp = reader.Kind == RowKind.Pair && reader.Address.IsEmpty;
        _json.WriteString("kind"u8, reader.Kind switch
        {
            RowKind.Flow => "flow"u8,
            RowKind.Point => "point"u8,
            _ => isRolledUp ? "rollup"u8 : "pair"u8,
        });
        WriteInterval(ref reader);
        if (reader.Kind == RowKind.Point)
        {
            WritePoint(ref reader);
            return;
        }

        if (!isRolledUp) WritePair(ref reader);
        WriteTags("tags"u8, reader.Tags);
        if (reader.Kind == RowKind.Flow) _json.WriteNumber("source_port"u8, reader.SourcePort);
        WriteMeasures(reader.Measures, reader.Buckets);
    }

    private void WriteInterval(ref ReportReader reader)
    {
        // As SummaryJson has it: RFC 3339, in UTC.
        const string rfc3339 = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";
        Span<byte> time = stackalloc byte[40];
        reader.Start.TryFormat(time, out int length, rfc3339);
        _json.WriteString("start"u8, time[..length]);
        reader.End.TryFormat(time, out length, rfc3339);
        _json.WriteString("end"u8, time[..length]);
        _json.WriteBoolean("suspect"u8, (reader.Flags & RecordFlags.Suspect) != 0);
        if ((reader.Flags & RecordFlags.Reckoned) != 0) _json.WriteBoolean("reckoned"u8, true);
        _json.WriteString("origin"u8, reader.Origin);
        WriteTags("origin_tags"u8, reader.OriginTags);
    }

    private void WritePair(ref ReportReader reader)
    {
        _json.WriteString("source"u8, reader.Source);
        _json.WriteStartObject("destination"u8);
        _json.WriteString("host"u8, reader.Host);
        _json.WriteString("address"u8, reader.Address);
        _json.WriteNumber("port"u8, reader.Port);
        _json.WriteEndObject();
        _json.WriteNumber("class"u8, reader.Class);
        _json.WriteString("class_name"u8, ClassNames[reader.Class]);
    }

    private void WritePoint(ref ReportReader reader)
    {
        _json.WriteString("measurement"u8, reader.Measurement);
        if (reader.UnixSeconds is { } seconds) _json.WriteNumber("unix_s"u8, seconds);
        WriteTags("tags"u8, reader.Tags);
        _json.WriteStartObject("fields"u8);
        foreach (Field field in reader.Fields)
            if (double.IsFinite(field.Value)) _json.WriteNumber(field.Name, field.Value);
        _json.WriteEndObject();
    }

    private void WriteMeasures(in Measures measures, BucketList buckets)
    {
        Write(measures, RolledUp);
        _json.WriteStartObject("datagrams"u8);
        Write(measures, Datagrams);
        if (measures[Measure.Sent] is > 0 and { } sent && measures[Measure.Lost] is { } lost) _json.WriteNumber("loss_ratio"u8, (double)lost / sent);
        _json.WriteEndObject();
        _json.WriteStartObject("rtt"u8);
        Write(measures, Rtt);
        if (_withBuckets && buckets.Count > 0) WriteBuckets(buckets);
        _json.WriteEndObject();
        Write(measures, Variation);
        _json.WriteStartObject("path"u8);
        Write(measures, Path);
        _json.WriteEndObject();
    }

    private void WriteBuckets(BucketList buckets)
    {
        _json.WriteStartArray("buckets"u8);
        foreach (LatencyBucket bucket in buckets)
        {
            _json.WriteStartArray();
            _json.WriteNumberValue(bucket.Index);
            _json.WriteNumberValue(bucket.Count);
            _json.WriteEndArray();
        }

        _json.WriteEndArray();
    }

    private void WriteTags(ReadOnlySpan<byte> name, TextPairs tags)
    {
        if (tags.Count == 0) return;
        _json.WriteStartObject(name);
        foreach (TextPair tag in tags) _json.WriteString(tag.Key, tag.Value);
        _json.WriteEndObject();
    }

    private void Write(in Measures measures, (Measure Measure, JsonEncodedText Name)[] members)
    {
        foreach ((Measure measure, JsonEncodedText name) in members)
            if (measures[measure] is { } value) _json.WriteNumber(name, value);
    }

    private static (Measure Measure, JsonEncodedText Name)[] Named(params (Measure Measure, string Name)[] members) =>
        [.. members.Select(member => (member.Measure, JsonEncodedText.Encode(Encoding.UTF8.GetBytes(member.Name))))];
}
