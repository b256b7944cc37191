using System.Text;

namespace Llama.Cli.Watching;

/// <summary>Which pairs of a mesh are asked for, and how they are put together. Immutable.</summary>
internal sealed record MeshQuestion
{
    /// <summary>The group; null for the only one.</summary>
    public string? Group { get; init; }

    /// <summary>The class; null for the server's choice.</summary>
    public string? Class { get; init; }

    /// <summary>Who sends, as the API takes it; empty for all.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Who reflects; likewise.</summary>
    public IReadOnlyList<string> Destinations { get; init; } = [];

    /// <summary>What those who send are put together by; null for their names.</summary>
    public string? SourceBy { get; init; }

    /// <summary>What those who reflect are put together by; likewise.</summary>
    public string? DestinationBy { get; init; }

    /// <summary>True when it is about anything but the pairs as they are.</summary>
    public bool IsPart => Sources.Count > 0 || Destinations.Count > 0 || SourceBy is not null || DestinationBy is not null;

    /// <summary>Path and query of a request.</summary>
    /// <param name="resource">The path, as in api/v2/matrix.</param>
    /// <param name="more">Further parameters; those that are null are left out.</param>
    public string Path(string resource, params ReadOnlySpan<(string Name, string? Value)> more)
    {
        var path = new StringBuilder(resource);
        char separator = '?';
        Add("group", Group);
        Add("class", Class);
        foreach (string source in Sources) Add("source", source);
        foreach (string destination in Destinations) Add("destination", destination);
        Add("source_by", SourceBy);
        Add("destination_by", DestinationBy);
        foreach ((string name, string? value) in more) Add(name, value);
        return path.ToString();

        void Add(string name, string? value)
        {
            if (value is null) return;
            path.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
    }
}
