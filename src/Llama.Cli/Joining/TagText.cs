using System.Text;
using Llama.Cli.Settings;

namespace Llama.Cli.Joining;

/// <summary>
/// Tags as a person writes them: scline/llama-sd's <c>[ location: Las Vegas, src_name: Office ]</c>, or <c>key=value,key2=value2</c>.
/// What holds a comma stands in double quotes.
/// </summary>
internal static class TagText
{
    private const int MostTags = 64;
    private const int LongestKey = 256;
    private const int LongestValue = 1024;

    /// <summary>Reads tags, in their order; of two with one key the last counts, where the first stood.</summary>
    public static Parsed<IReadOnlyList<KeyValuePair<string, string>>> Parse(string text)
    {
        string inner = text.Trim();
        if (inner is ['[', .., ']'] or ['{', .., '}']) inner = inner[1..^1];
        var tags = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string part in Split(inner))
        {
            if (part.Length == 0) continue;
            int separator = part[0] == '"' ? part.IndexOfAny([':', '='], Math.Max(1, part.IndexOf('"', 1))) : part.IndexOfAny([':', '=']);
            if (separator < 0) return Not(part, "has no value: write key=value, or [ key: value ]");
            string key = Unquoted(part[..separator]), value = Unquoted(part[(separator + 1)..]);
            if (key.Length == 0) return Not(part, "has no key: write key=value, or [ key: value ]");
            if (key.Length > LongestKey || value.Length > LongestValue) return Not(part[..Math.Min(40, part.Length)], $"is too long: a key has {LongestKey} characters at most, a value {LongestValue}");
            tags[key] = value;
        }

        return tags.Count <= MostTags
            ? Parsed.Of<IReadOnlyList<KeyValuePair<string, string>>>([.. tags])
            : Not($"{tags.Count} tags", $"are too many: give {MostTags} at most");
    }

    private static Parsed<IReadOnlyList<KeyValuePair<string, string>>> Not(string text, string what) =>
        Parsed.Not<IReadOnlyList<KeyValuePair<string, string>>>(text, what);

    private static IEnumerable<string> Split(string text)
    {
        var part = new StringBuilder();
        bool quoted = false;
        foreach (char c in text)
        {
            if (c == '"') quoted = !quoted;
            if (c == ',' && !quoted)
            {
                yield return part.ToString().Trim();
                part.Clear();
            }
            else
            {
                part.Append(c);
            }
        }

        yield return part.ToString().Trim();
    }

    private static string Unquoted(string text)
    {
        string trimmed = text.Trim();
        return trimmed is ['"', .., '"'] ? trimmed[1..^1] : trimmed;
    }
}
