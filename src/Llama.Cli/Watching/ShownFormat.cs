using Llama.Cli.Settings;

namespace Llama.Cli.Watching;

/// <summary>How what a server knows is written.</summary>
internal enum ShownFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>As the API answers.</summary>
    Json,

    /// <summary>As the API answers.</summary>
    Csv,
}

/// <summary>Names of formats. Pure.</summary>
internal static class ShownFormats
{
    /// <summary>As flags and the API call it.</summary>
    public static string Name(this ShownFormat format) => format switch
    {
        ShownFormat.Json => "json",
        ShownFormat.Csv => "csv",
        _ => "table",
    };

    /// <summary>Reads one.</summary>
    public static Parsed<ShownFormat> Parse(string text) => text switch
    {
        "table" => Parsed.Of(ShownFormat.Table),
        "json" => Parsed.Of(ShownFormat.Json),
        "csv" => Parsed.Of(ShownFormat.Csv),
        _ => Parsed.Not<ShownFormat>(text, "is not a format: give table, json or csv"),
    };
}
