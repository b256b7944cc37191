namespace Llama.Storage.History.Reading;

/// <summary>Sources that are put together.</summary>
/// <param name="Name">What they have in common.</param>
/// <param name="Ids">Their numbers, ascending.</param>
internal sealed record SourceKey(string Name, IReadOnlyList<int> Ids);

/// <summary>Whom a question is about: sources and destinations that are wanted, put together as it says. Keys are in ordinal order. Immutable.</summary>
/// <param name="Sources">The sources by key.</param>
/// <param name="Destinations">The destinations.</param>
internal sealed record Selection(IReadOnlyList<SourceKey> Sources, DestinationKeys Destinations)
{
    /// <summary>How many pairs of keys there may be.</summary>
    public long Pairs => (long)Sources.Count * Destinations.Names.Count;

    /// <summary>The same divided by its sources, about alike.</summary>
    public IEnumerable<Selection> Shares(int count) =>
        Enumerable.Range(0, count).Select(share => this with { Sources = [.. Sources.Where((_, place) => place % count == share)] });

    /// <summary>What a question wants of a group.</summary>
    public static Selection Of(HistoryQuery query, GroupDirectory group)
    {
        var sources = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        foreach ((int id, HistorySource source) in group.Sources)
        {
            if (!LabelMatch.IsWanted(query.Sources, source.Name, source.Tags)) continue;
            string key = query.SourceBy is { } label ? LabelMatch.ValueOf(label, source.Name, source.Tags) : "";
            if (!sources.TryGetValue(key, out List<int>? ids)) sources.Add(key, ids = []);
            ids.Add(id);
        }

        var keys = new string?[group.Destinations.Count];
        for (int number = 0; number < keys.Length; number++)
        {
            if (group.Destinations[number] is not { } destination || !LabelMatch.IsWanted(query.Destinations, destination.Name, destination.Tags)) continue;
            keys[number] = query.DestinationBy is { } label ? LabelMatch.ValueOf(label, destination.Name, destination.Tags) : "";
        }

        return new Selection([.. sources.Select(source => new SourceKey(source.Key, source.Value))], DestinationKeys.Of(keys));
    }
}

/// <summary>Which destinations are wanted, by number, and which key each of them has. Immutable.</summary>
internal sealed class DestinationKeys
{
    private readonly int[] _keys;

    private DestinationKeys(IReadOnlyList<string> names, int[] keys)
    {
        Names = names;
        _keys = keys;
        Parts = PartsOf(keys);
    }

    /// <summary>The keys; the place is what <see cref="KeyOf"/> says.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Parts of rows that wanted destinations are in: runs, ascending, the last of each included.</summary>
    public IReadOnlyList<(int First, int Last)> Parts { get; }

    /// <summary>Those with a key.</summary>
    /// <param name="keys">The key of each destination; null where it is not wanted.</param>
    public static DestinationKeys Of(IReadOnlyList<string?> keys)
    {
        string[] names = [.. keys.OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        Dictionary<string, int> places = names.Select((name, place) => (name, place)).ToDictionary(key => key.name, key => key.place);
        return new DestinationKeys(names, [.. keys.Select(key => key is null ? -1 : places[key])]);
    }

    /// <summary>The place of a destination's key; negative where it is not wanted.</summary>
    public int KeyOf(int destination) => destination < _keys.Length ? _keys[destination] : -1;

    /// <summary>Of these, those of some keys alone; places of keys stay what they are.</summary>
    public DestinationKeys Only(Predicate<int> isWanted) =>
        new(Names, Array.ConvertAll(_keys, key => key >= 0 && isWanted(key) ? key : -1));

    private static List<(int First, int Last)> PartsOf(int[] keys)
    {
        var parts = new List<(int First, int Last)>();
        for (int number = 0; number < keys.Length; number++)
        {
            if (keys[number] < 0) continue;
            int part = number / RowKey.DestinationsPerPart;
            if (parts.Count > 0 && part <= parts[^1].Last + 1) parts[^1] = (parts[^1].First, part);
            else parts.Add((part, part));
        }

        return parts;
    }
}
