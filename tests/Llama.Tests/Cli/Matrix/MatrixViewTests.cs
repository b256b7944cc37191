using Llama.Cli.Matrix;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Matrix;

public class MatrixViewTests
{
    [Fact]
    public void Plain_text_has_no_escape_codes_and_nothing_but_ascii()
    {
        string text = Drawing.Plain(View());
        Assert.All(text, character => Assert.True(character is '\n' or (>= ' ' and <= '~'), $"U+{(int)character:X4}"));
        Assert.Equal(
            """
            LLAMA  |  2026-11-22 12:00:01Z  |  last 1 s  |  1,920 datagrams/s
            Rows send, columns reflect: datagrams lost and median round-trip time.

                      ams1           fra1           pdx1           syd1
            ams1       -         .   0%  48us   ^   0%  12ms   !  10%  61ms
            fra1  .   0%  49us        -         x 100%     -   !  12%  61ms
            pdx1  ?   0%  50us   .   0%  51us        -              -

            . fine  ^ slow (from 10ms)  ! loss  x dead  ? suspect  - not measured
            pdx1: numbers are suspect, datagrams left late

            fra1 -> pdx1  loses 100 %, nothing comes back
            fra1 -> syd1  loses 12 % on the way back; flow 3 of 4 loses 40 %, the others 2.2 %
            ams1 -> syd1  loses 10 % on the way there; flows 1-4 alike

            """.ReplaceLineEndings("\n"),
            text);
    }

    [Fact]
    public void A_terminal_gets_colours_and_marks()
    {
        string text = Drawing.ForTerminal(View(), 80, Terminal("COLORTERM", "truecolor"));
        Assert.Contains("\e[38;2;140;233;154;48;2;20;48;29m ·   0%  48µs \e[0m", text, StringComparison.Ordinal);
        Assert.Contains("\e[1;38;2;255;255;255;48;2;201;42;42m × 100%     — \e[0m", text, StringComparison.Ordinal);
        Assert.Contains("fra1 → pdx1", text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_color_takes_the_colours_away_and_leaves_the_marks()
    {
        string text = Drawing.ForTerminal(View(), 80, name => name is "NO_COLOR" or "COLORTERM" ? "truecolor" : null);
        Assert.DoesNotContain("[38;", text, StringComparison.Ordinal);
        Assert.DoesNotContain("48;", text.Replace("48µs", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains(" × 100%     — ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(34)]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void No_line_is_wider_than_the_terminal(int width)
    {
        string text = Drawing.ForTerminal(View(), width, name => name == "NO_COLOR" ? "1" : null);
        Assert.All(Unstyled(text).Split('\n'), line => Assert.True(line.Length <= width, line));
    }

    [Fact]
    public void A_narrow_terminal_gets_shorter_cells_that_show_what_matters()
    {
        string text = Unstyled(Drawing.ForTerminal(View(), 40, name => name == "NO_COLOR" ? "1" : null));
        Assert.Contains("ams1    —    ·  48µs ▲  12ms !   10%", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_very_narrow_terminal_keeps_the_worst_columns_and_says_so()
    {
        string text = Unstyled(Drawing.ForTerminal(View(), 24, name => name == "NO_COLOR" ? "1" : null));
        Assert.Contains("      pdx1    syd1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ams1    fra1", text, StringComparison.Ordinal);
        Assert.Contains("No room for 2 columns;", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, "abg", 0)]
    [InlineData(12, "abg", 1)]
    [InlineData(14, "abg", 3)]
    [InlineData(16, "abdeg", 3)]
    [InlineData(17, "abcdefg", 3)]
    public void A_low_terminal_keeps_the_worst_rows_and_then_the_words(int height, string rows, int findings)
    {
        var window = new MatrixWindow(1);
        int[] lost = [50, 60, 0, 40, 30, 20, 70];
        window.Add(Measured.Report(1, lost.Select((each, index) => Measured.Pair($"{(char)('a' + index)}", "z", 50, 100, [each]))));
        string[] lines = Drawing.Plain(new MatrixView(window.Snapshot()!) { MaxHeight = height }).TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 1, height);
        Assert.Equal(rows, string.Concat(lines.Where(line => line.Length > 4 && line[1] == ' ' && line[0] is >= 'a' and <= 'g' && line[2] != '-').Select(line => line[0])));
        Assert.Equal(findings, lines.Count(line => line.Contains("->", StringComparison.Ordinal)));
        Assert.Equal(rows.Length < 7, lines.Any(line => line.StartsWith("No room for ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Words_that_do_not_fit_go_on_beneath()
    {
        string text = Unstyled(Drawing.ForTerminal(View(), 60, name => name == "NO_COLOR" ? "1" : null));
        Assert.Contains(
            "fra1 → syd1  loses 12 % on the way back; flow 3 of 4 loses\n             40 %, the others 2.2 %\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clean_matrix_says_that_nothing_is_lost()
    {
        var window = new MatrixWindow(1);
        window.Add(Measured.Report(1, [Measured.Pair("a", "b", 50, 10, [0])]));
        Assert.EndsWith("Nothing is lost.\n", Drawing.Plain(new MatrixView(window.Snapshot()!)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_live_screen_gives_the_terminal_back()
    {
        using var terminal = new StringWriter();
        using (var screen = new LiveScreen(terminal)) screen.Show("one\ntwo\nthree\n", height: 2);
        string text = terminal.ToString();
        Assert.StartsWith("\e[?1049h\e[?25l", text, StringComparison.Ordinal);
        Assert.Contains("\e[Hone\e[K\r\ntwo\e[K\e[J", text, StringComparison.Ordinal);
        Assert.DoesNotContain("three", text, StringComparison.Ordinal);
        Assert.EndsWith("\e[?25h\e[?1049l", text, StringComparison.Ordinal);
    }

    private static Func<string, string?> Terminal(string variable, string value) => name => name == variable ? value : null;

    private static string Unstyled(string text) => System.Text.RegularExpressions.Regex.Replace(text, "\e\\[[0-9;]*m", "");

    private static MatrixView View() => new(Matrix()) { Slow = TimeSpan.FromMilliseconds(10) };

    private static MatrixSnapshot Matrix()
    {
        var window = new MatrixWindow(1);
        window.Add(Measured.Report(1,
        [
            Measured.Pair("ams1", "fra1", 48, 60, [0, 0, 0, 0]),
            Measured.Pair("ams1", "pdx1", 12_000, 60, [0, 0, 0, 0]),
            Measured.Pair("ams1", "syd1", 61_000, 60, [6, 6, 6, 6], lostForward: 24, lostReverse: 0),
            Measured.Pair("fra1", "ams1", 49, 60, [0, 0, 0, 0]),
            Measured.Pair("fra1", "pdx1", 0, 60, [60, 60, 60, 60]),
            Measured.Pair("fra1", "syd1", 61_000, 60, [1, 1, 24, 2], lostForward: 0, lostReverse: 28),
        ]));
        window.Add(Measured.Report(1,
        [
            Measured.Pair("pdx1", "ams1", 50, 60, [0, 0, 0, 0]),
        ],
        SuspectReason.LateSends));
        window.Add(Measured.Report(1,
        [
            Measured.Pair("pdx1", "fra1", 51, 60, [0, 0, 0, 0]),
            Measured.Pair("pdx1", "syd1", 0, 0, [0, 0, 0, 0]),
        ]));
        return window.Snapshot()!;
    }
}
