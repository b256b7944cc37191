using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Llama.Server.Collecting;

namespace Llama.Server.Intake;

/// <summary>
/// A matrix as a table for people, in 80 columns: rows send, columns reflect, in each cell loss and median round-trip time. Columns
/// that do not fit beside each other come below.
/// </summary>
internal static class MatrixTable
{
    private const int Width = 80;
    private const int LongestLabel = 16;
    private const int LossWidth = 4;
    private const int RttWidth = 5;
    private const int CellWidth = LossWidth + 1 + RttWidth + 1;
    private const int FlushBytes = 64 * 1024;

    private static readonly MatrixMetric[] Shown = [MatrixMetric.Loss, MatrixMetric.RttP50, MatrixMetric.Suspect, MatrixMetric.Stale];

    /// <summary>Writes it in portions.</summary>
    public static async Task WriteAsync(MatrixView matrix, PipeWriter output, CancellationToken cancellation)
    {
        string[] columns = [.. matrix.Cells.Columns.Names.ToArray().Select(Printable.Of)];
        string[] rows = [.. matrix.Cells.Sources.Select(Printable.Of)];
        int labelWidth = Math.Min(LongestLabel, rows.Max(row => (int?)row.Length) ?? 0);
        int fitting = (Width - labelWidth) / (CellWidth + 1);
        long[] values = new long[columns.Length * Shown.Length];
        var text = new StringBuilder();
        AppendHead(text, matrix);
        for (int first = 0; first < columns.Length; first += fitting)
        {
            int end = Math.Min(columns.Length, first + fitting);
            text.Append('\n').Append(' ', labelWidth);
            for (int column = first; column < end; column++) text.Append(' ').Append(Fit(columns[column], CellWidth));
            EndLine(text);
            for (int row = 0; row < rows.Length; row++)
            {
                matrix.Cells.CopyRow(row, Shown, values);
                text.Append(Fit(rows[row], labelWidth));
                for (int column = first; column < end; column++) AppendCell(text.Append(' '), values.AsSpan(column * Shown.Length));
                EndLine(text);
                if (text.Length < FlushBytes) continue;
                Encoding.UTF8.GetBytes(text.ToString(), output);
                text.Clear();
                await output.FlushAsync(cancellation);
            }
        }

        Encoding.UTF8.GetBytes(text.ToString(), output);
        await output.FlushAsync(cancellation);
    }

    private static void AppendHead(StringBuilder text, MatrixView matrix)
    {
        text.Append(CultureInfo.InvariantCulture, $"Group {Printable.Of(matrix.Group)}, class {matrix.ClassName}, {When(matrix)}\n");
        text.Append("Rows send, columns reflect: datagrams lost and median round-trip time.\n");
        text.Append("-  not measured   ?  suspect   ~  no news since\n");
        if (matrix.Cells.LeftOut > 0) text.Append(CultureInfo.InvariantCulture, $"{matrix.Cells.LeftOut} more destinations are not shown.\n");
    }

    private static string When(MatrixView matrix) => matrix.Span is { } span
        ? string.Create(CultureInfo.InvariantCulture, $"{span.From.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z to {span.To.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z")
        : string.Create(CultureInfo.InvariantCulture, $"{matrix.Now.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");

    private static void AppendCell(StringBuilder text, ReadOnlySpan<long> values)
    {
        (long lost, long median, long suspect, long stale) = (values[0], values[1], values[2], values[3]);
        bool isMeasured = suspect >= 0;
        string loss = lost >= 0 ? Quantity.Share((double)lost / MatrixMetrics.RatioUnit) : "-";
        string rtt = median >= 0 ? Quantity.Duration(median, unicode: false) : isMeasured ? "-" : "";
        char mark = !isMeasured ? ' ' : stale > 0 ? '~' : suspect > 0 ? '?' : ' ';
        text.Append(loss.PadLeft(LossWidth)).Append(' ').Append(rtt.PadLeft(RttWidth)).Append(mark);
    }

    private static string Fit(string text, int width) => text.Length <= width ? text.PadRight(width) : text[..(width - 1)] + "…";

    private static void EndLine(StringBuilder text)
    {
        while (text.Length > 0 && text[^1] == ' ') text.Length--;
        text.Append('\n');
    }
}
