namespace Llama.Storage.History;

/// <summary>
/// Numbers that change when what a group's past looked like does. Ten minutes of the last two days have one each, all before has one
/// together, so that a late report changes no more than it must. Any thread may call it.
/// </summary>
internal sealed class HistoryVersions
{
    private const int Buckets = 288;
    private const long BucketTicks = 10 * TimeSpan.TicksPerMinute;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Book> _books = new(StringComparer.Ordinal);

    // Begins anywhere, so that no number comes again after a restart; and below 2^53, so that it passes through JSON.
    private long _last = Random.Shared.NextInt64(1L << 52);
    private long _floor;

    public HistoryVersions() => _floor = _last;

    /// <summary>The number of what began before a moment.</summary>
    public long Of(string group, DateTimeOffset before) => Of(group, 0, HistoryTime.Of(before));

    /// <summary>The number of what began in a span, or of more than that.</summary>
    public long Of(string group, long fromTicks, long toTicks)
    {
        lock (_lock) return Math.Max(_floor, _books.TryGetValue(group, out Book? book) ? book.Newest(fromTicks, toTicks) : 0);
    }

    /// <summary>The largest number there is: what is read from now on is at least as new as all that has one.</summary>
    public long Last
    {
        get
        {
            lock (_lock) return _last;
        }
    }

    /// <summary>Something that began at a moment has come in.</summary>
    public void Change(string group, long start)
    {
        lock (_lock)
        {
            if (!_books.TryGetValue(group, out Book? book)) _books.Add(group, book = new Book());
            book.Set(start / BucketTicks, ++_last);
        }
    }

    /// <summary>All may be other than it was.</summary>
    public void ChangeAll()
    {
        lock (_lock)
        {
            _floor = ++_last;
            _books.Clear();
        }
    }

    private sealed class Book
    {
        private readonly long[] _changed = new long[Buckets];
        private long _newestBucket = long.MinValue;
        private long _older;

        public void Set(long bucket, long version)
        {
            if (_newestBucket == long.MinValue) _newestBucket = bucket;
            if (bucket <= _newestBucket - Buckets)
            {
                _older = version;
                return;
            }

            for (long steps = Math.Min(bucket - _newestBucket, Buckets); steps > 0; steps--)
            {
                ref long leaving = ref _changed[(bucket - steps + 1) % Buckets];
                _older = Math.Max(_older, leaving);
                leaving = 0;
            }

            _newestBucket = Math.Max(_newestBucket, bucket);
            _changed[bucket % Buckets] = version;
        }

        public long Newest(long from, long to)
        {
            long oldestBucket = Math.Max(0, _newestBucket - Buckets + 1);
            long newest = from / BucketTicks < oldestBucket ? _older : 0;
            for (long bucket = Math.Max(oldestBucket, from / BucketTicks); bucket <= _newestBucket && bucket * BucketTicks < to; bucket++)
                newest = Math.Max(newest, _changed[bucket % Buckets]);
            return newest;
        }
    }
}
