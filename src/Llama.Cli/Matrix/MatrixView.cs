using System.Globalization;
using Llama.Server.Collecting;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Llama.Cli.Matrix;

/// <summary>
/// Draws a matrix: rows send, columns receive; beneath it the legend and the worst pairs. Where the terminal is too narrow,
/// cells get shorter first; then the columns (and, where it is too low, the rows) that do best are left out, and it says so.
/// </summary>
internal sealed class MatrixView(MatrixSnapshot matrix) : Renderable
{
    private const int LossWidth = 4;
    private const int RttWidth = 5;
    private const int FullWidth = 2 + LossWidth + 1 + RttWidth;
    private const int BriefWidth = 2 + RttWidth;
    private const int LongestLabel = 16;
    private const int MostFindings = 3;
    private const int FewRows = 3;
    private const string Caption = "Rows send, columns reflect: datagrams lost and median round-trip time.";

    // The two lines of the head, the column names, and the empty lines between the parts.
    private const int FixedLines = 6;

    /// <summary>What it is called, in the first line.</summary>
    public string Title { get; init; } = "LLAMA";

    /// <summary>Median round-trip time from which a pair is slow.</summary>
    public TimeSpan Slow { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>How many lines there are; null for no limit.</summary>
    public int? MaxHeight { get; init; }

    /// <inheritdoc/>
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        bool unicode = options.Unicode;
        IReadOnlyList<Finding> findings = Findings.Worst(matrix, MostFindings);
        Layout layout = Arrange(maxWidth, findings, unicode);
        var lines = new LineWriter();
        Head(lines, unicode, maxWidth);
        lines.End();
        ColumnNames(lines, layout, unicode);
        foreach (string source in layout.Rows) Row(lines, layout, source, options);
        lines.End();
        foreach (string line in layout.Notes) lines.Add(line, MatrixPalette.Quiet).End();
        lines.End();
        foreach (FindingLine line in layout.Findings) lines.Add(line.Where, MatrixPalette.Label).Add(line.Trend, MatrixPalette.Quiet).Add(line.Text).End();
        return lines.Segments;
    }

    private void Head(LineWriter lines, bool unicode, int width)
    {
        string separator = unicode ? "  ·  " : "  |  ";
        string time = matrix.End.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + "Z";
        string span = $"last {Math.Max(1, Math.Round((matrix.End - matrix.Start).TotalSeconds)):0} s";
        string rate = $"{Quantity.PerSecond(matrix.DatagramsPerSecond)} datagrams/s";
        lines.Add(Fit(Title, width, unicode), MatrixPalette.Title);
        string rest = string.Concat(((string[])[time, span, rate]).Select(part => separator + part));
        if (Title.Length < width) lines.Add(Fit(rest, width - Title.Length, unicode), MatrixPalette.Quiet);
        lines.End();
        lines.Add(Fit(Caption, width, unicode), MatrixPalette.Quiet).End();
    }

    private static void ColumnNames(LineWriter lines, Layout layout, bool unicode)
    {
        lines.Add(new string(' ', layout.LabelWidth));
        foreach (string destination in layout.Columns)
        {
            lines.Add(" ");
            lines.Add(Centre(Fit(destination, layout.CellWidth, unicode), layout.CellWidth), MatrixPalette.Label);
        }

        lines.End();
    }

    private void Row(LineWriter lines, Layout layout, string source, RenderOptions options)
    {
        lines.Add(Fit(source, layout.LabelWidth, options.Unicode).PadRight(layout.LabelWidth), MatrixPalette.Label);
        foreach (string destination in layout.Columns)
        {
            lines.Add(" ");
            if (matrix[source, destination] is { } cell)
            {
                CellState state = cell.State(SlowNanos);
                string text = Text(cell, state, layout.IsBrief, options.Unicode);
                lines.Add(Centre(text, layout.CellWidth), MatrixPalette.Cell(state, cell.LossRatio ?? 0, (ColorSystem)options.ColorSystem));
            }
            else
            {
                lines.Add(Centre(options.Unicode ? "—" : "-", layout.CellWidth), MatrixPalette.Quiet);
            }
        }

        lines.End();
    }

    private static string Text(PairCell cell, CellState state, bool brief, bool unicode)
    {
        string mark = MatrixPalette.Mark(state, unicode);
        string none = unicode ? "—" : "-";
        string loss = cell.LossRatio is { } ratio ? Quantity.Share(ratio) : none;
        string rtt = cell.Rtt.Percentile(0.5) is { } median ? Quantity.Duration(median, unicode) : none;
        return brief
            ? $"{mark} {(cell.Lost > 0 ? loss : rtt),RttWidth}"
            : $"{mark} {loss,LossWidth} {rtt,RttWidth}";
    }

    private string Legend(bool unicode)
    {
        string slow = Quantity.Duration(SlowNanos, unicode);
        (CellState State, string Text)[] entries =
        [
            (CellState.Fine, "fine"),
            (CellState.Slow, $"slow (from {slow})"),
            (CellState.Lossy, "loss"),
            (CellState.Dead, "dead"),
            (CellState.Suspect, "suspect or not measured"),
        ];
        return string.Join("   ", entries.Select(entry => $"{MatrixPalette.Mark(entry.State, unicode)} {entry.Text}"));
    }

    private static IEnumerable<FindingLine> Worst(IReadOnlyList<Finding> findings, int width, bool unicode)
    {
        if (findings.Count == 0)
        {
            yield return new FindingLine("", "", "Nothing is lost.");
            yield break;
        }

        string Where(Finding finding) => unicode ? finding.Where : finding.Where.Replace("→", "->", StringComparison.Ordinal);
        int whereWidth = Math.Min(findings.Max(finding => Where(finding).Length), width / 2);
        int trendWidth = findings.Max(finding => finding.Trend.Count);
        bool withTrend = unicode && trendWidth > 1 && whereWidth + 2 + trendWidth + 2 + findings.Max(finding => finding.Text.Length) <= width;
        foreach (Finding finding in findings)
        {
            string where = Fit(Where(finding), whereWidth, unicode).PadRight(whereWidth + 2);
            string trend = withTrend ? Sparkline(finding.Trend).PadRight(trendWidth + 2) : "";
            foreach (string line in Wrap(finding.Text, width - where.Length - trend.Length, unicode))
            {
                yield return new FindingLine(where, trend, line);
                where = new string(' ', where.Length);
                trend = new string(' ', trend.Length);
            }
        }
    }

    // Square roots, so that one datagram in a hundred is still seen beside a dead interval.
    private static string Sparkline(IReadOnlyList<double?> ratios) =>
        string.Concat(ratios.Select(ratio => ratio is { } loss ? "▁▂▃▄▅▆▇█"[(int)Math.Min(7, Math.Ceiling(Math.Sqrt(loss) * 7))] : ' '));

    private long SlowNanos => Slow.Ticks * TimeSpan.NanosecondsPerTick;

    private Layout Arrange(int width, IReadOnlyList<Finding> findings, bool unicode)
    {
        int label = Math.Min(LongestLabel, Math.Max(4, matrix.Sources.DefaultIfEmpty("").Max(name => name.Length)));
        int columns = matrix.Destinations.Count;
        int padded = FullWidth + 2;
        (int cell, bool brief) =
            label + columns * (padded + 1) <= width ? (padded, false)
            : label + columns * (FullWidth + 1) <= width ? (FullWidth, false)
            : (BriefWidth, true);
        int columnsFit = Math.Clamp((width - label) / (cell + 1), 1, Math.Max(1, columns));
        IReadOnlyList<string> shownColumns = KeepWorst(matrix.Destinations, columnsFit, name => Badness(pair => pair.Destination == name));

        string[] notes = [.. ((string?[])[Legend(unicode), Findings.Suspicion(matrix)]).OfType<string>().SelectMany(note => Wrap(note, width, unicode))];
        FindingLine[] worst = [.. Worst(findings, width, unicode)];
        IReadOnlyList<string> shownRows = matrix.Sources;
        if (MaxHeight is { } height)
        {
            // Rows go before words, but for a few of them the words are cut. Hiding takes a line itself, to say so.
            int room = height - FixedLines - notes.Length - (columns > shownColumns.Count ? 1 : 0);
            if (matrix.Sources.Count + worst.Length > room)
            {
                if (columns == shownColumns.Count) room--;
                int rowsFit = Math.Min(matrix.Sources.Count, Math.Max(FewRows, room - worst.Length));
                shownRows = KeepWorst(matrix.Sources, rowsFit, name => Badness(pair => pair.Source == name));
                worst = worst[..Math.Clamp(room - shownRows.Count, 0, worst.Length)];
            }
        }

        string[] hidden =
        [
            .. Hidden(columns - shownColumns.Count, "column"),
            .. Hidden(matrix.Sources.Count - shownRows.Count, "row"),
        ];
        if (hidden.Length > 0)
            notes = [.. notes, Fit($"No room for {string.Join(" and ", hidden)}; those that do best are left out.", width, unicode)];
        return new Layout(label, cell, brief, shownColumns, shownRows, notes, worst);
    }

    private static IEnumerable<string> Hidden(int count, string what)
    {
        if (count > 0) yield return $"{count} {what}{(count == 1 ? "" : "s")}";
    }

    private static IReadOnlyList<string> KeepWorst(IReadOnlyList<string> names, int count, Func<string, double> badness)
    {
        if (names.Count <= count) return names;
        HashSet<string> kept = [.. names.OrderByDescending(badness).Take(count)];
        return [.. names.Where(kept.Contains)];
    }

    private double Badness(Func<(string Source, string Destination), bool> matches) =>
        matrix.Cells.Where(pair => matches(pair.Key)).Sum(pair => (double)pair.Value.State(SlowNanos) + 10 * (pair.Value.LossRatio ?? 0));

    private static string Fit(string text, int width, bool unicode) =>
        text.Length <= width ? text
        : width < 1 ? ""
        : string.Concat(text.AsSpan(0, width - 1), unicode ? "…" : "~");

    private static IEnumerable<string> Wrap(string text, int width, bool unicode)
    {
        while (text.Length > width && width > 0 && text.LastIndexOf(' ', width) is > 0 and var at)
        {
            yield return text[..at].TrimEnd(' ');
            text = text[at..].TrimStart(' ');
        }

        yield return Fit(text, width, unicode);
    }

    private static string Centre(string text, int width)
    {
        int left = Math.Max(0, width - text.Length) / 2;
        return text.PadLeft(text.Length + left).PadRight(width);
    }

    private sealed record Layout(
        int LabelWidth,
        int CellWidth,
        bool IsBrief,
        IReadOnlyList<string> Columns,
        IReadOnlyList<string> Rows,
        IReadOnlyList<string> Notes,
        IReadOnlyList<FindingLine> Findings);

    private sealed record FindingLine(string Where, string Trend, string Text);

    /// <summary>Collects segments line by line.</summary>
    private sealed class LineWriter
    {
        public List<Segment> Segments { get; } = [];

        public LineWriter Add(string text, Style? style = null)
        {
            if (text.Length > 0) Segments.Add(new Segment(text, style ?? Style.Plain));
            return this;
        }

        public void End() => Segments.Add(Segment.LineBreak);
    }
}
