using System.Buffers;
using System.Text;
using System.Text.Json;
using Llama.Server.Collecting;
using Llama.Server.Discovery.Native;
using Llama.Server.Intake;
using Llama.Storage.History;

namespace Llama.Server.History;

/// <summary>What the answers about series, flows and worst pairs have in common.</summary>
internal static class PastJson
{
    /// <summary>A writer of an answer.</summary>
    public static Utf8JsonWriter Writer(IBufferWriter<byte> output) => new(output, new JsonWriterOptions { SkipValidation = true });

    /// <summary>Class, span and units.</summary>
    public static void WriteHead(Utf8JsonWriter json, HistoryQuery query, IEnumerable<MatrixMetric> metrics)
    {
        WriteSpan(json, query);
        MatrixJson.WriteUnits(json, metrics);
    }

    /// <summary>Class and span.</summary>
    public static void WriteSpan(Utf8JsonWriter json, HistoryQuery query)
    {
        MatrixJson.WriteClass(json, query.Class);
        json.WriteTime("from"u8, query.From);
        json.WriteTime("to"u8, query.To);
        if (query.Step is { } step) json.WriteNumber("step_ms"u8, (long)step.TotalMilliseconds);
    }

    /// <summary>What the answer rests on, and its end.</summary>
    public static void WriteEnd(Utf8JsonWriter json, HistoryAnswer answer) => WriteEnd(json, answer.Oldest, answer.Newest);

    /// <summary>Start of the first and end of the last interval of an answer, and its end.</summary>
    public static void WriteEnd(Utf8JsonWriter json, DateTimeOffset? oldest, DateTimeOffset? newest)
    {
        SummaryJson.WriteTime(json, "oldest", oldest);
        SummaryJson.WriteTime(json, "newest", newest);
        json.WriteEndObject();
        json.Flush();
    }

    /// <summary>When points begin, and how long they are where that is not the step.</summary>
    /// <param name="json">Gets them.</param>
    /// <param name="step">How long a point should be; zero for as long as its interval.</param>
    /// <param name="spans">Beginning of the point, start and end of what is in it.</param>
    public static void WriteTimes(Utf8JsonWriter json, TimeSpan step, IReadOnlyList<(DateTimeOffset At, DateTimeOffset Start, DateTimeOffset End)> spans)
    {
        json.WriteStartArray("at_ms"u8);
        bool isStepped = step > TimeSpan.Zero;
        foreach ((DateTimeOffset at, _, DateTimeOffset end) in spans)
        {
            json.WriteNumberValue(at.ToUnixTimeMilliseconds());
            isStepped &= end <= at + step;
        }

        json.WriteEndArray();
        if (isStepped) return;
        json.WriteStartArray("span_ms"u8);
        foreach ((_, DateTimeOffset start, DateTimeOffset end) in spans) json.WriteNumberValue((long)(end - start).TotalMilliseconds);
        json.WriteEndArray();
    }

    /// <summary>A member with an array of values.</summary>
    public static void WriteValues(Utf8JsonWriter json, MatrixMetric metric, ReadOnlySpan<long> values, ref byte[] text)
    {
        json.WritePropertyName(metric.Name());
        int length = metric.WriteArray(values, ref text);
        json.WriteRawValue(text.AsSpan(0, length), skipInputValidation: true);
    }

    /// <summary>A member with one value.</summary>
    public static void WriteValue(Utf8JsonWriter json, MatrixMetric metric, long value)
    {
        Span<byte> text = stackalloc byte[MatrixMetrics.LongestText];
        json.WritePropertyName(metric.Name());
        int length = metric.Write(value, text);
        if (length > 0) json.WriteRawValue(text[..length], skipInputValidation: true);
        else json.WriteNullValue();
    }

    /// <summary>The first line of CSV.</summary>
    public static void WriteCsvHead(IBufferWriter<byte> csv, string fields, IEnumerable<MatrixMetric> metrics) =>
        Encoding.UTF8.GetBytes($"{fields},{string.Join(',', metrics.Select(metric => metric.Name()))}\r\n", csv);

    /// <summary>A field of CSV.</summary>
    public static void WriteCsv(IBufferWriter<byte> csv, string text)
    {
        csv.Write(MatrixCsv.Field(text));
        csv.Write(","u8);
    }

    /// <summary>A time as a field of CSV, without the comma behind it.</summary>
    public static void WriteCsv(IBufferWriter<byte> csv, DateTimeOffset time) => Encoding.UTF8.GetBytes(HistoryQuestion.Text(time), csv);
}
