namespace Llama.Cli.Settings;

/// <summary>What a text means, or why it means nothing.</summary>
/// <param name="Value">The meaning; default where there is a problem.</param>
/// <param name="Problem">What is wrong with the text and what to give instead, a line for each mistake; null where nothing is.</param>
internal readonly record struct Parsed<T>(T? Value, string? Problem);

/// <summary>Builds a <see cref="Parsed{T}"/>.</summary>
internal static class Parsed
{
    public static Parsed<T> Of<T>(T value) => new(value, null);

    public static Parsed<T> Not<T>(string text, string what) => new(default, $"'{text}' {what}");
}
