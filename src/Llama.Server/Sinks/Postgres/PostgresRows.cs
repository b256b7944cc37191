using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Postgres;

/// <summary>
/// Lays records out as rows for COPY, straight from the record's octets. Used again and again by one thread at a time.
/// </summary>
/// <param name="buckets">Whether distributions of round-trip times are written, too.</param>
internal sealed class PostgresRows(bool buckets) : IDisposable
{
    /// <summary>What it writes, in this order: at the end the measures in theirs.</summary>
    public const string Columns =
        "time, interval_start, row_key, kind, origin, group_name, source_name, destination_name, source, destination, host, port, class, source_port, "
        + "measurement, suspect, reckoned, tags, origin_tags, fields, rtt_bucket_ns, rtt_bucket_count, "
        + "sent, received, lost, lost_forward, lost_reverse, late, duplicates, reordered, send_errors, rtt_count, rtt_sum_ns, rtt_min_ns, rtt_mean_ns, "
        + "rtt_p50_ns, rtt_p90_ns, rtt_p99_ns, rtt_max_ns, jitter_ns, delay_variation_ns, forward_delay_variation_ns, reverse_delay_variation_ns, "
        + "forward_ttl, reverse_ttl, forward_tos, reverse_tos, forward_remarked, reverse_remarked, forward_ttl_changes, pairs, lossy_pairs";

    private const int ColumnCount = 22 + Measures.Count;
    private readonly BinaryCopy _copy = new();
    private readonly RowIdentity _identity = new();
    private readonly ArrayBufferWriter<byte> _json = new(512);
    private readonly ArrayBufferWriter<byte> _originTags = new(512);
    private readonly Utf8JsonWriter _jsonWriter = new(Stream.Null);

    /// <summary>What has been laid out since <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Written => _copy.Written;

    /// <summary>Begins a COPY.</summary>
    public void Begin() => _copy.Begin();

    /// <summary>Forgets what has been laid out.</summary>
    public void Clear() => _copy.Clear();

    /// <summary>Ends a COPY.</summary>
    public void End() => _copy.End();

    public void Dispose() => _jsonWriter.Dispose();

    /// <summary>Adds the rows of a record.</summary>
    /// <exception cref="InvalidDataException">It is none, or damaged.</exception>
    public void Add(ReadOnlySpan<byte> record)
    {
        var reader = new ReportReader(record);
        WriteTags(reader.OriginTags, _originTags);
        while (reader.NextRow()) AddRow(reader);
    }

    private void AddRow(scoped in ReportReader row)
    {
        bool isPoint = row.Kind == RowKind.Point;
        DateTimeOffset end = row is { Kind: RowKind.Point, UnixSeconds: { } own } ? OwnTime(own) : row.End;
        ReadOnlySpan<byte> kind = row.Kind switch
        {
            RowKind.Pair when row.Address.IsEmpty => "rollup"u8,
            RowKind.Pair => "pair"u8,
            RowKind.Flow => "flow"u8,
            _ => "point"u8,
        };
        _copy.BeginRow(ColumnCount);
        _copy.Timestamp(end);
        _copy.Timestamp(row.Start < end ? row.Start : end);
        _copy.Uuid(_identity.OfRow(row));
        _copy.Text(kind);
        _copy.Text(Clean(row.Origin));
        NamedOrNull(row.Tags.Find("group"u8));
        NamedOrNull(row.Tags.Find("src_name"u8));
        NamedOrNull(row.Tags.Find("dst_name"u8));
        NamedOrNull(isPoint ? row.Tags.Find("src_ip"u8) : row.Source);
        NamedOrNull(isPoint ? row.Tags.Find("dst_ip"u8) : row.Address);
        NamedOrNull(isPoint ? default : row.Host);
        AddPort(row);
        if (kind[0] is (byte)'p' && !isPoint || row.Kind == RowKind.Flow) _copy.Smallint(row.Class);
        else _copy.Null();
        if (row.Kind == RowKind.Flow) _copy.Integer(row.SourcePort);
        else _copy.Null();
        NamedOrNull(isPoint ? row.Measurement : default);
        _copy.Boolean(row.Flags.HasFlag(RecordFlags.Suspect));
        _copy.Boolean(row.Flags.HasFlag(RecordFlags.Reckoned));
        WriteTags(row.Tags, _json);
        _copy.Jsonb(_json.WrittenSpan);
        _copy.Jsonb(_originTags.WrittenSpan);
        if (isPoint) AddFields(row.Fields);
        else _copy.Null();
        AddBuckets(row);
        for (int i = 0; i < Measures.Count; i++) _copy.Bigint(row.Measures[(Measure)i]);
    }

    private void AddPort(scoped in ReportReader row)
    {
        int port = row.Kind != RowKind.Point ? row.Port : Utf8Parser.TryParse(row.Tags.Find("dst_port"u8), out int told, out _) ? told : 0;
        if (port is > 0 and <= ushort.MaxValue) _copy.Integer(port);
        else _copy.Null();
    }

    private void NamedOrNull(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) _copy.Null();
        else _copy.Text(Clean(text));
    }

    private void WriteTags(TextPairs tags, ArrayBufferWriter<byte> json)
    {
        BeginJson(json);
        foreach (TextPair tag in tags) _jsonWriter.WriteString(Clean(tag.Key), Clean(tag.Value));
        EndJson();
    }

    private void AddFields(FieldList fields)
    {
        BeginJson(_json);
        foreach (Field field in fields)
        {
            // JSON has no infinity and no NaN.
            if (double.IsFinite(field.Value)) _jsonWriter.WriteNumber(Clean(field.Name), field.Value);
        }

        EndJson();
        _copy.Jsonb(_json.WrittenSpan);
    }

    private void BeginJson(ArrayBufferWriter<byte> json)
    {
        json.ResetWrittenCount();
        _jsonWriter.Reset(json);
        _jsonWriter.WriteStartObject();
    }

    private void EndJson()
    {
        _jsonWriter.WriteEndObject();
        _jsonWriter.Flush();
    }

    private void AddBuckets(scoped in ReportReader row)
    {
        if (!buckets || row.Buckets.Count == 0)
        {
            _copy.Null();
            _copy.Null();
            return;
        }

        _copy.BeginBigints(row.Buckets.Count);
        foreach (LatencyBucket bucket in row.Buckets) _copy.Bigint(LogLinear.MiddleNanos(Math.Min(bucket.Index, LogLinear.BucketCount - 1)));
        _copy.BeginBigints(row.Buckets.Count);
        foreach (LatencyBucket bucket in row.Buckets) _copy.Bigint(bucket.Count);
    }

    private static DateTimeOffset OwnTime(long unixSeconds) =>
        unixSeconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && unixSeconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(unixSeconds)
            : throw RecordCursor.Malformed();

    /// <summary>PostgreSQL's texts are UTF-8 without NUL. What is not gets the sign for what can't be shown, U+FFFD, in its place.</summary>
    private static ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> text) =>
        Utf8.IsValid(text) && !text.Contains((byte)0) ? text : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text).Replace('\0', '\uFFFD'));
}
