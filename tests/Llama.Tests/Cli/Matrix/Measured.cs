using System.Net;
using Llama.Engine;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Matrix;

/// <summary>Reports made by hand.</summary>
internal static class Measured
{
    public static DateTimeOffset Noon { get; } = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A report of one second that ends <paramref name="second"/> seconds after noon.</summary>
    public static IntervalReport Report(int second, IEnumerable<Summary> summaries, params SuspectReason[] suspect) => new()
    {
        Start = Noon.AddSeconds(second - 1),
        End = Noon.AddSeconds(second),
        Summaries = [.. summaries],
        Health = new CollectorHealth { Suspect = suspect },
    };

    /// <summary>A pair whose flows each sent as many datagrams and lost as told.</summary>
    public static Summary Pair(
        string source, string destination, double rttMicros, int sentOfFlow, int[] lostOfFlows, long? lostForward = null, long? lostReverse = null)
    {
        long sent = (long)sentOfFlow * lostOfFlows.Length;
        long lost = lostOfFlows.Sum();
        return new Summary
        {
            Source = IPAddress.Parse("192.0.2.1"),
            Destination = new IPEndPoint(IPAddress.Parse("192.0.2.2"), 8100),
            Target = new Target
            {
                Host = "192.0.2.2",
                Tags = new Dictionary<string, string> { ["src_name"] = source, ["dst_name"] = destination },
            },
            Class = 0,
            Counts = Counts(sent, lost) with { LostForward = lostForward, LostReverse = lostReverse },
            Rtt = Histogram(rttMicros, sent - lost),
            Path = default,
            Flows = [.. lostOfFlows.Select((each, index) => new FlowSummary
            {
                SourcePort = 40000 + index,
                Counts = Counts(sentOfFlow, each),
                Path = default,
            })],
        };
    }

    private static DatagramCounts Counts(long sent, long lost) => new() { Sent = sent, Received = sent - lost, Lost = lost };

    private static LatencyHistogram Histogram(double micros, long count)
    {
        long nanos = (long)(micros * 1000);
        return count == 0 ? LatencyHistogram.Empty : new LatencyHistogram([new LatencyBucket(LogLinear.IndexOf(nanos), count)], nanos * count, nanos, nanos);
    }
}
