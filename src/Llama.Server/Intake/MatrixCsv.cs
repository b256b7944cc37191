using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Llama.Server.Intake;

/// <summary>A matrix as CSV (RFC 4180): a head, then a line for each pair; what was not measured is empty.</summary>
internal static class MatrixCsv
{
    private const int FlushBytes = 64 * 1024;

    // What spreadsheets take for the beginning of a formula.
    private static readonly SearchValues<char> Formula = SearchValues.Create("=+-@\t\r\n|");
    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n ");

    /// <summary>Writes it in portions.</summary>
    public static async Task WriteAsync(MatrixView matrix, PipeWriter output, CancellationToken cancellation)
    {
        var lines = new ArrayBufferWriter<byte>(2 * FlushBytes);
        Encoding.UTF8.GetBytes($"source,destination,{string.Join(',', matrix.Metrics.Select(metric => metric.Name()))}\r\n", lines);
        byte[][] columns = [.. matrix.Frame.Columns.Names.ToArray().Select(Field)];
        var cells = new PairResult[columns.Length];
        foreach (FrameRow row in matrix.Frame.Rows)
        {
            matrix.CopyRow(row, cells);
            byte[] source = Field(row.Name);
            for (int column = 0; column < columns.Length; column++)
            {
                WriteLine(lines, source, columns[column], matrix, cells[column]);
                if (lines.WrittenCount < FlushBytes) continue;
                await output.WriteAsync(lines.WrittenMemory, cancellation);
                lines.ResetWrittenCount();
            }
        }

        await output.WriteAsync(lines.WrittenMemory, cancellation);
    }

    private static void WriteLine(ArrayBufferWriter<byte> output, byte[] source, byte[] destination, MatrixView matrix, in PairResult pair)
    {
        output.Write(source);
        output.Write(","u8);
        output.Write(destination);
        foreach (MatrixMetric metric in matrix.Metrics)
        {
            output.Write(","u8);
            if (pair.Report is not null) output.Advance(metric.Write(pair, matrix.Now, output.GetSpan(MatrixMetrics.LongestText)));
        }

        output.Write("\r\n"u8);
    }

    /// <summary>A name as a field: printable, never a formula, in quotes where it has to be.</summary>
    private static byte[] Field(string name)
    {
        string field = Printable.Of(name);
        if (field.AsSpan().IndexOfAny(Formula) == 0) field = "'" + field;
        if (field.AsSpan().ContainsAny(Special)) field = $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        return Encoding.UTF8.GetBytes(field);
    }
}
