using System.Globalization;
using System.Text;

namespace Llama.Server.Intake;

/// <summary>Names of others as text for a terminal: what controls it, or the direction of writing, is shown as an escape.</summary>
public static class Printable
{
    /// <summary>The text on one line; a backslash is doubled, so that nothing looks like an escape that is none.</summary>
    public static string Of(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value == '\\') shown.Append(@"\\");
            else if (IsPrintable(rune)) shown.Append(rune);
            else shown.Append(@"\u{").Append(rune.Value.ToString("x", CultureInfo.InvariantCulture)).Append('}');
        }

        return shown.ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
