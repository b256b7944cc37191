using Spectre.Console;
using Spectre.Console.Rendering;

namespace Llama.Cli.Matrix;

/// <summary>Turns something that can be drawn into text: plain, or with escape codes for colours.</summary>
internal static class Drawing
{
    /// <summary>Plain ASCII of any width, for files and pipes.</summary>
    public static string Plain(IRenderable drawn)
    {
        string text = Draw(drawn, int.MaxValue / 2, ColorSystemSupport.NoColors, ansi: false, unicode: false);
        return string.Join('\n', text.Split('\n').Select(line => line.TrimEnd(' ')));
    }

    /// <summary>Text for a terminal, in the colours it has.</summary>
    /// <param name="drawn">What to draw.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="environment">Reads an environment variable: NO_COLOR (no-color.org), COLORTERM and TERM tell the colours.</param>
    public static string ForTerminal(IRenderable drawn, int width, Func<string, string?> environment) =>
        Draw(drawn, width, Colors(environment), ansi: true, unicode: true);

    private static ColorSystemSupport Colors(Func<string, string?> environment)
    {
        string term = environment("TERM") ?? "";
        return environment("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors
            : environment("COLORTERM") is "truecolor" or "24bit" || environment("WT_SESSION") is not null ? ColorSystemSupport.TrueColor
            : term.Contains("256color", StringComparison.Ordinal) || term.Contains("direct", StringComparison.Ordinal) ? ColorSystemSupport.EightBit
            : ColorSystemSupport.Standard;
    }

    private static string Draw(IRenderable drawn, int width, ColorSystemSupport colors, bool ansi, bool unicode)
    {
        using var text = new StringWriter { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = ansi ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = unicode;
        console.Write(drawn);
        return text.ToString();
    }
}
