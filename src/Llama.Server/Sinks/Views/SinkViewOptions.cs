namespace Llama.Server.Sinks.Views;

/// <summary>What a sink gets of each report.</summary>
internal enum SinkRows
{
    /// <summary>A row for each pair and class.</summary>
    Pairs,

    /// <summary>The same, and a row for each flow.</summary>
    Flows,

    /// <summary>Pairs summed over all reports of an interval by tags of source and destination.</summary>
    RolledUp,
}

/// <summary>What a sink gets, and how many series of it. Immutable.</summary>
internal sealed record SinkViewOptions
{
    private const int MostTags = 8;

    /// <summary>Which rows.</summary>
    public SinkRows Rows { get; init; }

    /// <summary>The tags that roll-ups are made by, without src_ or dst_ before them.</summary>
    public IReadOnlyList<string> By { get; init; } = [];

    /// <summary>Series within about an hour beyond which rows are folded; 0 for no limit.</summary>
    public int MaxSeries { get; init; }

    /// <summary>How long after its end an interval is rolled up: until then reports of it are waited for.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Takes a line for the operator, at most one an hour.</summary>
    public Action<string> Warn { get; init; } = static _ => { };

    /// <summary>Takes rows, by and max-series of a sink's address.</summary>
    /// <exception cref="FormatException">One of them is wrong; the message says what to write.</exception>
    public static SinkViewOptions Of(SinkUri uri)
    {
        SinkRows rows = uri.Take("rows") switch
        {
            null or "pairs" => SinkRows.Pairs,
            "flows" => SinkRows.Flows,
            "rollup" => SinkRows.RolledUp,
            var other => throw new FormatException($"rows is \"{other}\": write pairs, flows or rollup"),
        };
        string? by = uri.Take("by");
        if (rows == SinkRows.RolledUp && by is null) throw new FormatException("rows=rollup needs to know by which tags: write by=TAG, for instance by=region");
        if (rows != SinkRows.RolledUp && by is not null) throw new FormatException("by is for roll-ups alone: write rows=rollup with it");
        string[] tags = by?.Split(',') ?? [];
        if (tags.Any(tag => tag.Length == 0)) throw new FormatException($"by is \"{by}\": write tags with commas between them, for instance by=region,site");
        if (tags.Distinct(StringComparer.Ordinal).Count() < tags.Length) throw new FormatException($"by is \"{by}\": write each tag once");
        if (tags.Length > MostTags) throw new FormatException($"by names {tags.Length} tags: write {MostTags} at most");
        return new SinkViewOptions
        {
            Rows = rows,
            By = tags,

            // A rolled-up row holds a distribution while its interval is open, so there are fewer of them.
            MaxSeries = uri.TakeNumber("max-series", 0, int.MaxValue) ?? (rows == SinkRows.RolledUp ? 10_000 : 1_000_000),
        };
    }
}
