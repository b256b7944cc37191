namespace Llama.Storage.History;

/// <summary>What is known of somebody and not stored yet. Belongs to whom the directory gives it.</summary>
internal sealed class DirectoryChanges
{
    /// <summary>Nothing.</summary>
    public static readonly DirectoryChanges None = new();

    /// <summary>Sources by number: what is known, and when they were heard of last.</summary>
    public Dictionary<int, (HistorySource Source, long Seen)> Sources { get; } = [];

    /// <summary>Destinations by group and number.</summary>
    public Dictionary<(string Group, int Number), (HistoryDestination Destination, long Seen)> Destinations { get; } = [];

    /// <summary>Classes by group.</summary>
    public HashSet<(string Group, byte Class)> Classes { get; } = [];

    public bool IsEmpty => Sources.Count == 0 && Destinations.Count == 0 && Classes.Count == 0;

    /// <summary>Adds what is in the other one, where it is not older than what is here.</summary>
    public void Add(DirectoryChanges other)
    {
        foreach ((int id, (HistorySource Source, long Seen) value) in other.Sources)
            if (!Sources.TryGetValue(id, out var own) || own.Seen <= value.Seen) Sources[id] = value;
        foreach (((string, int) key, (HistoryDestination Destination, long Seen) value) in other.Destinations)
            if (!Destinations.TryGetValue(key, out var own) || own.Seen <= value.Seen) Destinations[key] = value;
        Classes.UnionWith(other.Classes);
    }
}
