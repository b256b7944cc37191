using System.Collections;

namespace Llama.Mesh.Plans;

/// <summary>
/// Targets put together from lists that many members have in common, each without a few of its entries. A full mesh of a tier thus
/// costs memory in proportion to its members, not to its pairs. Immutable.
/// </summary>
internal sealed class SharedTargets(IReadOnlyList<SharedPart> parts) : IReadOnlyList<int>
{
    public int Count { get; } = parts.Sum(part => part.Count);

    public int this[int index]
    {
        get
        {
            foreach (SharedPart part in parts)
            {
                if (index < part.Count)
                    return part[index];
                index -= part.Count;
            }

            throw new ArgumentOutOfRangeException(nameof(index));
        }
    }

    public IEnumerator<int> GetEnumerator()
    {
        foreach (SharedPart part in parts)
        {
            for (int i = 0; i < part.Count; i++)
                yield return part[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A list without some of its entries.</summary>
internal sealed class SharedPart
{
    private readonly int[] _all;
    private readonly int[] _omittedPlaces;

    /// <summary>A part.</summary>
    /// <param name="all">The list that is shared, ascending.</param>
    /// <param name="omitted">Those of it that do not belong, ascending.</param>
    public SharedPart(int[] all, IEnumerable<int> omitted)
    {
        _all = all;
        _omittedPlaces = [.. omitted.Select(entry => Array.BinarySearch(all, entry))];
    }

    public int Count => _all.Length - _omittedPlaces.Length;

    public int this[int index]
    {
        get
        {
            foreach (int place in _omittedPlaces)
            {
                if (place > index)
                    break;
                index++;
            }

            return _all[index];
        }
    }
}
