namespace Llama.Engine.Summaries;

/// <summary>
/// Many histograms being filled at once, in one hash table: an entry for each bucket of each histogram that holds something, so
/// memory follows what was measured and not what could have been. Recording is a look-up and an addition; the table grows only
/// while it is new. Belongs to one thread at a time.
/// </summary>
internal sealed class HistogramPool
{
    /// <summary>Enough for all buckets of one pair's three histograms, so that small plans never see it grow.</summary>
    private const int FirstCapacity = 1 << 14;

    private const ulong Spread = 0x9E37_79B9_7F4A_7C15;

    /// <summary>Open addressing with linear probing. A power of two, at most half full.</summary>
    private Entry[] _entries = new Entry[FirstCapacity];
    private int _used;

    /// <summary>Counts a duration.</summary>
    /// <param name="histogram">Its number, from 0.</param>
    /// <param name="nanos">The duration.</param>
    public void Record(int histogram, long nanos)
    {
        ulong key = KeyOf(histogram, LogLinear.IndexOf(nanos));
        int place = PlaceOf(key, _entries.Length);
        while (_entries[place].Key != key)
        {
            if (_entries[place].Key == 0)
            {
                Add(key, place);
                return;
            }

            place = (place + 1) & (_entries.Length - 1);
        }

        _entries[place].Count++;
    }

    /// <summary>All that was counted, histogram by histogram and bucket by bucket, apart from the pool.</summary>
    public Snapshot Read() => new(this);

    /// <summary>Empties all histograms.</summary>
    public void Clear()
    {
        Array.Clear(_entries);
        _used = 0;
    }

    /// <summary>Keys begin at 1: 0 is an empty place.</summary>
    private static ulong KeyOf(int histogram, int bucket) => (ulong)histogram * LogLinear.BucketCount + (ulong)bucket + 1;

    private static int PlaceOf(ulong key, int capacity) => (int)((key * Spread) >> 32) & (capacity - 1);

    private void Add(ulong key, int place)
    {
        _entries[place] = new Entry { Key = key, Count = 1 };
        if (++_used * 2 > _entries.Length) Grow();
    }

    private void Grow()
    {
        var larger = new Entry[_entries.Length * 2];
        foreach (Entry entry in _entries)
        {
            if (entry.Key == 0) continue;
            int place = PlaceOf(entry.Key, larger.Length);
            while (larger[place].Key != 0) place = (place + 1) & (larger.Length - 1);
            larger[place] = entry;
        }

        _entries = larger;
    }

    private struct Entry
    {
        public ulong Key;
        public long Count;
    }

    /// <summary>What a pool held at a moment. Immutable.</summary>
    internal sealed class Snapshot
    {
        private readonly Entry[] _entries;

        internal Snapshot(HistogramPool pool)
        {
            _entries = new Entry[pool._used];
            int filled = 0;
            foreach (Entry entry in pool._entries)
                if (entry.Key != 0) _entries[filled++] = entry;
            Array.Sort(_entries, (left, right) => left.Key.CompareTo(right.Key));
        }

        /// <summary>One of the histograms; its sum and extremes were kept elsewhere.</summary>
        public LatencyHistogram Histogram(int histogram, long sumNanos, long minNanos, long maxNanos) =>
            new(Buckets(histogram), sumNanos, minNanos, maxNanos);

        private LatencyBucket[] Buckets(int histogram)
        {
            ulong first = KeyOf(histogram, 0);
            int begin = IndexOfFirst(first);
            var buckets = new LatencyBucket[IndexOfFirst(KeyOf(histogram + 1, 0)) - begin];
            for (int i = 0; i < buckets.Length; i++)
            {
                Entry entry = _entries[begin + i];
                buckets[i] = new LatencyBucket((int)(entry.Key - first), entry.Count);
            }

            return buckets;
        }

        private int IndexOfFirst(ulong key)
        {
            int low = 0, high = _entries.Length;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (_entries[middle].Key < key) low = middle + 1;
                else high = middle;
            }

            return low;
        }
    }
}
