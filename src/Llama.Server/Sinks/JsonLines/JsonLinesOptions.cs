namespace Llama.Server.Sinks.JsonLines;

/// <summary>Where lines of JSON go. Immutable.</summary>
internal sealed record JsonLinesOptions
{
    /// <summary>The file; null for standard output.</summary>
    public required string? Path { get; init; }

    /// <summary>True adds the buckets of round-trip times.</summary>
    public bool WithBuckets { get; init; }

    /// <summary>What an address says: <c>jsonl:FILE</c>, or <c>jsonl:-</c> for standard output, and <c>buckets=true</c>.</summary>
    /// <exception cref="FormatException">It is wrong; the message says what to write.</exception>
    public static JsonLinesOptions Of(SinkUri uri) => new()
    {
        Path = uri.Rest switch
        {
            "" => throw new FormatException("it does not say which file: write jsonl:FILE, or jsonl:- for standard output"),
            "-" => null,
            var path => System.IO.Path.GetFullPath(path),
        },
        WithBuckets = uri.Take("buckets") switch
        {
            null or "false" => false,
            "true" => true,
            var other => throw new FormatException($"buckets is \"{other}\": write true or false"),
        },
    };
}
