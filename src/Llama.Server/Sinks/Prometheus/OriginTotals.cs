namespace Llama.Server.Sinks.Prometheus;

/// <summary>What has come from one origin. Immutable.</summary>
/// <param name="Labels">Its label; empty for roll-ups, which are nobody's.</param>
internal sealed record OriginTotals(byte[] Labels)
{
    private static readonly TimeSpan MostClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>Intervals reported.</summary>
    public long Intervals { get; private init; }

    /// <summary>Of these, those that their collector does not trust.</summary>
    public long SuspectIntervals { get; private init; }

    /// <summary>Start of the newest interval.</summary>
    public DateTimeOffset Start { get; private init; }

    /// <summary>End of the newest interval.</summary>
    public DateTimeOffset End { get; private init; }

    /// <summary>True when the collector does not trust its newest interval.</summary>
    public bool IsSuspect { get; private init; }

    /// <summary>When a record of it came last, on the monotonic clock.</summary>
    public long HeardOf { get; private init; }

    /// <summary>The same with another interval, which may be an older one than the newest.</summary>
    public OriginTotals With(DateTimeOffset start, DateTimeOffset end, bool isSuspect, long now)
    {
        OriginTotals counted = this with
        {
            Intervals = Intervals + 1,
            SuspectIntervals = SuspectIntervals + (isSuspect ? 1 : 0),
            HeardOf = now,
        };
        return end < End ? counted : counted with { Start = start, End = end, IsSuspect = isSuspect };
    }

    /// <summary>True while its newest interval says how things are: until three more should have come.</summary>
    public bool IsCurrent(DateTimeOffset now) => now <= End + 3 * (End - Start) + MostClockSkew;
}
