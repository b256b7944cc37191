using System.Text;

namespace Llama.Benchmarks.Gate;

/// <summary>The table, for a terminal and for docs/benchmarks.md.</summary>
internal sealed class Report(Machine machine, IReadOnlyList<ResultRow> rows)
{
    private static readonly string[] Titles = ["what", "bar", "median", "rounds", "met"];

    /// <summary>One line for each row, in columns.</summary>
    public string ToText()
    {
        string[][] cells = [Titles, .. rows.Select(Cells)];
        int[] widths = [.. Titles.Index().Select(title => cells.Max(line => line[title.Index].Length))];
        var text = new StringBuilder();
        foreach (string[] line in cells)
            text.AppendLine(string.Join("  ", line.Index().Select(cell => cell.Item.PadRight(widths[cell.Index]))).TrimEnd());
        return text.ToString();
    }

    /// <summary>The whole page.</summary>
    /// <param name="notes">What people have to say of the figures: Markdown, from its first heading on.</param>
    public string ToMarkdown(string notes)
    {
        var page = new StringBuilder();
        page.Append("""
            # Benchmarks

            Written by `make bench`, all in one run on one machine; what stands below the tables is from `bench/notes.md`. Each figure is
            the median of interleaved rounds, with the least and the most of them. Rows without a bar are there for comparison.


            """);
        AppendTable(page, Titles, rows.Select(Cells));
        page.Append("\n## The machine\n\n");
        AppendTable(page, ["what", "value"], machine.Facts.Select(fact => new[] { fact.Name, fact.Value }));
        return page.Append('\n').Append(notes.Trim()).Append('\n').ToString();
    }

    private static string[] Cells(ResultRow row) =>
        [row.What, row.Bar, row.Figure, row.Spread, row.IsMet switch { true => "yes", false => "NO", null => "" }];

    private static void AppendTable(StringBuilder page, string[] titles, IEnumerable<string[]> lines)
    {
        AppendLine(page, titles);
        AppendLine(page, [.. titles.Select(_ => "---")]);
        foreach (string[] line in lines) AppendLine(page, line);
    }

    private static void AppendLine(StringBuilder page, string[] cells) =>
        page.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
}
