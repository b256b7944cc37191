using Llama.Cli.Matrix;
using Llama.Cli.Ping;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Ping;

public class PingViewTests
{
    private static readonly PathMarks Remarked = new()
    {
        ForwardTtl = 61,
        ReverseTtl = 60,
        ForwardTos = 0,
        ReverseTos = Pinged.Expedited,
        ForwardRemarked = 195,
        ReverseRemarked = 0,
        ForwardTtlChanges = 1,
    };

    private static IntervalReport Total => Pinged.Total(
        [Pinged.Frankfurt, Pinged.Sydney, Pinged.To("gone", "192.0.2.99", 8100)],
        Pinged.Report(1, [
            Pinged.Summary(Pinged.Frankfurt, 100, 5, 0, Remarked, [.. Enumerable.Repeat(1000.0, 180), .. Enumerable.Repeat(2000.0, 14), 4000]),
            Pinged.Summary(Pinged.Sydney, 100, 0, 0, 281_000, 281_400, 290_000),
            Pinged.Summary(Pinged.To("gone", "192.0.2.99", 8100), 100, null, null, default),
        ], SuspectReason.LateSends));

    [Fact]
    public void Plain_text_has_no_escape_codes_and_nothing_but_ascii()
    {
        string text = Drawing.Plain(new PingView(Total, Pinged.Options) { PerFlow = true });

        Assert.All(text, character => Assert.True(character is '\n' or (>= ' ' and <= '~'), $"U+{(int)character:X4}"));
        Assert.Equal(
            """
            LLAMA ping  |  2026-11-22 12:00:01Z  |  1.0 s  |  2 flows, 16/s of 1028 bytes, EF

                                          Datagrams                      Round trip, ms                   Path
            Target                  Loss%  Fwd%  Rev%   Snt   Min   Avg   p50   p99   Max  Jttr    DV  Hops    ToS
            1. fra1 (192.0.2.20)     2.5%  2.5%  0.0%   200 1.000 1.087 1.004 2.007 4.000 0.002 1.007   3/4 EF>CS0
               flow 1 from 40001     0.0%  0.0%  0.0%   100 1.000 1.087     -     - 4.000     -     -   3/4 EF>CS0
               flow 2 from 40002     5.0%  5.0%  0.0%   100 1.000 1.087     -     - 4.000     -     -   3/4 EF>CS0
                 1.000 @                       -                      : 4.000
            2. [2001:db8::20]:9300   0.0%  0.0%  0.0%   200 281.0 284.1 283.1 290.0 290.0 0.002 9.000     -     EF
               flow 1 from 40001     0.0%  0.0%  0.0%   100 281.0 284.1     -     - 290.0     -     -     -     EF
               flow 2 from 40002     0.0%  0.0%  0.0%   100 281.0 284.1     -     - 290.0     -     -     -     EF
                 281.0 @* 290.0
            3. gone (192.0.2.99)   100.0%     -     -   200     -     -     -     -     -     -     -     -     EF
               flow 1 from 40001   100.0%     -     -   100     -     -     -     -     -     -     -     -     EF
               flow 2 from 40002   100.0%     -     -   100     -     -     -     -     -     -     -     -     EF

            fra1  loses 2.5 % on the way there; flows 1-2 alike
            fra1  EF arrives there as CS0
            fra1  the way there changed its length once
            gone  loses 100 %, nothing comes back
            Some of these numbers are suspect: datagrams left late

            """.ReplaceLineEndings("\n"),
            text);
    }

    [Fact]
    public void A_terminal_gets_colours_and_blocks()
    {
        string text = Drawing.ForTerminal(new PingView(Total, Pinged.Options), 120, name => name == "COLORTERM" ? "truecolor" : null);

        Assert.Contains("\e[38;5;9m2.5%\e[0m", text, StringComparison.Ordinal);
        Assert.Contains("\e[1;38;5;15;48;5;1m100.0%\e[0m", text, StringComparison.Ordinal);
        Assert.Contains("1.000 █", text, StringComparison.Ordinal);
        Assert.DoesNotContain("flow 1 from", text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_color_takes_the_colours_away()
    {
        string text = Drawing.ForTerminal(new PingView(Total, Pinged.Options), 120, name => name == "NO_COLOR" ? "1" : null);

        Assert.DoesNotContain("[38;", text, StringComparison.Ordinal);
        Assert.Contains("2.5%", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(120, "Loss% Fwd% Rev% Snt Min Avg p50 p99 Max Jttr DV Hops ToS")]
    [InlineData(80, "Loss% Fwd% Rev% Snt Min p50 p99 Max Hops ToS")]
    [InlineData(60, "Loss% Fwd% Rev% Snt Min p50 p99")]
    public void Where_it_is_narrow_the_columns_that_matter_least_go_and_no_line_is_too_long(int width, string columns)
    {
        string[] lines = Drawing.ForTerminal(new PingView(Total, Pinged.Options), width, name => name == "NO_COLOR" ? "1" : null)
            .Replace("\e[1m", "", StringComparison.Ordinal).Replace("\e[2m", "", StringComparison.Ordinal).Replace("\e[0m", "", StringComparison.Ordinal).Split('\n');

        Assert.Contains(lines, line => line.StartsWith("Target", StringComparison.Ordinal)
            && string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]) == columns);
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
    }

    [Fact]
    public void Where_it_is_low_the_histograms_go()
    {
        string Text(int? height) => Drawing.Plain(new PingView(Total, Pinged.Options) { MaxHeight = height });

        Assert.Contains("1.000 @", Text(null), StringComparison.Ordinal);
        Assert.Contains("1.000 @", Text(15), StringComparison.Ordinal);
        Assert.DoesNotContain("1.000 @", Text(12), StringComparison.Ordinal);
        Assert.DoesNotContain("1.000 @", Drawing.Plain(new PingView(Total, Pinged.Options) { Histogram = false }), StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_and_pause_are_told_where_there_are_any()
    {
        string text = Drawing.Plain(new PingView(Total, Pinged.Options) { Keys = true, Paused = true });

        Assert.Contains("PAUSED\nKeys:  flows  histogram  pause  quit\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reflector_that_tells_nothing_is_told_of()
    {
        Summary plain = Pinged.Summary(Pinged.Frankfurt, 10, null, null, default);
        plain = plain with { Flows = [plain.Flows[0] with { Counts = new DatagramCounts { Sent = 10, Received = 8, Lost = 2 } }] };

        string text = Drawing.Plain(new PingView(Pinged.Total([Pinged.Frankfurt], Pinged.Report(1, [plain])), Pinged.Options));

        Assert.Contains("fra1  its reflector tells neither the direction of loss", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Before_the_first_interval_there_are_dashes()
    {
        string text = Drawing.Plain(new PingView(Pinged.Total([Pinged.Frankfurt]), Pinged.Options));

        Assert.Contains("1. fra1 (192.0.2.20)     -     -     -     0     -", text, StringComparison.Ordinal);
    }
}
