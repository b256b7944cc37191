using Llama.Engine.Summaries;

namespace Llama.Engine.Probing;

/// <summary>Settings of a <see cref="Prober"/>.</summary>
public sealed record ProberOptions
{
    /// <summary>Takes each report, on a thread of the prober's own, one at a time, in order. It must not throw.</summary>
    public required Action<IntervalReport> Publish { get; init; }

    /// <summary>The key that datagrams are authenticated with; empty for none. Any length, 32 random bytes are best.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Total time some task has waited for a CPU since boot, in microseconds; null where the kernel does not tell.</summary>
    public Func<long?>? CpuPressureMicros { get; init; }

    /// <summary>Sends later than this at the 99th percentile make an interval suspect. Default: 10 ms.</summary>
    public TimeSpan SuspectSendLateness { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>A garbage collection pause of more than this in an interval makes it suspect. Default: 100 ms.</summary>
    public TimeSpan SuspectPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>CPU pressure above this share makes an interval suspect. Default: 0.5.</summary>
    public double SuspectCpuPressure { get; init; } = 0.5;

    /// <summary>A share of replies above this without a round-trip time, for want of a send time, makes an interval suspect. Default: 0.05.</summary>
    public double SuspectUntimedShare { get; init; } = 0.05;
}
