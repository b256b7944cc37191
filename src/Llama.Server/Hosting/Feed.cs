namespace Llama.Server.Hosting;

/// <summary>The newest of things that happen one after the other, bounded. Any thread may call it, and whoever appends waits for nobody.</summary>
/// <typeparam name="T">What happens.</typeparam>
/// <param name="capacity">How many are kept.</param>
/// <param name="sequence">The sequence of one: from 1, one more for each.</param>
internal class Feed<T>(int capacity, Func<T, long> sequence)
{
    private readonly Lock _lock = new();
    private readonly T[] _ring = new T[capacity];
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _newest;

    /// <summary>The sequence of the newest; 0 before the first.</summary>
    public long Newest => Interlocked.Read(ref _newest);

    /// <summary>
    /// Up to <paramref name="limit"/> behind <paramref name="seen"/>, oldest first. Those that have fallen out are missing. A
    /// sequence that is not reached yet is one of before the server's start, and all are behind it.
    /// </summary>
    public IReadOnlyList<T> After(long seen, int limit)
    {
        lock (_lock)
        {
            long from = Math.Max(Behind(seen), _newest - capacity);
            var found = new T[(int)Math.Clamp(_newest - from, 0, Math.Max(0, limit))];
            for (int i = 0; i < found.Length; i++) found[i] = _ring[(from + i) % capacity];
            return found;
        }
    }

    /// <summary>
    /// What is wanted of that behind <paramref name="seen"/>, oldest first, looking no further than there is something or
    /// <paramref name="limit"/> are found.
    /// </summary>
    public FeedPortion<T> Take(long seen, int limit, Func<T, bool> isWanted)
    {
        const int looked = 500;
        var taken = new List<T>();
        long? missed = null;
        while (true)
        {
            IReadOnlyList<T> found = After(seen, looked);
            if (found.Count == 0) return new FeedPortion<T>(taken, seen, missed);
            if (sequence(found[0]) != seen + 1) missed = sequence(found[0]) - 1;
            foreach (T one in found)
            {
                seen = sequence(one);
                if (isWanted(one)) taken.Add(one);
                if (taken.Count == limit) return new FeedPortion<T>(taken, seen, missed);
            }
        }
    }

    /// <summary>Completes when there is something behind <paramref name="seen"/>.</summary>
    public async Task WaitAsync(long seen, CancellationToken cancellation)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
            {
                if (_newest > Behind(seen)) return;
                grown = _grown.Task;
            }

            await grown.WaitAsync(cancellation);
        }
    }

    /// <summary>Takes some in; their sequences go on from those before.</summary>
    public void Append(IReadOnlyCollection<T> added)
    {
        if (added.Count == 0) return;
        TaskCompletionSource grown;
        lock (_lock)
        {
            foreach (T one in added)
            {
                _ring[(sequence(one) - 1) % capacity] = one;
                _newest = sequence(one);
            }

            grown = _grown;
            _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        grown.SetResult();
    }

    private long Behind(long seen) => seen < 0 || seen > _newest ? 0 : seen;
}

/// <summary>What was taken of a feed at one time.</summary>
/// <param name="Wanted">That which is wanted.</param>
/// <param name="Seen">The newest sequence that was looked at.</param>
/// <param name="Missed">The newest sequence that has fallen out and would have been looked at; null when none has.</param>
internal readonly record struct FeedPortion<T>(IReadOnlyList<T> Wanted, long Seen, long? Missed);
