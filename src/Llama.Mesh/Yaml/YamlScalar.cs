using System.Globalization;
using System.Text.RegularExpressions;

namespace Llama.Mesh.Yaml;

/// <summary>
/// A single value. What it means depends on who asks; the rules are those of Go's yaml.v2, which reads YAML 1.1's words
/// and the integers of Go's own syntax.
/// </summary>
internal sealed partial class YamlScalar(int line, string text, bool isPlain, string tag) : YamlNode(line)
{
    private const string CoreTags = "tag:yaml.org,2002:";

    /// <summary>The value as it is written, quotes and escapes undone.</summary>
    public string Text { get; } = text;

    /// <summary>Says nothing: empty, <c>~</c> or <c>null</c>.</summary>
    public bool IsNull => tag == CoreTags + "null" || (Resolves && Text is ("" or "~" or "null" or "Null" or "NULL"));

    /// <summary>The key <c>&lt;&lt;</c>, which merges other mappings into the one it stands in.</summary>
    public bool IsMergeKey => Text == "<<" && (Resolves || tag == CoreTags + "merge");

    /// <summary>Quoted, or tagged as text: never a number.</summary>
    public bool IsText => !Resolves && tag != CoreTags + "int" && tag != CoreTags + "float" && tag != CoreTags + "bool";

    /// <summary>The same text as if it stood there without quotes.</summary>
    public YamlScalar Unquoted() => isPlain ? this : new YamlScalar(Line, Text, isPlain: true, tag);

    private bool Resolves => isPlain && tag.Length == 0;

    /// <summary>Reads yes and no in YAML 1.1's spellings.</summary>
    public bool TryGetBoolean(out bool value)
    {
        value = Text is "true" or "True" or "TRUE" or "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON";
        return !IsText
            && (value || Text is "false" or "False" or "FALSE" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF");
    }

    /// <summary>Reads a number: decimal, 0x, 0o, 0b, octal by a leading zero, fractions, exponents, underscores between digits.</summary>
    public bool TryGetNumber(out YamlNumber value)
    {
        value = default;
        if (IsText || Text.Length == 0 || Text.Length > 400 || !(char.IsAsciiDigit(Text[0]) || Text[0] is '+' or '-' or '.'))
            return false;

        if (Text is ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF")
            value = YamlNumber.From(double.PositiveInfinity);
        else if (Text is "-.inf" or "-.Inf" or "-.INF")
            value = YamlNumber.From(double.NegativeInfinity);
        else if (Text is ".nan" or ".NaN" or ".NAN")
            value = YamlNumber.From(double.NaN);
        else
        {
            string digits = Text.Replace("_", "", StringComparison.Ordinal);
            if (TryGetInteger(digits, out Int128 integer))
                value = YamlNumber.FromInteger(integer);
            else if (Fraction().IsMatch(digits))
                value = YamlNumber.From(double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture));
            else
                return false;
        }

        return true;
    }

    // As Go's strconv.ParseInt does with base 0.
    private static bool TryGetInteger(string text, out Int128 value)
    {
        value = 0;
        ReadOnlySpan<char> digits = text;
        bool negative = digits is ['-', ..];
        if (digits is ['-' or '+', ..])
            digits = digits[1..];
        (int radix, int prefix) = digits switch
        {
            ['0', 'x' or 'X', ..] => (16, 2),
            ['0', 'b' or 'B', ..] => (2, 2),
            ['0', 'o' or 'O', ..] => (8, 2),
            ['0', _, ..] => (8, 1),
            _ => (10, 0),
        };
        digits = digits[prefix..];
        if (digits.IsEmpty)
            return false;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : radix;
            if (digit >= radix)
                return false;
            // Beyond 64 bits only "too large" matters.
            if (value <= ulong.MaxValue)
                value = value * radix + digit;
        }

        if (negative)
            value = -value;
        return true;
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Fraction();
}

/// <summary>A number of a YAML document.</summary>
/// <param name="Value">The number.</param>
/// <param name="Whole">Without its fraction, towards zero, as Go takes it for a whole-number key; held at the ends of 64 bits.</param>
/// <param name="HasFraction">True when <paramref name="Whole"/> is not all of it.</param>
internal readonly record struct YamlNumber(double Value, long Whole, bool HasFraction)
{
    public static YamlNumber FromInteger(Int128 integer) =>
        new((double)integer, (long)Int128.Clamp(integer, long.MinValue, long.MaxValue), false);

    // The cast saturates, and makes 0 of NaN.
    public static YamlNumber From(double value) => new(value, (long)value, value != Math.Truncate(value));
}
