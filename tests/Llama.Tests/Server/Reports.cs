using System.Net;
using Llama.Engine;
using Llama.Engine.Summaries;

namespace Llama.Tests.Server;

/// <summary>Reports, plans and clocks for tests.</summary>
internal static class Reports
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public static Target Target(string endPoint, string? host = null, params (string Key, string Value)[] tags)
    {
        IPEndPoint parsed = IPEndPoint.Parse(endPoint);
        return new Target
        {
            Host = host ?? parsed.Address.ToString(),
            EndPoint = parsed,
            Tags = tags.ToDictionary(tag => tag.Key, tag => tag.Value),
        };
    }

    public static ProbingPlan Plan(params Target[] targets) => new()
    {
        Interval = TimeSpan.FromSeconds(10),
        Tests = [new ProbingTest { Name = "t", CyclesPerSecond = 1, Ports = [], Targets = targets }],
    };

    public static IntervalReport Report(params Summary[] summaries) => new()
    {
        Start = Noon,
        End = Noon.AddSeconds(10),
        Summaries = summaries,
        Health = new CollectorHealth(),
    };

    /// <summary>A summary of replies with these round-trip times, and some lost.</summary>
    public static Summary Summary(string source, Target target, long lost, params long[] rttNanos) => new()
    {
        Source = IPAddress.Parse(source),
        Target = target,
        Destination = target.EndPoint!,
        Class = 0,
        Counts = new DatagramCounts { Sent = lost + rttNanos.Length, Received = rttNanos.Length, Lost = lost },
        Rtt = Histogram(rttNanos),
        Path = default,
        Flows = [],
    };

    public static LatencyHistogram Histogram(params long[] nanos) => nanos.Length == 0
        ? LatencyHistogram.Empty
        : new LatencyHistogram(
            nanos.GroupBy(LogLinear.IndexOf).OrderBy(g => g.Key).Select(g => new LatencyBucket(g.Key, g.Count())),
            nanos.Sum(),
            nanos.Min(),
            nanos.Max());
}

/// <summary>A clock that stands until it is told to go on.</summary>
internal sealed class StandingTime : TimeProvider
{
    private TimeSpan _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Pass(TimeSpan time) => _passed += time;

    public override long GetTimestamp() => 1_000_000 + _passed.Ticks;

    public override DateTimeOffset GetUtcNow() => Reports.Noon + _passed;
}
