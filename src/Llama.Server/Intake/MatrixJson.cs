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
        json.WriteNumber("class"u8, matrix.Class);
        json.WriteString("class_name"u8, TrafficClass.Name(matrix.Class));
        json.WriteStartArray("classes"u8);
        foreach (byte measured in matrix.Classes) json.WriteNumberValue(measured);
        json.WriteEndArray();
        SummaryJson.WriteTime(json, "now", matrix.Now);
        json.WriteStartArray("sources"u8);
        foreach (FrameRow row in matrix.Frame.Rows) json.WriteStringValue(row.Name);
        json.WriteEndArray();
        json.WriteStartArray("destinations"u8);
        foreach (string name in matrix.Frame.Columns.Names) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteNumber("destinations_left_out"u8, matrix.Frame.LeftOut);
        json.WriteStartObject("units"u8);
        foreach (MatrixMetric metric in matrix.Metrics) json.WriteString(metric.Name(), metric.Unit());
        json.WriteEndObject();
        json.WriteStartObject("metrics"u8);
        byte[] nothing = Nothing(matrix.Frame.Columns.Count);
        foreach (MatrixMetric metric in matrix.Metrics)
        {
            json.WriteStartArray(metric.Name());
            foreach (FrameRow row in matrix.Frame.Rows)
            {
                WriteRow(json, matrix, row, metric, nothing);
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

    private static void WriteRow(Utf8JsonWriter json, MatrixView matrix, FrameRow row, MatrixMetric metric, byte[] nothing)
    {
        if (row.Source is { } source)
        {
            lock (source.Gate)
            {
                if (source.Find(matrix.Class) is { } measured)
                {
                    measured.WriteJson(json, metric, matrix.Frame.Columns, matrix.Now);
                    return;
                }
            }
        }

        json.WriteRawValue(nothing, skipInputValidation: true);
    }

    /// <summary>The row of a source that measured nothing.</summary>
    private static byte[] Nothing(int columns) => System.Text.Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("null", columns))}]");
}
