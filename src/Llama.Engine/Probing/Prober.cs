using Llama.Engine.Summaries;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>
/// Sends datagrams to targets as a plan says, judges the replies, and hands out a report for each interval. One thread runs it;
/// <see cref="Apply"/> may be called from any.
/// </summary>
public sealed class Prober : IDisposable
{
    /// <summary>A prober that does nothing until it has a plan and is run.</summary>
    /// <param name="network">Where its sockets come from; disposed with the prober.</param>
    /// <param name="clock">What it reads time from.</param>
    /// <param name="options">What it suspects itself of, and who hears of the reports.</param>
    public Prober(IDatagramNetwork network, Clock clock, ProberOptions options)
    {
    }

    /// <summary>
    /// Takes a plan, or another one. Sockets are opened on the calling thread; flows that are in both plans keep sockets and
    /// counts, and what was sent under the old plan is still judged and reported.
    /// </summary>
    /// <exception cref="System.Net.Sockets.SocketException">A socket could not be opened. The plan in force stays.</exception>
    public void Apply(ProbingPlan plan)
    {
    }

    /// <summary>Probes until cancelled. Reports of intervals that were not over by then are handed out before it returns.</summary>
    public void Run(CancellationToken cancellation)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>Settings of a <see cref="Prober"/>.</summary>
public sealed record ProberOptions
{
    /// <summary>Takes each report, on a thread of the prober's own, one at a time, in order. It must not throw.</summary>
    public required Action<IntervalReport> Publish { get; init; }

    /// <summary>
    /// The key that datagrams are authenticated with; empty for none. Any length, 32 random bytes are best.
    /// </summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Total time some task has waited for a CPU since boot, in microseconds; null where the kernel does not tell.</summary>
    public Func<long?>? CpuPressureMicros { get; init; }

    /// <summary>Sends later than this at the 99th percentile make an interval suspect. Default: 10 ms.</summary>
    public TimeSpan SuspectSendLateness { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>A garbage collection pause of more than this in an interval makes it suspect. Default: 100 ms.</summary>
    public TimeSpan SuspectPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>CPU pressure above this share makes an interval suspect. Default: 0.5.</summary>
    public double SuspectCpuPressure { get; init; } = 0.5;
}
