using System.Net;
using Llama.Cli.Ping;
using Llama.Engine;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Ping;

/// <summary>Reports made by hand.</summary>
internal static class Pinged
{
    public const byte Expedited = 0xB8;

    public static DateTimeOffset Noon { get; } = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public static Target Frankfurt { get; } = To("fra1", "192.0.2.20", 8100);

    public static Target Sydney { get; } = To("2001:db8::20", "2001:db8::20", 9300);

    public static PingOptions Options { get; } = new() { Targets = [], Flows = 2, Class = Expedited };

    public static Target To(string host, string address, int port) => new() { Host = host, EndPoint = new IPEndPoint(IPAddress.Parse(address), port) };

    /// <summary>A report of one second that ends <paramref name="second"/> seconds after noon.</summary>
    public static IntervalReport Report(int second, IEnumerable<Summary> summaries, params SuspectReason[] suspect) => new()
    {
        Start = Noon.AddSeconds(second - 1),
        End = Noon.AddSeconds(second),
        Summaries = [.. summaries],
        Health = new CollectorHealth { Suspect = suspect },
    };

    /// <summary>What two flows measured, the second of which lost something.</summary>
    public static Summary Summary(Target target, long sentOfFlow, long lostForward, long lostReverse, params double[] rttMicros) =>
        Summary(target, sentOfFlow, lostForward, lostReverse, default, rttMicros);

    public static Summary Summary(Target target, long sentOfFlow, long? lostForward, long? lostReverse, PathMarks path, params double[] rttMicros)
    {
        long lost = lostForward + lostReverse ?? sentOfFlow * 2;
        FlowSummary Flow(int port, DatagramCounts counts) => new()
        {
            SourcePort = port,
            Counts = counts,
            RttMinNanos = rttMicros.Length > 0 ? (long)(rttMicros.Min() * 1000) : null,
            RttMeanNanos = rttMicros.Length > 0 ? rttMicros.Average() * 1000 : null,
            RttMaxNanos = rttMicros.Length > 0 ? (long)(rttMicros.Max() * 1000) : null,
            Path = path,
        };
        DatagramCounts Counts(long sent, long lostOfIt, long? forward, long? reverse) => new()
        {
            Sent = sent,
            Received = sent - lostOfIt,
            Lost = lostOfIt,
            LostForward = forward,
            LostReverse = reverse,
        };
        bool dead = lostForward is null;
        return new Summary
        {
            Source = IPAddress.Any,
            Target = target,
            Destination = target.EndPoint!,
            Class = Expedited,
            Counts = Counts(sentOfFlow * 2, lost, lostForward, lostReverse),
            Rtt = Histogram(rttMicros),
            JitterNanos = rttMicros.Length > 1 ? 1500 : null,
            ForwardDelayVariationNanos = rttMicros.Length > 1 ? 2000 : null,
            ReverseDelayVariationNanos = rttMicros.Length > 1 ? 3000 : null,
            Path = path,
            Flows =
            [
                Flow(40001, dead ? Counts(sentOfFlow, sentOfFlow, null, null) : Counts(sentOfFlow, 0, 0, 0)),
                Flow(40002, dead ? Counts(sentOfFlow, sentOfFlow, null, null) : Counts(sentOfFlow, lost, lostForward, lostReverse)),
            ],
        };
    }

    public static LatencyHistogram Histogram(params double[] micros)
    {
        long[] nanos = [.. micros.Select(each => (long)(each * 1000)).Order()];
        return nanos.Length == 0 ? LatencyHistogram.Empty : new LatencyHistogram(
            nanos.GroupBy(LogLinear.IndexOf).Select(group => new LatencyBucket(group.Key, group.Count())), nanos.Sum(), nanos[0], nanos[^1]);
    }

    /// <summary>Everything in the reports put together.</summary>
    public static IntervalReport Total(IReadOnlyList<Target> targets, params IntervalReport[] reports)
    {
        var totals = new PingTotals(targets, Expedited);
        foreach (IntervalReport report in reports) totals.Add(report);
        return totals.Report();
    }
}
