using Llama.Wire.Clocks;

namespace Llama.Engine.Probing;

/// <summary>
/// Small numbers for things that come and go. A number that is given up rests for a while before another thing gets it, so that
/// what still refers to it does no harm. Not safe for threads.
/// </summary>
internal sealed class IndexSpace<TKey>(long restNanos)
    where TKey : notnull
{
    private readonly Dictionary<TKey, int> _indices = [];
    private readonly Queue<(int Index, MonotonicTime Since)> _resting = [];

    /// <summary>One more than the highest number ever given out.</summary>
    public int Count { get; private set; }

    /// <summary>The number of a thing; it gets one when it has none.</summary>
    public int Find(TKey key, MonotonicTime now, out bool isNew)
    {
        isNew = !_indices.TryGetValue(key, out int index);
        if (!isNew) return index;
        bool rested = _resting.TryPeek(out (int Index, MonotonicTime Since) oldest) && now - oldest.Since > restNanos;
        index = rested ? _resting.Dequeue().Index : Count++;
        _indices.Add(key, index);
        return index;
    }

    /// <summary>Gives up the numbers of all other things.</summary>
    public void RetireAllBut(IEnumerable<int> present, MonotonicTime now)
    {
        HashSet<int> kept = [.. present];
        foreach ((TKey key, int index) in _indices.Where(entry => !kept.Contains(entry.Value)).ToList())
        {
            _indices.Remove(key);
            _resting.Enqueue((index, now));
        }
    }
}
