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
    private const int BriefWidth = 7;
    private const int LongestLabel = 16;
    private const int MostFindings = 3;
    private const int FewRows = 3;

    // The two lines of the head, the column names, and the empty lines between the parts.
    private const int FixedLines = 6;

    /// <summary>What it is called, in the first line.</summary>
    public string Title { get; init; } = "LLAMA";

    /// <summary>What it is of, behind the title; null for its time, span and rate.</summary>
    public IReadOnlyList<string>? Facts { get; init; }

    /// <summary>What is wrong with it, in place of what its cells show; null where nothing is.</summary>
    public string? Notice { get; init; }

    /// <summary>What is said in place of the worst pairs where nothing is lost; null for what the matrix comes to.</summary>
    public string? Verdict { get; init; }

    /// <summary>What may be done to see what there is no room for; empty for nothing.</summary>
    public string More { get; init; } = "";

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
        foreach (int row in layout.Rows) Row(lines, layout, row, options);
        lines.End();
        foreach (string line in layout.Notes) lines.Add(line, MatrixPalette.Quiet).End();
        lines.End();
        foreach (FindingLine line in layout.Findings) lines.Add(line.Where, MatrixPalette.Label).Add(line.Trend, MatrixPalette.Quiet).Add(line.Text).End();
        return lines.Segments;
    }

    private void Head(LineWriter lines, bool unicode, int width)
    {
        string separator = unicode ? "  ·  " : "  |  ";
        lines.Add(TerminalText.Fit(Title, width, unicode), MatrixPalette.Title);
        string rest = string.Concat((Facts ?? OwnFacts()).Select(part => separator + part));
        int room = width - TerminalText.Width(Title);
        if (room > 0) lines.Add(TerminalText.Fit(rest, room, unicode), MatrixPalette.Quiet);
        lines.End();
        string[] shown = [.. matrix.Fields.Select(field => field.Caption)];
        string all = shown.Length > 1 ? $"{string.Join(", ", shown[..^1])} and {shown[^1]}" : string.Concat(shown);
        string caption = $"Rows send, columns reflect: {all}.";
        lines.Add(TerminalText.Fit(Notice ?? caption, width, unicode), Notice is null ? MatrixPalette.Quiet : MatrixPalette.Warning).End();
    }

    private IReadOnlyList<string> OwnFacts()
    {
        string time = matrix.End.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + "Z";
        string span = $"last {Math.Max(1, Math.Round((matrix.End - matrix.Start).TotalSeconds)):0} s";
        return matrix.DatagramsPerSecond is { } rate ? [time, span, $"{Quantity.PerSecond(rate)} datagrams/s"] : [time, span];
    }

    private void ColumnNames(LineWriter lines, Layout layout, bool unicode)
    {
        lines.Add(new string(' ', layout.LabelWidth));
        foreach (int column in layout.Columns)
        {
            lines.Add(" ");
            lines.Add(TerminalText.Centre(TerminalText.Fit(matrix.Destinations[column], layout.CellWidth, unicode), layout.CellWidth), MatrixPalette.Label);
        }

        lines.End();
    }

    private void Row(LineWriter lines, Layout layout, int row, RenderOptions options)
    {
        string label = TerminalText.Fit(matrix.Sources[row], layout.LabelWidth, options.Unicode);
        lines.Add(TerminalText.PadRight(label, layout.LabelWidth), MatrixPalette.Label);
        IReadOnlyList<PairCell?> cells = matrix.Rows[row];
        foreach (int column in layout.Columns)
        {
            lines.Add(" ");
            if (cells[column] is { } cell && cell.State(SlowNanos) is not CellState.NotMeasured and var state)
            {
                string text = Text(cell, state, layout.IsBrief, options.Unicode);
                lines.Add(TerminalText.Centre(text, layout.CellWidth), MatrixPalette.Cell(state, cell.LossRatio ?? 0, (ColorSystem)options.ColorSystem));
            }
            else
            {
                lines.Add(TerminalText.Centre(MatrixPalette.Mark(CellState.NotMeasured, options.Unicode), layout.CellWidth), MatrixPalette.Quiet);
            }
        }

        lines.End();
    }

    private string Text(PairCell cell, CellState state, bool brief, bool unicode)
    {
        IReadOnlyList<MatrixField> shown = !brief ? matrix.Fields : cell.Lost > 0 ? [matrix.Fields[0]] : [matrix.Fields[^1]];
        IEnumerable<string> numbers = shown.Select(field => field.Text(cell, unicode).PadLeft(brief ? BriefWidth - 2 : field.Width));
        return $"{MatrixPalette.Mark(state, unicode)} {string.Join(' ', numbers)}";
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
            (CellState.Suspect, "suspect"),
            .. matrix.Pairs.Any(pair => pair.Cell.IsStale) ? [(CellState.Stale, "stale")] : ReadOnlySpan<(CellState, string)>.Empty,
            (CellState.NotMeasured, "not measured"),
        ];
        return string.Join("  ", entries.Select(entry => $"{MatrixPalette.Mark(entry.State, unicode)} {entry.Text}"));
    }

    private string OwnVerdict() =>
        matrix.Pairs.Any(pair => pair.Cell is { Sent: > 0, IsStale: false }) ? "Nothing is lost."
        : matrix.Pairs.Any(pair => pair.Cell.Sent > 0) ? "No pair has had news of late."
        : "Nothing was measured.";

    private IEnumerable<FindingLine> Worst(IReadOnlyList<Finding> findings, int width, bool unicode)
    {
        if (findings.Count == 0)
        {
            foreach (string line in TerminalText.Wrap(Verdict ?? OwnVerdict(), width, unicode)) yield return new FindingLine("", "", line);
            yield break;
        }

        string Where(Finding finding) => unicode ? finding.Where : finding.Where.Replace("→", "->", StringComparison.Ordinal);
        int whereWidth = Math.Min(findings.Max(finding => TerminalText.Width(Where(finding))), width / 2);
        int trendWidth = findings.Max(finding => finding.Trend.Count);
        bool withTrend = unicode && trendWidth > 1 && whereWidth + 2 + trendWidth + 2 + findings.Max(finding => finding.Text.Length) <= width;
        foreach (Finding finding in findings)
        {
            string where = TerminalText.PadRight(TerminalText.Fit(Where(finding), whereWidth, unicode), whereWidth + 2);
            string trend = withTrend ? Sparkline(finding.Trend).PadRight(trendWidth + 2) : "";
            foreach (string line in TerminalText.Wrap(finding.Text, width - whereWidth - 2 - trend.Length, unicode))
            {
                yield return new FindingLine(where, trend, line);
                where = new string(' ', whereWidth + 2);
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
        int label = Math.Min(LongestLabel, Math.Max(4, matrix.Sources.DefaultIfEmpty("").Max(TerminalText.Width)));
        int columns = matrix.Destinations.Count;
        int full = 1 + matrix.Fields.Sum(field => 1 + field.Width);
        int padded = full + 2;
        (int cell, bool brief) =
            label + (long)columns * (padded + 1) <= width ? (padded, false)
            : label + (long)columns * (full + 1) <= width ? (full, false)
            : (BriefWidth, true);
        int columnsFit = Math.Clamp((width - label) / (cell + 1), 1, Math.Max(1, columns));
        int[] shownColumns = KeepWorst(columns, columnsFit, pair => pair.Column);

        string[] notes = [.. ((string?[])[Legend(unicode), Findings.Suspicion(matrix)]).OfType<string>().SelectMany(note => TerminalText.Wrap(note, width, unicode))];
        FindingLine[] worst = [.. Worst(findings, width, unicode)];
        int rows = matrix.Sources.Count;
        int[] shownRows = [.. Enumerable.Range(0, rows)];
        if (MaxHeight is { } height)
        {
            // Rows go before words, but for a few of them the words are cut. Hiding takes lines itself, to say so.
            int room = height - FixedLines - notes.Length;
            if (columns > shownColumns.Length) room -= Hidden(columns - shownColumns.Length, 0, width, unicode).Length;
            if (rows + worst.Length > room)
            {
                if (columns == shownColumns.Length) room -= Hidden(0, rows, width, unicode).Length;
                shownRows = KeepWorst(rows, Math.Min(rows, Math.Max(FewRows, room - worst.Length)), pair => pair.Row);
                worst = worst[..Math.Clamp(room - shownRows.Length, 0, worst.Length)];
            }
        }

        string[] hidden = Hidden(columns - shownColumns.Length, rows - shownRows.Length, width, unicode);
        return new Layout(label, cell, brief, shownColumns, shownRows, [.. notes, .. hidden], worst);
    }

    /// <summary>What there is no room for, in lines; none where there is room for all.</summary>
    private string[] Hidden(int columns, int rows, int width, bool unicode)
    {
        if (columns <= 0 && rows <= 0) return [];
        string Some(int count, string what) => count > 0 ? $"{count.ToString("#,0", CultureInfo.InvariantCulture)} {what}{(count == 1 ? "" : "s")}" : "";
        string what = string.Join(" and ", ((string[])[Some(columns, "column"), Some(rows, "row")]).Where(text => text.Length > 0));
        string first = TerminalText.Fit($"No room for {what}; those that do best are left out.", width, unicode);
        return More.Length == 0 ? [first] : [first, TerminalText.Fit(More, width, unicode)];
    }

    /// <summary>The places of the worst rows or columns, in their order.</summary>
    private int[] KeepWorst(int count, int most, Func<MatrixPair, int> place)
    {
        if (count <= most) return [.. Enumerable.Range(0, count)];
        double[] badness = new double[count];
        foreach (MatrixPair pair in matrix.Pairs) badness[place(pair)] += (double)pair.Cell.State(SlowNanos) + 10 * (pair.Cell.LossRatio ?? 0);
        return [.. Enumerable.Range(0, count).OrderByDescending(each => badness[each]).Take(most).Order()];
    }

    private sealed record Layout(
        int LabelWidth,
        int CellWidth,
        bool IsBrief,
        IReadOnlyList<int> Columns,
        IReadOnlyList<int> Rows,
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
