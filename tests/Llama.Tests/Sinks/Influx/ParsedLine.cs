using System.Globalization;

namespace Llama.Tests.Sinks.Influx;

/// <summary>A line taken apart as InfluxDB's reference has it: a backslash before a separator makes it a part of the text.</summary>
internal sealed record ParsedLine(string Measurement, IReadOnlyList<(string Key, string Value)> Tags, IReadOnlyList<(string Key, double Value)> Fields, long UnixSeconds)
{
    public static ParsedLine Read(string line)
    {
        string[] parts = Split(line, ' ');
        Assert.Equal(3, parts.Length);
        string[] key = Split(parts[0], ',');
        return new ParsedLine(
            Unescaped(key[0]),
            [.. key[1..].Select(Pair)],
            [.. Split(parts[1], ',').Select(Pair).Select(pair => (pair.Key, double.Parse(pair.Value, CultureInfo.InvariantCulture)))],
            long.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    private static (string Key, string Value) Pair(string text)
    {
        string[] parts = Split(text, '=');
        Assert.Equal(2, parts.Length);
        Assert.All(parts, part => Assert.NotEmpty(part));
        return (Unescaped(parts[0]), Unescaped(parts[1]));
    }

    /// <summary>Splits at separators that have no backslash before them.</summary>
    private static string[] Split(string text, char separator)
    {
        var parts = new List<string>();
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != separator || (i > 0 && text[i - 1] == '\\')) continue;
            parts.Add(text[start..i]);
            start = i + 1;
        }

        return [.. parts, text[start..]];
    }

    private static string Unescaped(string text) => text.Replace("\\,", ",").Replace("\\ ", " ").Replace("\\=", "=");
}
