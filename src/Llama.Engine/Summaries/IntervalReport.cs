namespace Llama.Engine.Summaries;

/// <summary>All summaries of one collector and interval. Published once, after the last deadline of the interval. Immutable.</summary>
public sealed record IntervalReport
{
    /// <summary>Start of the interval: a multiple of its length on the wall clock, or later for the first after a start.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>End of the interval: a multiple of its length on the wall clock.</summary>
    public required DateTimeOffset End { get; init; }

    /// <summary>One for each pair and class that datagrams were sent to, or could not be sent to.</summary>
    public required IReadOnlyList<Summary> Summaries { get; init; }

    /// <summary>How well the collector itself did.</summary>
    public required CollectorHealth Health { get; init; }
}

/// <summary>What the collector knows against itself for an interval: before it blames the network it suspects itself.</summary>
public sealed record CollectorHealth
{
    /// <summary>99th percentile of how late datagrams left against their schedule, in nanoseconds; null when none was sent.</summary>
    public long? SendLatenessP99Nanos { get; init; }

    /// <summary>Datagrams of the schedule that were never sent because the collector had no time for them.</summary>
    public long SkippedSends { get; init; }

    /// <summary>Datagrams that the kernel refused to send.</summary>
    public long SendErrors { get; init; }

    /// <summary>Replies that the kernel dropped because a socket's receive buffer was full.</summary>
    public long ReceiveDrops { get; init; }

    /// <summary>Replies that arrived but told of nothing that was sent: no signature, or an unknown one.</summary>
    public long UnmatchedReplies { get; init; }

    /// <summary>Times that the wall clock was stepped.</summary>
    public long ClockSteps { get; init; }

    /// <summary>
    /// Replies in time that have no round-trip time, because the call that sent the datagram took so long that nobody knows when it left.
    /// </summary>
    public long UntimedReplies { get; init; }

    /// <summary>
    /// Replies whose round-trip time begins at the time read around the send call, although the kernel was asked to note when the
    /// datagram left: it has not told, or what it told can't be.
    /// </summary>
    public long MissedTransmitTimes { get; init; }

    /// <summary>Time that the garbage collector held all threads.</summary>
    public TimeSpan GarbageCollectionPause { get; init; }

    /// <summary>Share of the interval in which some task waited for a CPU (PSI "some"), 0 to 1; null where the kernel does not tell.</summary>
    public double? CpuPressure { get; init; }

    /// <summary>Why the interval's summaries are suspect; empty when they are not. A suspect summary is shown and never raises an alert.</summary>
    public IReadOnlyList<SuspectReason> Suspect { get; init; } = [];
}

/// <summary>What makes a summary suspect.</summary>
public enum SuspectReason
{
    /// <summary>Datagrams left too late against their schedule.</summary>
    LateSends,

    /// <summary>Datagrams were left out because the collector had no time for them.</summary>
    SkippedSends,

    /// <summary>The kernel dropped replies because a receive buffer was full.</summary>
    ReceiveDrops,

    /// <summary>The kernel had no room to send.</summary>
    SendBufferFull,

    /// <summary>The garbage collector held all threads too long.</summary>
    GarbageCollection,

    /// <summary>The machine was short of CPU.</summary>
    CpuPressure,

    /// <summary>The wall clock was stepped.</summary>
    ClockStep,

    /// <summary>Too many send calls took so long that nobody knows when their datagrams left.</summary>
    SlowSends,
}
