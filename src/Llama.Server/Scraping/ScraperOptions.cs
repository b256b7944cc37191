namespace Llama.Server.Scraping;

/// <summary>What a scraper does. Immutable.</summary>
public sealed record ScraperOptions
{
    /// <summary>The collectors; each list takes the place of the one before. <see cref="CollectorLists"/> has them.</summary>
    public required IAsyncEnumerable<IReadOnlyList<CollectorEntry>> Collectors { get; init; }

    /// <summary>
    /// Takes each report, as a record that sinks read, valid until the task ends; called by several threads at a time. An
    /// <see cref="IOException"/> says that it could not be kept: it is scraped again.
    /// </summary>
    public required Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> Take { get; init; }

    /// <summary>How often a collector is asked; one of ours as often as it reports, where that is more often.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a collector may take to answer; the shorter of ten seconds and the interval where it is null.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>True asks for the flows of each pair.</summary>
    public bool WantsFlows { get; init; }

    /// <summary>True asks for the buckets of round-trip times.</summary>
    public bool WantsBuckets { get; init; }

    /// <summary>Which of the collectors are this scraper's.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>Octets that all answers under way may take together.</summary>
    public long BodyBytes { get; init; } = 128 << 20;

    /// <summary>What schedules and limits go by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What sends requests; null for the network.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>Tells the operator what is well again; any thread.</summary>
    public Action<string> Inform { get; init; } = _ => { };

    /// <summary>Tells the operator what is wrong; any thread.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    internal TimeSpan Patience => Timeout ?? (Interval < TimeSpan.FromSeconds(10) ? Interval : TimeSpan.FromSeconds(10));
}
