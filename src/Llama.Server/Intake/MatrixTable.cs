using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Llama.Mesh;
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

    /// <summary>Writes it in portions.</summary>
    public static async Task WriteAsync(MatrixView matrix, PipeWriter output, CancellationToken cancellation)
    {
        string[] columns = [.. matrix.Frame.Columns.Names.ToArray().Select(Printable.Of)];
        string[] rows = [.. matrix.Frame.Rows.Select(row => Printable.Of(row.Name))];
        int labelWidth = Math.Min(LongestLabel, rows.Max(row => (int?)row.Length) ?? 0);
        int fitting = (Width - labelWidth) / (CellWidth + 1);
        var cells = new PairResult[columns.Length];
        var text = new StringBuilder();
        AppendHead(text, matrix);
        for (int first = 0; first < columns.Length; first += fitting)
        {
            int end = Math.Min(columns.Length, first + fitting);
            text.Append('\n').Append(' ', labelWidth);
            for (int column = first; column < end; column++) text.Append(' ').Append(Fit(columns[column], CellWidth));
            EndLine(text);
            foreach ((int place, FrameRow row) in matrix.Frame.Rows.Index())
            {
                matrix.CopyRow(row, cells);
                text.Append(Fit(rows[place], labelWidth));
                for (int column = first; column < end; column++) AppendCell(text.Append(' '), cells[column], matrix.Now);
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
        text.Append(CultureInfo.InvariantCulture, $"Group {Printable.Of(matrix.Group)}, class {TrafficClass.Name(matrix.Class)}, {matrix.Now.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z\n");
        text.Append("Rows send, columns reflect: datagrams lost and median round-trip time.\n");
        text.Append("-  not measured   ?  suspect   ~  no news since\n");
        if (matrix.Frame.LeftOut > 0) text.Append(CultureInfo.InvariantCulture, $"{matrix.Frame.LeftOut} more destinations are not shown.\n");
    }

    private static void AppendCell(StringBuilder text, in PairResult pair, DateTimeOffset now)
    {
        bool isMeasured = pair.Report is not null;
        string loss = isMeasured && pair.Sent > 0 ? Quantity.Share((double)pair.Lost / pair.Sent) : "-";
        string rtt = isMeasured && pair.RttP50Nanos >= 0 ? Quantity.Duration(pair.RttP50Nanos, unicode: false) : isMeasured ? "-" : "";
        char mark = !isMeasured ? ' ' : pair.Report!.IsStale(now) ? '~' : pair.Report.IsSuspect ? '?' : ' ';
        text.Append(loss.PadLeft(LossWidth)).Append(' ').Append(rtt.PadLeft(RttWidth)).Append(mark);
    }

    private static string Fit(string text, int width) => text.Length <= width ? text.PadRight(width) : text[..(width - 1)] + "…";

    private static void EndLine(StringBuilder text)
    {
        while (text.Length > 0 && text[^1] == ' ') text.Length--;
        text.Append('\n');
    }
}
