using System.Text.RegularExpressions;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>
/// Reads the form of the original's file (ConfigArgParse): a setting to a line, as <c>key = value</c>, <c>key: value</c>,
/// <c>key value</c>, or <c>key</c> alone for a switch.
/// </summary>
internal static partial class LinesForm
{
    // A file of a few settings is no longer, and the pattern's time grows with the square of a line's length.
    private const int MaxLength = 64 * 1024;
    private const int MaxLineLength = 2000;

    /// <summary>The settings as a mapping; null for a text that is not in this form.</summary>
    public static YamlMapping? Read(string text)
    {
        if (text.Length > MaxLength)
            return null;
        var mapping = new YamlMapping(1);
        int number = 0;
        // Without a sign of this form a mistaken YAML file would pass for it.
        bool isTold = false;
        bool hasColon = false;
        foreach (string line in text.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()))
        {
            number++;
            isTold |= line is [';', ..] or ['[', .., ']'];
            if (line.Length == 0 || line[0] is '#' or ';' or '[' || line.StartsWith("---", StringComparison.Ordinal))
                continue;
            Match match = line.Length <= MaxLineLength ? Line().Match(line) : Match.Empty;
            if (!match.Success)
                return null;
            isTold |= match.Groups["separator"].Value.Trim() == "=";
            hasColon |= match.Groups["separator"].Value.Trim() == ":";
            mapping.Entries.Add(new(
                new YamlScalar(number, match.Groups["key"].Value, isPlain: false, ""),
                Value(number, match.Groups["separator"].Success ? match.Groups["value"].Value : "true")));
        }

        return mapping.Entries.Count > 0 && (isTold || !hasColon) ? mapping : null;
    }

    private static YamlNode Value(int line, string text)
    {
        if (text is not ['[', .., ']'])
            return Scalar(text is ['"' or '\'', .., var end] && end == text[0] ? text[1..^1] : text);
        var list = new YamlSequence(line);
        list.Items.AddRange(text[1..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Scalar));
        return list;

        YamlScalar Scalar(string value) => new(line, value, isPlain: true, "");
    }

    [GeneratedRegex(@"^(?<key>(?:--?)?[A-Za-z][\w-]*)(?:(?<separator>\s*[:=]\s*|\s+(?![:=;#]))(?<value>.*?))?(?:\s+[;#].*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}
