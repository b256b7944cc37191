using System.Runtime.InteropServices;

namespace Llama.Server.Intake;

/// <summary>Keys and values as octets, many lists of them one after the other, used again and again. Belongs to one thread at a time.</summary>
internal sealed class TagTable
{
    private readonly List<PlacedTag> _tags = [];
    private readonly List<byte> _octets = [];

    /// <summary>How many there are.</summary>
    public int Count => _tags.Count;

    /// <summary>How much it would hold on to, in pieces like those of a report.</summary>
    public int Room => _tags.Capacity + _octets.Capacity / 16;

    /// <summary>Some of them, in their order.</summary>
    public ReadOnlySpan<PlacedTag> this[Range range] => CollectionsMarshal.AsSpan(_tags)[range];

    /// <summary>The key of one.</summary>
    public ReadOnlySpan<byte> Key(PlacedTag tag) => CollectionsMarshal.AsSpan(_octets).Slice(tag.From, tag.KeyLength);

    /// <summary>The value of one.</summary>
    public ReadOnlySpan<byte> Value(PlacedTag tag) => CollectionsMarshal.AsSpan(_octets).Slice(tag.From + tag.KeyLength, tag.ValueLength);

    /// <summary>Adds one to the list that begins at <paramref name="first"/>; one of the same key that is in it gives way.</summary>
    public void Set(int first, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var tag = new PlacedTag(_octets.Count, key.Length, value.Length);
        _octets.AddRange(key);
        _octets.AddRange(value);
        for (int i = first; i < _tags.Count; i++)
        {
            if (!Key(_tags[i]).SequenceEqual(key)) continue;
            _tags[i] = tag;
            return;
        }

        _tags.Add(tag);
    }

    public void Clear()
    {
        _tags.Clear();
        _octets.Clear();
    }
}

/// <summary>Where a key and its value stand among the octets of a table.</summary>
internal readonly record struct PlacedTag(int From, int KeyLength, int ValueLength);
