using Llama.Server.Metrics;

namespace Llama.Server.Sinks;

/// <summary>
/// A place that reports go to. One caller at a time. What it was given and has not refused may be given again, after a crash or when it
/// could not be known whether it arrived: whoever can tell two of the same writes one.
/// </summary>
internal interface ISink : IAsyncDisposable
{
    /// <summary>What to call it in logs and metrics, without passwords, as in <c>influx http://db:8086/llama</c>.</summary>
    string Name { get; }

    /// <summary>True when it makes use of the buckets of pairs.</summary>
    bool WantsBuckets { get; }

    /// <summary>Delivers records in their order, all or, where the exception says so, none.</summary>
    /// <param name="records">Records that <see cref="Records.ReportReader"/> reads, valid until the task ends.</param>
    /// <param name="cancellation">Gives up; the same records come again at the next start.</param>
    /// <returns>How many points, rows or lines were written.</returns>
    /// <exception cref="SinkException">It did not take them.</exception>
    Task<long> DeliverAsync(IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellation);

    /// <summary>Writes what it alone can tell; most have nothing. Any thread may call it, while records are delivered.</summary>
    ValueTask WriteMetricsAsync(MetricsPage page) => ValueTask.CompletedTask;
}

/// <summary>Why records were not taken.</summary>
internal enum SinkFault
{
    /// <summary>It is not there, slow, busy, or does not let us in: the same records are worth another try.</summary>
    Unavailable,

    /// <summary>It will never take these records.</summary>
    Refused,

    /// <summary>Fewer at a time might be taken.</summary>
    TooMuch,
}

/// <summary>Records were not taken.</summary>
/// <param name="fault">Why.</param>
/// <param name="message">One line for the operator: what is wrong, and where.</param>
/// <param name="retryAfter">When to try again, where the other end said so.</param>
/// <param name="body">The body that was refused, as it was sent, where there was one.</param>
/// <param name="inner">What it was noticed by.</param>
internal sealed class SinkException(SinkFault fault, string message, TimeSpan? retryAfter = null, ReadOnlyMemory<byte> body = default, Exception? inner = null)
    : Exception(message, inner)
{
    public SinkFault Fault { get; } = fault;

    public TimeSpan? RetryAfter { get; } = retryAfter;

    public ReadOnlyMemory<byte> Body { get; } = body;
}
