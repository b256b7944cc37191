using System.Text;
using Spectre.Console.Rendering;

namespace Llama.Cli.Matrix;

/// <summary>Texts in a number of columns; those of Chinese and the like take two for a character. Pure.</summary>
internal static class TerminalText
{
    /// <summary>How many columns a text takes.</summary>
    public static int Width(string text) => Ascii.IsValid(text) ? text.Length : new Segment(text).CellCount();

    /// <summary>As much of a text as there is room for; where something is cut off, its last character says so.</summary>
    public static string Fit(string text, int width, bool unicode)
    {
        if (Width(text) <= width) return text;
        if (width < 1) return "";
        var cut = new StringBuilder();
        int taken = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            string character = rune.ToString();
            taken += Width(character);
            if (taken > width - 1) break;
            cut.Append(character);
        }

        return cut.Append(unicode ? '…' : '~').ToString();
    }

    /// <summary>A text with blanks behind it.</summary>
    public static string PadRight(string text, int width) => text + new string(' ', Math.Max(0, width - Width(text)));

    /// <summary>A text with blanks on both sides.</summary>
    public static string Centre(string text, int width) => PadRight(new string(' ', Math.Max(0, width - Width(text)) / 2) + text, width);

    /// <summary>A text in lines, parted at blanks; a word that is too long is cut.</summary>
    public static IEnumerable<string> Wrap(string text, int width, bool unicode)
    {
        while (Width(text) > width && width > 0 && LastBlank(text, width) is > 0 and var at)
        {
            yield return text[..at].TrimEnd(' ');
            text = text[at..].TrimStart(' ');
        }

        yield return Fit(text, width, unicode);
    }

    private static int LastBlank(string text, int width)
    {
        int at = text.LastIndexOf(' ', Math.Min(width, text.Length - 1));
        while (at > 0 && Width(text[..at]) > width) at = text.LastIndexOf(' ', at - 1);
        return at;
    }
}
