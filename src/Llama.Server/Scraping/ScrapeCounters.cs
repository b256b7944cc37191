using Llama.Server.Metrics;

namespace Llama.Server.Scraping;

/// <summary>What a scraper has done, over all collectors. Any thread may call it.</summary>
internal sealed class ScrapeCounters
{
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly ScrapeOutcome[] Outcomes = Enum.GetValues<ScrapeOutcome>();

    private readonly long[] _scrapes = new long[Outcomes.Length];
    private readonly long[] _seconds = new long[Bounds.Length + 1];
    private long _ticks;
    private long _nativeReports;
    private long _originalReports;
    private long _pairs;
    private long _missed;
    private long _repeated;

    /// <summary>Counts a question and how long it took.</summary>
    public void Scraped(ScrapeOutcome outcome, TimeSpan took)
    {
        Interlocked.Increment(ref _scrapes[(int)outcome]);
        int bucket = 0;
        while (bucket < Bounds.Length && took.TotalSeconds > Bounds[bucket]) bucket++;
        Interlocked.Increment(ref _seconds[bucket]);
        Interlocked.Add(ref _ticks, took.Ticks);
    }

    /// <summary>Counts a report that was taken.</summary>
    public void Took(bool isNative, int pairs)
    {
        if (isNative) Interlocked.Increment(ref _nativeReports);
        else Interlocked.Increment(ref _originalReports);
        Interlocked.Add(ref _pairs, pairs);
    }

    /// <summary>Counts intervals that were over and replaced before anybody asked.</summary>
    public void Missed(long intervals) => Interlocked.Add(ref _missed, intervals);

    /// <summary>Counts a report that came whole although it was known.</summary>
    public void Repeated() => Interlocked.Increment(ref _repeated);

    /// <summary>How often this came of asking.</summary>
    public long this[ScrapeOutcome outcome] => Interlocked.Read(ref _scrapes[(int)outcome]);

    /// <summary>Intervals that were missed.</summary>
    public long MissedIntervals => Interlocked.Read(ref _missed);

    /// <summary>Writes the families.</summary>
    public void Write(PrometheusText text)
    {
        text.Family("llama_scraper_scrapes_total", "counter", "Questions to collectors, by what came of them.");
        foreach (ScrapeOutcome outcome in Outcomes) text.Sample(this[outcome], PrometheusText.Label("outcome", outcome.SnakeCase()));
        text.Family("llama_scraper_scrape_seconds", "histogram", "How long questions to collectors took, up to the record that sinks get.");
        long below = 0;
        for (int i = 0; i <= Bounds.Length; i++)
        {
            below += Interlocked.Read(ref _seconds[i]);
            text.Sample(below, PrometheusText.BucketLabel(i < Bounds.Length ? (decimal)Bounds[i] : null), suffix: "_bucket"u8);
        }

        text.Sample(TimeSpan.FromTicks(Interlocked.Read(ref _ticks)).TotalSeconds, suffix: "_sum"u8);
        text.Sample(below, suffix: "_count"u8);
        text.Family("llama_scraper_reports_total", "counter", "Reports taken, of collectors of ours and of the original's kind.");
        text.Sample(Interlocked.Read(ref _nativeReports), PrometheusText.Label("kind", "native"));
        text.Sample(Interlocked.Read(ref _originalReports), PrometheusText.Label("kind", "original"));
        text.Family("llama_scraper_pairs_total", "counter", "Pairs and points in the reports taken.");
        text.Sample(Interlocked.Read(ref _pairs));
        text.Family("llama_scraper_missed_intervals_total", "counter", "Intervals of collectors of ours that another had replaced before they were scraped.");
        text.Sample(MissedIntervals);
        text.Family("llama_scraper_repeated_total", "counter", "Reports that came again although they were known.");
        text.Sample(Interlocked.Read(ref _repeated));
    }
}
