namespace Llama.Engine.Summaries;

/// <summary>
/// Many histograms being filled at once, in pages of one power of two each: a pair's durations lie close together, so a
/// histogram of 2,240 buckets needs two or three pages of 64. Recording is an addition; pages come out of one array, which grows
/// only while the pool is new. Belongs to one thread at a time.
/// </summary>
internal sealed class HistogramPool
{
    private const int PageBits = 6;
    private const int PageSize = 1 << PageBits;
    private const int PagesEach = LogLinear.BucketCount >> PageBits;
    private const int FirstPages = 64;

    /// <summary>The page of each power of two of each histogram; 0 is none, so page 0 of the counts is never used.</summary>
    private int[] _pages = [];
    private uint[] _counts = new uint[FirstPages * PageSize];
    private int _pagesUsed = 1;

    /// <summary>Makes room for this many histograms; those that are there keep what they hold.</summary>
    public void Resize(int histograms)
    {
        if (histograms * PagesEach > _pages.Length) Array.Resize(ref _pages, histograms * PagesEach);
    }

    /// <summary>Counts a duration.</summary>
    public void Record(int histogram, long nanos)
    {
        int bucket = LogLinear.IndexOf(nanos);
        ref int page = ref _pages[histogram * PagesEach + (bucket >> PageBits)];
        if (page == 0) page = TakePage();
        _counts[page * PageSize + (bucket & (PageSize - 1))]++;
    }

    /// <summary>What a histogram holds, apart from the pool.</summary>
    public LatencyHistogram Snapshot(int histogram, long sumNanos, long minNanos, long maxNanos) =>
        new(Buckets(histogram), sumNanos, minNanos, maxNanos);

    /// <summary>Empties all histograms, and sees to it that the next interval finds twice the pages this one needed.</summary>
    public void Clear()
    {
        Array.Clear(_pages);
        Array.Clear(_counts, 0, _pagesUsed * PageSize);
        if (_counts.Length < 2 * _pagesUsed * PageSize) _counts = new uint[2 * _pagesUsed * PageSize];
        _pagesUsed = 1;
    }

    private int TakePage()
    {
        if ((_pagesUsed + 1) * PageSize > _counts.Length) Array.Resize(ref _counts, _counts.Length * 2);
        return _pagesUsed++;
    }

    private IEnumerable<LatencyBucket> Buckets(int histogram)
    {
        for (int group = 0; group < PagesEach; group++)
        {
            int page = _pages[histogram * PagesEach + group];
            if (page == 0) continue;
            for (int i = 0; i < PageSize; i++)
            {
                uint count = _counts[page * PageSize + i];
                if (count > 0) yield return new LatencyBucket(group * PageSize + i, count);
            }
        }
    }
}
