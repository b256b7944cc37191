using System.Globalization;
using System.Text;

namespace Llama.Mesh.Writing;

/// <summary>Texts as YAML, so that any reader of YAML 1.1 or 1.2 takes them for the same text and for nothing else.</summary>
public static class YamlText
{
    /// <summary>A text as a double-quoted scalar. Half a surrogate pair, which YAML can't hold, becomes U+FFFD.</summary>
    public static string Quoted(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\')
                quoted.Append('\\').Append(rune);
            else if (rune.Value is >= ' ' and <= '~' || (rune.IsBmp && Rune.IsLetterOrDigit(rune)))
                quoted.Append(rune);
            else
                quoted.Append(rune.IsBmp ? "\\u" : "\\U").Append(rune.Value.ToString(rune.IsBmp ? "X4" : "X8", CultureInfo.InvariantCulture));
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>A text bare where it is a plain word that means nothing else, else double-quoted.</summary>
    public static string Word(string text) => IsPlainWord(text) ? text : Quoted(text);

    /// <summary>
    /// A text bare where the Go collector (yaml.v2, into a text) and ours take it for itself, else double-quoted. Bare are words,
    /// numbers and names with single blanks, dots and dashes between them; to other readers such a text may be a number or a date.
    /// An empty text stays empty, and a reader of texts takes it for that.
    /// </summary>
    public static string Bare(string text) => IsBare(text) ? text : Quoted(text);

    private static bool IsBare(string text)
    {
        if (text.Length == 0) return true;
        if (!char.IsLetterOrDigit(text[0]) && text[0] != '_') return false;
        if (text[^1] == ' ' || text.Equals("null", StringComparison.OrdinalIgnoreCase)) return false;
        foreach (char c in text)
        {
            // A surrogate is no letter, so what is outside the basic plane is quoted.
            if (!char.IsLetterOrDigit(c) && !" _.-/+@()".Contains(c, StringComparison.Ordinal)) return false;
        }

        return true;
    }

    // Without the words that some YAML takes for null, true or false; the length keeps a key below the 1024 that YAML allows.
    private static bool IsPlainWord(string text) =>
        text.Length > 0
        && char.IsAsciiLetter(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
        && text.ToUpperInvariant() is not ("NULL" or "TRUE" or "FALSE" or "YES" or "NO" or "ON" or "OFF" or "Y" or "N" or "T" or "F")
        && text.Length <= 100;
}
