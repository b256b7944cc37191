using System.Text;

namespace Llama.Mesh;

/// <summary>Text of a file as messages show it: on one line, printable, and not too long.</summary>
internal static class Excerpt
{
    private const int MaxLength = 60;

    /// <summary>The text in double quotes.</summary>
    public static string Of(string text) => $"\"{Printable(text)}\"";

    /// <summary>The text bare where it reads as a word or an address, else in double quotes.</summary>
    public static string OfKey(string text) =>
        text.Length is > 0 and <= MaxLength && text.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '[' or ']' or '%' or '<')
            ? text
            : Of(text);

    private static string Printable(string text)
    {
        var shown = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (shown.Length >= MaxLength)
                return shown.Append("...").ToString();
            if (Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029)
                shown.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else
                shown.Append(rune);
        }

        return shown.ToString();
    }
}
