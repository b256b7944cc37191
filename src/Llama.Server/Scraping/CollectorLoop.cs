namespace Llama.Server.Scraping;

/// <summary>Scrapes one collector on its own schedule, until it is cancelled. Its state may be read by any thread.</summary>
/// <param name="entry">Which.</param>
/// <param name="options">How.</param>
/// <param name="client">Asks it.</param>
/// <param name="maker">Takes what it answers.</param>
/// <param name="counters">Counts.</param>
internal sealed class CollectorLoop(CollectorEntry entry, ScraperOptions options, ScrapeClient client, RecordMaker maker, ScrapeCounters counters)
{
    private const string PointsPath = "/influxdata";
    private static readonly TimeSpan StaysOriginal = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FirstWithin = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time = options.Time;
    private readonly string _reportPath = $"/api/v2/summaries?flows={(options.WantsFlows ? "true" : "false")}&buckets={(options.WantsBuckets ? "true" : "false")}";

    // Away from the borders, so that a timer that is a little off does not fall into the next interval.
    private readonly double _phase = 0.02 + 0.96 * Shard.Phase(entry.Address);

    private volatile CollectorEntry _entry = entry;
    private volatile CollectorState _state = new();

    // Of a collector of ours.
    private NativeSchedule _schedule = new(options.Interval, Shard.Phase(entry.Address));
    private string? _tag;
    private (DateTimeOffset Start, DateTimeOffset End)? _report;

    // Of the original's kind.
    private long? _originalSince;
    private (ulong Fingerprint, DateTimeOffset End)? _points;

    private ScrapeOutcome? _told;

    /// <summary>Which collector; its name and tags may change while it runs, its address not.</summary>
    public CollectorEntry Entry
    {
        get => _entry;
        set => _entry = value;
    }

    /// <summary>How it is.</summary>
    public CollectorState State => _state;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        TimeSpan first = _phase * (options.Interval < FirstWithin ? options.Interval : FirstWithin);
        await Task.Delay(first, _time, cancellation);
        while (true)
        {
            long began = _time.GetTimestamp();
            DateTimeOffset askedAt = _time.GetUtcNow();
            (ScrapeOutcome outcome, string? problem, TimeSpan? pause) = await ScrapeAsync(askedAt, cancellation);
            counters.Scraped(outcome, _time.GetElapsedTime(began));
            bool isWell = outcome <= ScrapeOutcome.Nothing;
            int failures = isWell ? 0 : _state.Failures + 1;
            _state = _state with
            {
                Outcome = outcome,
                Problem = problem,
                AskedAt = askedAt,
                Failures = failures,
                Kind = isWell ? _originalSince is null ? CollectorKind.Native : CollectorKind.Original : _state.Kind,
                Interval = _originalSince is null ? _schedule.Interval : null,
            };
            Tell(outcome, problem);
            TimeSpan next = pause ?? AfterFailure(outcome, failures, askedAt);
            TimeSpan spent = _time.GetElapsedTime(began);
            await Task.Delay(next > spent ? next - spent : TimeSpan.Zero, _time, cancellation);
        }
    }

    private async Task<(ScrapeOutcome Outcome, string? Problem, TimeSpan? Pause)> ScrapeAsync(DateTimeOffset askedAt, CancellationToken cancellation)
    {
        if (_originalSince is { } since && _time.GetElapsedTime(since) < StaysOriginal && _state.Failures == 0) return await ScrapePointsAsync(askedAt, cancellation);
        using ScrapeAnswer answer = await client.GetAsync(_entry, _reportPath, _tag, cancellation);
        if (answer.IsNotFound)
        {
            (_originalSince, _tag, _report) = (_time.GetTimestamp(), null, null);
            return await ScrapePointsAsync(askedAt, cancellation);
        }

        if (answer.Body is null)
            return (answer.Outcome, answer.Problem, answer.Outcome == ScrapeOutcome.Unchanged ? _schedule.AfterUnchanged(askedAt) : null);
        if (_originalSince is not null) (_originalSince, _points, _schedule) = (null, null, new NativeSchedule(options.Interval, Shard.Phase(_entry.Address)));
        MadeRecord made = await maker.TakeReportAsync(answer.Body.Content, _entry, _report?.Start, cancellation);
        switch (made.Outcome)
        {
            case ScrapeOutcome.Taken:
                CountMissed(made);
                (_report, _tag) = ((made.Start, made.End), answer.Tag);
                Took(made, isNative: true);
                return (made.Outcome, null, _schedule.AfterNew(made.Start, made.End, askedAt));
            case ScrapeOutcome.Unchanged:
                counters.Repeated();
                _tag = answer.Tag;
                return (made.Outcome, null, _schedule.AfterUnchanged(askedAt));
            case ScrapeOutcome.Nothing:
                return (made.Outcome, null, _schedule.AfterUnchanged(askedAt));
            default:
                return (made.Outcome, made.Problem, null);
        }
    }

    private async Task<(ScrapeOutcome Outcome, string? Problem, TimeSpan? Pause)> ScrapePointsAsync(DateTimeOffset askedAt, CancellationToken cancellation)
    {
        using ScrapeAnswer answer = await client.GetAsync(_entry, PointsPath, null, cancellation);
        if (answer.Body is null) return (answer.Outcome, answer.Problem, null);
        DateTimeOffset end = Slot(askedAt);
        MadeRecord made = await maker.TakePointsAsync(answer.Body.Content, _entry, end - options.Interval, end, _points, cancellation);
        if (made.Outcome == ScrapeOutcome.Taken)
        {
            _points = (made.Fingerprint, made.End);
            Took(made, isNative: false);
        }
        else if (made.Outcome == ScrapeOutcome.Unchanged)
        {
            counters.Repeated();
        }

        return (made.Outcome, made.Problem, made.Problem is null ? UntilSlot(askedAt, 1) : null);
    }

    /// <summary>A moment cut down to a multiple of the scrape interval.</summary>
    private DateTimeOffset Slot(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % options.Interval.Ticks, TimeSpan.Zero);

    /// <summary>How long until this collector's place in a later scrape interval.</summary>
    private TimeSpan UntilSlot(DateTimeOffset now, int later) => Slot(now) + (later + _phase) * options.Interval - now;

    /// <summary>Longer each time, and four intervals at most, so that a collector that comes back is seen soon. What could not be kept is asked for again while it is there.</summary>
    private TimeSpan AfterFailure(ScrapeOutcome outcome, int failures, DateTimeOffset askedAt) =>
        outcome == ScrapeOutcome.NotKept ? options.Interval / 4 : UntilSlot(askedAt, failures switch { 1 => 1, 2 => 2, _ => 3 });

    private void CountMissed(MadeRecord made)
    {
        if (_report is not { } before || made.Start <= before.End) return;

        // The first interval behind a start is cut short.
        TimeSpan length = before.End - before.Start > made.End - made.Start ? before.End - before.Start : made.End - made.Start;
        long missed = (long)Math.Round((made.Start - before.End) / length);
        counters.Missed(missed);
        _state = _state with { Missed = _state.Missed + missed };
    }

    private void Took(MadeRecord made, bool isNative)
    {
        counters.Took(isNative, made.Pairs);
        _state = _state with { Reports = _state.Reports + 1, Pairs = made.Pairs, End = made.End };
    }

    private void Tell(ScrapeOutcome outcome, string? problem)
    {
        if (problem is null)
        {
            if (_told is not null) options.Inform($"{_entry.Origin}: answers again");
            _told = null;
        }
        else if (_told != outcome)
        {
            _told = outcome;
            options.Warn($"{_entry.Origin}{(_entry.Name is null ? "" : $" ({_entry.Address})")}: {problem}");
        }
    }
}

/// <summary>How a collector is. Immutable.</summary>
internal sealed record CollectorState
{
    /// <summary>What came of asking it last; null before the first time.</summary>
    public ScrapeOutcome? Outcome { get; init; }

    /// <summary>What is wrong; null where nothing is.</summary>
    public string? Problem { get; init; }

    /// <summary>When it was asked last.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>How often in a row it failed.</summary>
    public int Failures { get; init; }

    /// <summary>What it was when it answered last.</summary>
    public CollectorKind Kind { get; init; }

    /// <summary>The interval that it reports for; null where it does not say.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Reports taken.</summary>
    public long Reports { get; init; }

    /// <summary>Intervals missed.</summary>
    public long Missed { get; init; }

    /// <summary>Pairs or points of the last report.</summary>
    public int Pairs { get; init; }

    /// <summary>End of the last report taken.</summary>
    public DateTimeOffset? End { get; init; }
}

/// <summary>What a collector speaks.</summary>
internal enum CollectorKind
{
    /// <summary>It has never answered.</summary>
    Unknown,

    /// <summary>One of ours: /api/v2/summaries.</summary>
    Native,

    /// <summary>The original's kind: /influxdata.</summary>
    Original,
}
