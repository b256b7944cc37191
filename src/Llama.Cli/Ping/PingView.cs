using System.Globalization;
using Llama.Cli.Matrix;
using Llama.Engine.Summaries;
using Llama.Mesh;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Llama.Cli.Ping;

/// <summary>
/// Draws what was measured so far as a table that reads like mtr's: a row for each target and, where they are wanted, for each
/// flow; beneath it what stands out, in words. Where the terminal is too narrow, the columns that matter least are left out;
/// where it is too low, the histograms.
/// </summary>
internal sealed class PingView(IntervalReport total, PingOptions options) : Renderable
{
    private const int LeastName = 12;
    private const int MostName = 44;
    private const int LongestBars = 48;
    private const string BarIndent = "     ";

    private static readonly Style Good = new(Color.Green);
    private static readonly Style Poor = new(Color.Olive);
    private static readonly Style Bad = new(Color.Red);
    private static readonly Style Dead = new(Color.White, Color.Maroon, Decoration.Bold);

    private static readonly Column[] Columns =
    [
        new("Loss%", 0, row => Share(row.Counts.Lost, row.Counts.Sent)),
        new("Fwd%", 0, row => Share(row.Counts.LostForward, row.Counts.Sent)),
        new("Rev%", 0, row => Share(row.Counts.LostReverse, row.Counts.Sent)),
        new("Snt", 0, row => (row.Counts.Sent.ToString(CultureInfo.InvariantCulture), Style.Plain)),
        new("Min", 0, row => Millis(row.Min)),
        new("Avg", 5, row => Millis(row.Mean)),
        new("p50", 0, row => Millis(row.Median)),
        new("p99", 0, row => Millis(row.P99)),
        new("Max", 2, row => Millis(row.Max)),
        new("Jttr", 3, row => Millis(row.Jitter)),
        new("DV", 4, row => Millis(row.Variation)),
        new("Hops", 1, row => (PingText.Hops(row.Path), row.Path.ForwardTtlChanges > 0 ? Poor : Style.Plain)),
        new("ToS", 1, row => (PingText.Class(row.Class, row.Path), IsRemarked(row) ? Poor : Style.Plain)),
    ];

    /// <summary>Shows a row for each flow.</summary>
    public bool PerFlow { get; init; }

    /// <summary>Shows a histogram beneath each target.</summary>
    public bool Histogram { get; init; } = true;

    /// <summary>Shows which keys there are.</summary>
    public bool Keys { get; init; }

    /// <summary>Says that the picture stands still.</summary>
    public bool Paused { get; init; }

    /// <summary>How many lines there are; null for no limit.</summary>
    public int? MaxHeight { get; init; }

    /// <inheritdoc/>
    protected override IEnumerable<Segment> Render(RenderOptions render, int maxWidth)
    {
        List<Line> lines = [.. Lines(render.Unicode, maxWidth, Histogram)];
        if (lines.Count > MaxHeight && Histogram) lines = [.. Lines(render.Unicode, maxWidth, histogram: false)];
        return lines.SelectMany(line => line.Segments(maxWidth));
    }

    private IEnumerable<Line> Lines(bool unicode, int width, bool histogram)
    {
        string separator = unicode ? "  ·  " : "  |  ";
        string time = total.End.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + "Z";
        double seconds = Math.Max(0, (total.End - total.Start).TotalSeconds);
        string span = seconds < 9.95 ? seconds.ToString("0.0", CultureInfo.InvariantCulture) : seconds.ToString("0", CultureInfo.InvariantCulture);
        yield return new Line().Add("LLAMA ping", MatrixPalette.Title)
            .Add(string.Concat(((string[])[time, $"{span} s", Load()]).Select(part => separator + part)), MatrixPalette.Quiet)
            .Add(Paused ? separator + "PAUSED" : "", MatrixPalette.Title);
        if (Keys) yield return KeyLine();
        yield return new Line();

        Row[] rows = [.. Rows()];
        Table table = Table.Of(rows, width, unicode);
        yield return table.Groups();
        yield return table.Head();
        foreach (Row row in rows)
        {
            yield return table.Draw(row);
            if (!histogram || !row.IsLastOfTarget) continue;
            int bars = Math.Min(LongestBars, width - BarIndent.Length - 16);
            if (RttBars.Line(row.Histogram, bars, unicode) is { } line) yield return new Line().Add(BarIndent + line, MatrixPalette.Quiet);
        }

        Line[] notes = [.. Notes()];
        if (notes.Length > 0) yield return new Line();
        foreach (Line note in notes) yield return note;
    }

    private string Load()
    {
        string df = options.DontFragment ? ", DF" : "";
        string flows = options.Flows == 1 ? "1 flow" : $"{options.Flows} flows";
        return $"{flows}, {PingText.Plain(options.Rate)}/s of {options.Size} bytes, {TrafficClass.Name(options.Class)}{df}";
    }

    private static Line KeyLine()
    {
        var line = new Line().Add("Keys:");
        foreach (string key in (string[])["flows", "histogram", "pause", "quit"])
            line.Add("  ").Add(key[..1], MatrixPalette.Label).Add(key[1..], MatrixPalette.Quiet);
        return line;
    }

    private IEnumerable<Row> Rows()
    {
        int number = 0;
        int digits = total.Summaries.Count.ToString(CultureInfo.InvariantCulture).Length;
        foreach (Summary summary in total.Summaries)
        {
            string place = (++number).ToString(CultureInfo.InvariantCulture).PadLeft(digits);
            bool withFlows = PerFlow && summary.Flows.Count > 0;
            yield return new Row($"{place}. {PingText.Name(summary)}", summary.Class, summary.Counts, summary.Path)
            {
                Min = summary.Rtt.MinNanos,
                Mean = summary.Rtt.MeanNanos,
                Median = summary.Rtt.Percentile(0.5),
                P99 = summary.Rtt.Percentile(0.99),
                Max = summary.Rtt.MaxNanos,
                Jitter = summary.JitterNanos,
                Variation = summary.DelayVariationNanos,
                Histogram = summary.Rtt,
                IsLastOfTarget = !withFlows,
            };
            for (int i = 0; withFlows && i < summary.Flows.Count; i++)
            {
                FlowSummary flow = summary.Flows[i];
                yield return new Row($"   flow {i + 1} from {flow.SourcePort}", summary.Class, flow.Counts, flow.Path)
                {
                    Min = flow.RttMinNanos,
                    Mean = flow.RttMeanNanos,
                    Max = flow.RttMaxNanos,
                    Histogram = summary.Rtt,
                    IsFlow = true,
                    IsLastOfTarget = i == summary.Flows.Count - 1,
                };
            }
        }
    }

    private IEnumerable<Line> Notes()
    {
        foreach (Summary summary in total.Summaries)
        {
            Line Note(string text) => new Line().Add(PingText.ShortName(summary), MatrixPalette.Label).Add("  ").Add(text);
            DatagramCounts counts = summary.Counts;
            PathMarks path = summary.Path;
            if (counts.Lost > 0) yield return Note(Findings.Describe(Cell(summary)));
            if (path.ForwardRemarked > 0)
                yield return Note($"{TrafficClass.Name(summary.Class)} arrives there as {Octet(path.ForwardTos)}{HowMany(path.ForwardRemarked.Value, counts.Received)}");
            if (path.ReverseRemarked > 0)
                yield return Note($"{TrafficClass.Name(summary.Class)} comes back as {Octet(path.ReverseTos)}{HowMany(path.ReverseRemarked.Value, counts.Received)}");
            if (path.ForwardTtlChanges > 0)
                yield return Note($"the way there changed its length {(path.ForwardTtlChanges == 1 ? "once" : $"{path.ForwardTtlChanges} times")}");
            string[] odd =
            [
                .. Some(counts.Late, "late"), .. Some(counts.Duplicates, "duplicate"), .. Some(counts.Reordered, "reordered"),
                .. Some(counts.SendErrors, "could not be sent"),
            ];
            if (odd.Length > 0) yield return Note(string.Join(", ", odd));
            if (counts.Received > 0 && path.ForwardTtl is null && counts.LostForward is null)
                yield return Note("its reflector tells neither the direction of loss nor hops and ToS there");
        }

        if (total.Health.Suspect.Count > 0)
        {
            yield return new Line().Add("Some of these numbers are suspect: ", Poor)
                .Add(string.Join(", ", total.Health.Suspect.Select(Findings.Words)));
        }
    }

    private static PairCell Cell(Summary summary) => new()
    {
        Sent = summary.Counts.Sent,
        Lost = summary.Counts.Lost,
        LostForward = summary.Counts.LostForward ?? 0,
        LostReverse = summary.Counts.LostReverse ?? 0,
        Flows = [.. summary.Flows.Select(flow => new FlowLoss(flow.SourcePort, flow.Counts.Sent, flow.Counts.Lost))],
    };

    private static IEnumerable<string> Some(long count, string what)
    {
        if (count > 0) yield return $"{count.ToString("#,0", CultureInfo.InvariantCulture)} {what}";
    }

    private static string Octet(byte? tos) => tos is { } octet ? TrafficClass.Name(octet) : "something else";

    private static string HowMany(long some, long all) => some >= all ? "" : $" ({some} of {all})";

    private static bool IsRemarked(Row row) =>
        (row.Path.ForwardTos is { } there && there != row.Class) || (row.Path.ReverseTos is { } back && back != row.Class);

    private static (string Text, Style Style) Share(long? lost, long sent)
    {
        if (lost is not { } count || sent == 0) return ("-", MatrixPalette.Quiet);
        double share = (double)count / sent;
        return (PingText.Percent(share), share <= 0 ? Good : share < 0.01 ? Poor : share < 1 ? Bad : Dead);
    }

    private static (string Text, Style Style) Millis(double? nanos) => nanos is { } known ? (PingText.Millis(known), Style.Plain) : ("-", MatrixPalette.Quiet);

    /// <summary>A target or one of its flows.</summary>
    private sealed record Row(string Name, byte Class, DatagramCounts Counts, PathMarks Path)
    {
        public double? Min { get; init; }

        public double? Mean { get; init; }

        public double? Median { get; init; }

        public double? P99 { get; init; }

        public double? Max { get; init; }

        public double? Jitter { get; init; }

        public double? Variation { get; init; }

        public required LatencyHistogram Histogram { get; init; }

        public bool IsFlow { get; init; }

        public bool IsLastOfTarget { get; init; }
    }

    /// <summary>A column of the table.</summary>
    /// <param name="Title">Its name.</param>
    /// <param name="Dispensable">0 stays always; of the others, the highest goes first.</param>
    /// <param name="Cell">What stands in a row.</param>
    private sealed record Column(string Title, int Dispensable, Func<Row, (string Text, Style Style)> Cell);

    /// <summary>The columns that fit, and how wide they are.</summary>
    private sealed record Table(int NameWidth, IReadOnlyList<(Column Column, int Width)> Shown, bool Unicode)
    {
        public static Table Of(IReadOnlyList<Row> rows, int width, bool unicode)
        {
            int name = Math.Clamp(rows.Select(row => row.Name.Length).DefaultIfEmpty(0).Max(), LeastName, MostName);
            List<(Column Column, int Width)> shown =
                [.. Columns.Select(column => (column, 1 + rows.Select(row => column.Cell(row).Text.Length).Append(Math.Max(5, column.Title.Length)).Max()))];
            while (name + shown.Sum(each => each.Width) > width && shown.Any(each => each.Column.Dispensable > 0))
            {
                // A name that is cut to half is worse than an average left out; the average is worse than a name cut by a little.
                if (shown.Sum(each => each.Width) + Math.Max(LeastName, name * 3 / 4) <= width) break;
                shown.Remove(shown.MaxBy(each => each.Column.Dispensable));
            }

            return new Table(Math.Clamp(width - shown.Sum(each => each.Width), LeastName, name), shown, unicode);
        }

        public Line Groups()
        {
            (string Title, string First, string Last)[] groups = [("Datagrams", "Loss%", "Snt"), ("Round trip, ms", "Min", "DV"), ("Path", "Hops", "ToS")];
            var line = new Line().Add(new string(' ', NameWidth));
            foreach ((string title, string first, string last) in groups)
            {
                int from = Array.FindIndex(Columns, column => column.Title == first), to = Array.FindIndex(Columns, column => column.Title == last);
                int width = Shown.Where(each => Array.IndexOf(Columns, each.Column) is var at && at >= from && at <= to).Sum(each => each.Width);
                if (width > title.Length) line.Add(" " + title.PadLeft((width - 1 + title.Length) / 2).PadRight(width - 1), MatrixPalette.Quiet);
            }

            return line;
        }

        public Line Head()
        {
            var line = new Line().Add("Target".PadRight(NameWidth), MatrixPalette.Label);
            foreach ((Column column, int width) in Shown) line.Add(column.Title.PadLeft(width), MatrixPalette.Label);
            return line;
        }

        public Line Draw(Row row)
        {
            string name = row.Name.Length <= NameWidth ? row.Name : row.Name[..(NameWidth - 1)] + (Unicode ? "…" : "~");
            var line = new Line().Add(name.PadRight(NameWidth), row.IsFlow ? MatrixPalette.Quiet : Style.Plain);
            foreach ((Column column, int width) in Shown)
            {
                (string text, Style style) = column.Cell(row);
                line.Add(new string(' ', width - text.Length)).Add(text, style);
            }

            return line;
        }
    }

    /// <summary>A line of pieces, each with its style.</summary>
    private sealed class Line
    {
        private readonly List<(string Text, Style Style)> _pieces = [];

        public Line Add(string text, Style? style = null)
        {
            if (text.Length > 0) _pieces.Add((text, style ?? Style.Plain));
            return this;
        }

        /// <summary>The line, cut where the terminal ends.</summary>
        public IEnumerable<Segment> Segments(int width)
        {
            int left = width;
            foreach ((string text, Style style) in _pieces)
            {
                if (left <= 0) break;
                yield return new Segment(text.Length <= left ? text : text[..left], style);
                left -= text.Length;
            }

            yield return Segment.LineBreak;
        }
    }
}
