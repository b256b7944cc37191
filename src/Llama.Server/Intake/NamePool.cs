using System.Collections.Concurrent;

namespace Llama.Server.Intake;

/// <summary>
/// One string for each name, however often it comes, so that reports that name the same targets leave no strings behind. Only a
/// cache: when it is full it begins anew, and no more than <paramref name="capacity"/> names are held for what a client makes up.
/// Any thread may call it.
/// </summary>
/// <param name="capacity">Most names held.</param>
internal sealed class NamePool(int capacity)
{
    private volatile ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The string with this text.</summary>
    public string Get(ReadOnlySpan<char> text)
    {
        ConcurrentDictionary<string, string> names = _names;
        if (names.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out string? known)) return known;
        string name = text.ToString();
        if (Interlocked.Increment(ref _count) > capacity)
        {
            _names = names = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
            Interlocked.Exchange(ref _count, 1);
        }

        return names.GetOrAdd(name, name);
    }
}
