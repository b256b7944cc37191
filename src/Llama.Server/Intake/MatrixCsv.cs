using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Llama.Server.Intake;

/// <summary>A matrix as CSV (RFC 4180): a head, then a line for each pair; what was not measured is empty.</summary>
internal static class MatrixCsv
{
    private const int FlushBytes = 64 * 1024;

    /// <summary>Writes it in portions.</summary>
    public static async Task WriteAsync(MatrixView matrix, PipeWriter output, CancellationToken cancellation)
    {
        var lines = new ArrayBufferWriter<byte>(2 * FlushBytes);
        Encoding.UTF8.GetBytes($"source,destination,{string.Join(',', matrix.Metrics.Select(metric => metric.Name()))}\r\n", lines);
        byte[][] columns = [.. matrix.Cells.Columns.Names.ToArray().Select(Field)];
        long[] values = new long[columns.Length * matrix.Metrics.Count];
        foreach ((int row, string name) in matrix.Cells.Sources.Index())
        {
            matrix.Cells.CopyRow(row, matrix.Metrics, values);
            byte[] source = Field(name);
            for (int column = 0; column < columns.Length; column++)
            {
                lines.Write(source);
                lines.Write(","u8);
                lines.Write(columns[column]);
                WriteValues(lines, matrix.Metrics, values.AsSpan(column * matrix.Metrics.Count));
                if (lines.WrittenCount < FlushBytes) continue;
                await output.WriteAsync(lines.WrittenMemory, cancellation);
                lines.ResetWrittenCount();
            }
        }

        await output.WriteAsync(lines.WrittenMemory, cancellation);
    }

    /// <summary>Writes values as the last fields of a line, a comma before each.</summary>
    public static void WriteValues(IBufferWriter<byte> output, IReadOnlyList<MatrixMetric> metrics, ReadOnlySpan<long> values)
    {
        for (int i = 0; i < metrics.Count; i++)
        {
            output.Write(","u8);
            output.Advance(metrics[i].Write(values[i], output.GetSpan(MatrixMetrics.LongestText)));
        }

        output.Write("\r\n"u8);
    }

    /// <summary>A name as a field.</summary>
    public static byte[] Field(string name) => Encoding.UTF8.GetBytes(CsvField.Of(name));
}
