using System.IO.Pipelines;
using System.Text.Json;
using Llama.Mesh;
using Llama.Server.Collecting;

namespace Llama.Server.Intake;

/// <summary>A matrix as JSON: names once, then for each metric an array of rows.</summary>
internal static class MatrixJson
{
    private const int FlushBytes = 256 * 1024;

    /// <summary>Writes it in portions.</summary>
    public static async Task WriteAsync(MatrixView matrix, PipeWriter output, CancellationToken cancellation)
    {
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("group"u8, matrix.Group);
        WriteClass(json, matrix.Class);
        json.WriteStartArray("classes"u8);
        foreach (byte measured in matrix.Classes) json.WriteNumberValue(measured);
        json.WriteEndArray();
        SummaryJson.WriteTime(json, "now", matrix.Now);
        if (matrix.Span is { } span)
        {
            SummaryJson.WriteTime(json, "from", span.From);
            SummaryJson.WriteTime(json, "to", span.To);
            SummaryJson.WriteTime(json, "oldest", span.Oldest);
            SummaryJson.WriteTime(json, "newest", span.Newest);
        }

        json.WriteStartArray("sources"u8);
        foreach (string name in matrix.Cells.Sources) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteStartArray("destinations"u8);
        foreach (string name in matrix.Cells.Columns.Names) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteNumber("destinations_left_out"u8, matrix.Cells.LeftOut);
        WriteUnits(json, matrix.Metrics);
        json.WriteStartObject("metrics"u8);
        foreach (MatrixMetric metric in matrix.Metrics)
        {
            json.WriteStartArray(metric.Name());
            for (int row = 0; row < matrix.Cells.Sources.Count; row++)
            {
                matrix.Cells.WriteRow(json, row, metric);
                if (json.BytesPending < FlushBytes) continue;
                json.Flush();
                await output.FlushAsync(cancellation);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        await output.FlushAsync(cancellation);
    }

    /// <summary>Writes a class, null for all of them together.</summary>
    public static void WriteClass(Utf8JsonWriter json, byte? @class)
    {
        if (@class is { } one) json.WriteNumber("class"u8, one);
        else json.WriteNull("class"u8);
        json.WriteString("class_name"u8, @class is { } named ? TrafficClass.Name(named) : null);
    }

    /// <summary>Writes what the numbers of metrics count.</summary>
    public static void WriteUnits(Utf8JsonWriter json, IEnumerable<MatrixMetric> metrics)
    {
        json.WriteStartObject("units"u8);
        foreach (MatrixMetric metric in metrics) json.WriteString(metric.Name(), metric.Unit());
        json.WriteEndObject();
    }
}
