using System.Globalization;
using Llama.Cli.Matrix;
using Llama.Cli.Ping;
using Llama.Server.Collecting;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Llama.Cli.Watching;

/// <summary>
/// Draws the worst pairs, one a line. Where the terminal is too narrow, the columns that matter least are left out, and then names are
/// cut; where it is too low, the pairs that are least bad.
/// </summary>
internal sealed class TopView(WorstAnswer answer, LiveLook look) : Renderable
{
    private const int LeastName = 8;
    private const int MostName = 32;
    private const int BarWidth = 12;
    private const string Eighths = " ▏▎▍▌▋▊▉█";

    // Title, an empty line, the heads of the columns.
    private const int FixedLines = 3;

    private static readonly Style Good = new(Color.Green);
    private static readonly Style Poor = new(Color.Olive);
    private static readonly Style Bad = new(Color.Red);
    private static readonly Style Dead = new(Color.White, Color.Maroon, Decoration.Bold);

    private static readonly Column[] Columns =
    [
        new("Loss%", "loss", 0, Share),
        new("Fwd%", "loss_forward", 2, Share),
        new("Rev%", "loss_reverse", 2, Share),
        new("Snt", "sent", 1, (value, _) => (MatrixField.Count(value), Style.Plain)),
        new("p50", "rtt_p50", 1, Duration),
        new("p99", "rtt_p99", 0, Duration),
        new("Jttr", "jitter", 4, Duration),
        new("DV", "delay_variation", 5, Duration),
    ];

    private static readonly (char Key, string Metric, string Words)[] KeysOfMetrics =
    [
        ('l', "loss", "loss"), ('f', "loss_forward", "forward"), ('r', "loss_reverse", "reverse"), ('m', "rtt_p50", "median"),
        ('9', "rtt_p99", "99th"), ('j', "jitter", "jitter"), ('v', "delay_variation", "variation"),
    ];

    /// <summary>The metrics that are drawn.</summary>
    public static IEnumerable<string> Metrics => Columns.Select(column => column.Metric);

    /// <summary>The metrics that pairs can be ranked by.</summary>
    public static IEnumerable<string> Ranks => KeysOfMetrics.Select(each => each.Metric);

    /// <summary>The metric that a key ranks by; null where it does not.</summary>
    public static string? RankOf(char key) => Array.Find(KeysOfMetrics, each => each.Key == key).Metric;

    /// <summary>What is said where there is no pair.</summary>
    public string Verdict { get; init; } = "Nothing was measured.";

    /// <inheritdoc/>
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        bool unicode = options.Unicode;
        foreach (Segment segment in Head(unicode, maxWidth)) yield return segment;
        if (answer.Rows.Count == 0)
        {
            foreach (string line in TerminalText.Wrap(Verdict, maxWidth, unicode))
            {
                yield return new Segment(line);
                yield return Segment.LineBreak;
            }

            yield break;
        }

        int extra = (look.HasKeys ? 1 : 0) + (look.Trouble is null ? 0 : 1);
        int room = look.Height is { } height ? Math.Max(1, height - FixedLines - extra) : int.MaxValue;
        WorstPair[] shown = [.. answer.Rows.Take(answer.Rows.Count > room ? Math.Max(1, room - 1) : room)];
        foreach (Segment segment in Table(shown, unicode, maxWidth)) yield return segment;
        if (shown.Length == answer.Rows.Count) yield break;
        yield return new Segment(TerminalText.Fit($"No room for {answer.Rows.Count - shown.Length} more; those that are least bad are left out.", maxWidth, unicode), MatrixPalette.Quiet);
        yield return Segment.LineBreak;
    }

    private IEnumerable<Segment> Head(bool unicode, int width)
    {
        string separator = unicode ? "  ·  " : "  |  ";
        string[] facts = [.. answer.Facts, $"{answer.Of.ToString("#,0", CultureInfo.InvariantCulture)} pairs", .. look.IsPaused ? (string[])["PAUSED"] : []];
        yield return new Segment(TerminalText.Fit("LLAMA top", width, unicode), MatrixPalette.Title);
        yield return new Segment(TerminalText.Fit(string.Concat(facts.Select(fact => separator + fact)), Math.Max(0, width - 9), unicode), MatrixPalette.Quiet);
        yield return Segment.LineBreak;
        if (look.HasKeys)
        {
            foreach (Segment segment in Keys(width)) yield return segment;
            yield return Segment.LineBreak;
        }

        if (look.Trouble is { } trouble)
        {
            yield return new Segment(TerminalText.Fit($"Not the newest: {trouble}", width, unicode), MatrixPalette.Warning);
            yield return Segment.LineBreak;
        }

        yield return Segment.LineBreak;
    }

    private IEnumerable<Segment> Keys(int width)
    {
        int left = width;
        foreach ((char key, string words, bool isOn) in KeysOfMetrics.Select(each => (each.Key, each.Words, each.Metric == answer.Metric)).Append(('p', "pause", look.IsPaused)).Append(('q', "quit", false)))
        {
            left -= words.Length + 2;
            if (left < 0) yield break;
            yield return new Segment(key.ToString(), MatrixPalette.Label);
            yield return new Segment(words[1..], isOn ? MatrixPalette.Label : MatrixPalette.Quiet);
            yield return new Segment("  ");
        }
    }

    private IEnumerable<Segment> Table(WorstPair[] rows, bool unicode, int width)
    {
        int source = NameWidth(rows.Select(row => row.Source)), destination = NameWidth(rows.Select(row => row.Destination));
        List<(Column Column, int Width)> shown =
            [.. Columns.Select(column => (column, 1 + rows.Select(row => column.Text(row, unicode).Text.Length).Append(Math.Max(4, column.Title.Length)).Max()))];
        int Taken() => shown.Sum(each => each.Width);

        // A name that loses a quarter is better than a column left out.
        int Short(int name) => Math.Max(Math.Min(name, LeastName), name * 3 / 4);
        while (Short(source) + 2 + Short(destination) + Taken() > width && shown.Where(IsDispensable).ToArray() is [_, ..] dispensable)
            shown.Remove(dispensable.MaxBy(each => each.Column.Dispensable));
        while (source + 2 + destination + Taken() > width && Math.Max(source, destination) > LeastName)
        {
            if (source >= destination) source--;
            else destination--;
        }

        bool hasBar = source + 2 + destination + Taken() + 2 + BarWidth <= width;
        yield return new Segment(TerminalText.PadRight(TerminalText.Fit("Source", source, unicode), source + 2), MatrixPalette.Label);
        yield return new Segment(TerminalText.PadRight(TerminalText.Fit("Destination", destination, unicode), destination), MatrixPalette.Label);
        foreach ((Column column, int columnWidth) in shown)
            yield return new Segment(column.Title.PadLeft(columnWidth), column.Metric == answer.Metric ? MatrixPalette.Title : MatrixPalette.Label);
        yield return Segment.LineBreak;
        double most = rows.Max(row => row[answer.Metric]) ?? 0;
        foreach (WorstPair row in rows)
        {
            yield return new Segment(TerminalText.PadRight(TerminalText.Fit(row.Source, source, unicode), source + 2));
            yield return new Segment(TerminalText.PadRight(TerminalText.Fit(row.Destination, destination, unicode), destination));
            foreach ((Column column, int columnWidth) in shown)
            {
                (string text, Style style) = column.Text(row, unicode);
                yield return new Segment(new string(' ', columnWidth - text.Length));
                yield return new Segment(text, style);
            }

            if (hasBar && row[answer.Metric] is { } value && most > 0) yield return new Segment("  " + Bar(value / most, unicode), MatrixPalette.Quiet);
            yield return Segment.LineBreak;
        }

        bool IsDispensable((Column Column, int Width) each) => each.Column.Dispensable > 0 && each.Column.Metric != answer.Metric;
    }

    private static int NameWidth(IEnumerable<string> names) => Math.Clamp(names.Max(TerminalText.Width), 11, MostName);

    private static string Bar(double share, bool unicode)
    {
        if (!unicode) return new string('#', (int)Math.Round(Math.Clamp(share, 0, 1) * BarWidth));
        int eighths = (int)Math.Round(Math.Clamp(share, 0, 1) * BarWidth * 8);
        return new string('█', eighths / 8) + (eighths % 8 > 0 ? Eighths[eighths % 8].ToString() : "");
    }

    private static (string Text, Style Style) Share(double share, bool unicode) =>
        (PingText.Percent(share), share <= 0 ? Good : share < 0.01 ? Poor : share < 1 ? Bad : Dead);

    private static (string Text, Style Style) Duration(double nanos, bool unicode) => (Quantity.Duration(nanos, unicode), Style.Plain);

    /// <summary>A column of the table.</summary>
    /// <param name="Title">Its name.</param>
    /// <param name="Metric">What stands in it.</param>
    /// <param name="Dispensable">0 stays always; of the others, the highest goes first, save the one that pairs are ranked by.</param>
    /// <param name="Of">A value as text.</param>
    private sealed record Column(string Title, string Metric, int Dispensable, Func<double, bool, (string Text, Style Style)> Of)
    {
        public (string Text, Style Style) Text(WorstPair row, bool unicode) => row[Metric] is { } value ? Of(value, unicode) : ("-", MatrixPalette.Quiet);
    }
}
