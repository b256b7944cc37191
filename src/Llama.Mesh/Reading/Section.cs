using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>
/// A section whose entries are referred to by name. An entry that no test uses does no harm in the original, so what is
/// merely unfit about it is a warning.
/// </summary>
/// <typeparam name="T">What an entry says.</typeparam>
internal sealed class Section<T>
    where T : class
{
    private readonly OrderedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly string _name;

    private Section(string name) => _name = name;

    /// <summary>Reads an entry: its name, its value, the line of its key, and where it stands. Null when it is of no use.</summary>
    public delegate T? ReadEntry(string name, YamlNode value, int line, KeyPath path, Findings findings);

    /// <summary>Reads a section.</summary>
    public static Section<T> Of(string name, YamlNode? node, ReadEntry read, Findings findings)
    {
        var section = new Section<T>(name);
        KeyPath path = KeyPath.Root.Key(name);
        if (node is YamlMapping mapping)
        {
            foreach ((string key, YamlField field) in YamlFields.Of(mapping, path, findings))
            {
                Findings own = findings.Part();
                section._entries.Add(key, new Entry(read(key, field.Value, field.Line, path.Key(key), own), field.Line, own));
            }
        }
        else if (node is not null and not YamlScalar { IsNull: true })
        {
            findings.Error(node.Line, path, $"is {Settings.Kind(node)}: write a mapping of names to entries");
        }

        return section;
    }

    /// <summary>Finds what a reference means and notes that it is used.</summary>
    /// <param name="name">The name referred to.</param>
    /// <param name="entry">The entry; null when it is there but of no use, for reasons reported with it.</param>
    /// <returns>False when there is no entry of that name.</returns>
    public bool TryUse(string name, out T? entry)
    {
        bool found = _entries.TryGetValue(name, out Entry? of);
        entry = of?.Value;
        of?.IsUsed = true;
        return found;
    }

    /// <summary>Does something with every entry that is of use.</summary>
    public void UseAll(Action<T> use)
    {
        foreach (Entry entry in _entries.Values)
        {
            if (entry.Value is not null)
                use(entry.Value);
        }
    }

    /// <summary>Says that a reference leads nowhere, and what was most likely meant.</summary>
    public string Missing(string reference)
    {
        const int Shown = 5;
        if (_entries.Count == 0)
            return $"is {Excerpt.Of(reference)}, and the file has no {_name}: add one of that name";
        if (_entries.Count <= 1000 && Misspelling.Of(reference, _entries.Keys) is { } meant)
            return $"is {Excerpt.Of(reference)}, which {_name} does not have: did you mean {Excerpt.OfKey(meant)}?";
        string names = string.Join(", ", _entries.Keys.Take(Shown).Select(Excerpt.OfKey));
        return $"is {Excerpt.Of(reference)}, which {_name} does not have: it has {names}{(_entries.Count > Shown ? ", ..." : "")}";
    }

    /// <summary>Reports what was found in the entries, now that it is known which ones are used.</summary>
    /// <param name="findings">Takes it.</param>
    /// <param name="allUsed">True when that is not known after all: every entry then counts as used.</param>
    public void Report(Findings findings, bool allUsed)
    {
        foreach ((string name, Entry entry) in _entries)
        {
            findings.Take(entry.Findings, allUsed || entry.IsUsed);
            if (!allUsed && !entry.IsUsed)
                findings.Warning(entry.Line, KeyPath.Root.Key(_name).Key(name), "is used by no test");
        }
    }

    private sealed class Entry(T? value, int line, Findings findings)
    {
        public T? Value { get; } = value;

        public int Line { get; } = line;

        public Findings Findings { get; } = findings;

        public bool IsUsed { get; set; }
    }
}
