using Llama.Engine.Summaries;
using Llama.Storage.History;

namespace Llama.Tests.Storage.History.Reading;

/// <summary>Reports of every kind that may come: odd starts and lengths, gaps, partial ones, several classes, two destinations of one name.</summary>
internal sealed class RandomReports(int seed)
{
    public const string Group = "wan";

    private static readonly int[] Lengths = [1, 30, 300, 1200];
    private readonly Random _random = new(seed);

    /// <summary>Midnight, some days before the end of all reports.</summary>
    public static DateTimeOffset First { get; } = new(2026, 11, 19, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Whom they are about.</summary>
    public static IReadOnlyList<HistoryDestination> Destinations { get; } =
    [
        Destination("ams1", "10.0.0.1", ("site", "ams"), ("rack", "7")),
        Destination("ams1", "10.0.0.2", ("site", "ams")),
        Destination("ams2", "10.0.0.3", ("site", "ams")),
        Destination("fra1", "10.0.1.1", ("site", "fra")),
        Destination("lost", "10.0.9.9"),
    ];

    /// <summary>Who measured.</summary>
    public static IReadOnlyList<HistorySource> Sources { get; } =
    [
        new(Group, "ams1", [new("site", "ams")]),
        new(Group, "ams2", [new("site", "ams")]),
        new(Group, "fra1", [new("site", "fra")]),
        new("other", "ams1", [new("site", "ams")]),
    ];

    /// <summary>Reports in some order; the first of those that are there twice counts.</summary>
    public IEnumerable<HistoryReport> Take(int count)
    {
        // Some hours that many reports fall into, so that rows have many points, on some days.
        DateTimeOffset[] busy = [.. Enumerable.Range(0, 3).Select(_ => First.AddMinutes(_random.Next(0, 3 * 1440)))];
        for (int i = 0; i < count; i++)
        {
            int length = Lengths[_random.Next(Lengths.Length)];
            DateTimeOffset start = _random.Next(3) == 0 ? First.AddSeconds(_random.Next(0, 4 * 86400)) : busy[_random.Next(3)].AddSeconds(30 * _random.Next(0, 60));
            if (_random.Next(4) == 0) start = start.AddMilliseconds(_random.Next(1000));
            else if (_random.Next(2) == 0) start = start.AddSeconds(-start.Second % 30);
            var report = new HistoryReport
            {
                Source = Sources[_random.Next(Sources.Count)],
                Start = start,
                End = start.AddSeconds(_random.Next(5) == 0 ? length * _random.NextDouble() + 0.001 : length),
                IsSuspect = _random.Next(5) == 0,
            };
            foreach (HistoryDestination destination in Destinations)
                foreach (byte trafficClass in (ReadOnlySpan<byte>)[0, 46, 184])
                    if (_random.Next(3) > 0) Fill(report.Add(destination, trafficClass), destination.Name == "lost");
            yield return report;
        }
    }

    private static HistoryDestination Destination(string name, string host, params (string Key, string Value)[] tags) =>
        new() { Name = name, Host = host, Address = host, Port = 8100, Tags = [.. tags.Select(tag => new KeyValuePair<string, string>(tag.Key, tag.Value))] };

    private void Fill(PairTotals totals, bool isDead)
    {
        int flows = _random.Next(1, 4), sentByFlow = _random.Next(0, 9);
        bool isDirectionKnown = _random.Next(2) == 0;
        var rtts = new SortedDictionary<int, long>();
        long timed = 0, sum = 0, lost = 0, forward = 0;
        long? min = null, max = null;
        for (int flow = 0; flow < flows; flow++)
        {
            int lostOfFlow = isDead ? sentByFlow : _random.Next(4) == 0 ? _random.Next(sentByFlow + 1) : 0;
            int forwardOfFlow = _random.Next(lostOfFlow + 1);
            long minOfFlow = long.MaxValue, sumOfFlow = 0;
            for (int reply = 0; reply < sentByFlow - lostOfFlow; reply++)
            {
                long rtt = 200_000 + _random.Next(50) * 1_000_000L + _random.Next(1000);
                int bucket = LogLinear.IndexOf(rtt);
                rtts[bucket] = rtts.GetValueOrDefault(bucket) + 1;
                minOfFlow = Math.Min(minOfFlow, rtt);
                (timed, sum, sumOfFlow) = (timed + 1, sum + rtt, sumOfFlow + rtt);
                (min, max) = (Math.Min(min ?? rtt, rtt), Math.Max(max ?? rtt, rtt));
            }

            int received = sentByFlow - lostOfFlow;
            (lost, forward) = (lost + lostOfFlow, forward + forwardOfFlow);
            totals.AddFlow(new FlowTotals
            {
                SourcePort = 40000 + flow,
                Sent = sentByFlow,
                Lost = lostOfFlow,
                LostForward = isDirectionKnown ? forwardOfFlow : null,
                LostReverse = isDirectionKnown ? lostOfFlow - forwardOfFlow : null,
                RttMinNanos = received > 0 ? minOfFlow : null,
                RttMeanNanos = received > 0 ? (double)sumOfFlow / received : null,
            });
        }

        long sent = flows * sentByFlow;
        totals.Counts = new DatagramCounts
        {
            Sent = sent,
            Received = sent - lost,
            Lost = lost,
            LostForward = isDirectionKnown ? forward : null,
            LostReverse = isDirectionKnown ? lost - forward : null,
            Late = _random.Next(8) == 0 ? _random.Next((int)lost + 1) : 0,
            Duplicates = _random.Next(8) == 0 ? 1 : 0,
            Reordered = _random.Next(8) == 0 ? 2 : 0,
            SendErrors = _random.Next(16) == 0 ? 3 : 0,
        };
        (totals.RttCount, totals.RttSumNanos, totals.RttMinNanos, totals.RttMaxNanos) = (timed, sum, min, max);
        totals.SetBuckets([.. rtts.Select(bucket => new LatencyBucket(bucket.Key, bucket.Value))]);
        totals.SetJitter(timed > 1 ? _random.Next(1, 1_000_000) : null, timed);
        if (timed > 1) totals.ForwardDelayVariationNanos = _random.Next(1, 1_000_000);
        if (timed > 1 && isDirectionKnown) totals.ReverseDelayVariationNanos = _random.Next(1, 1_000_000);
        totals.Path = new PathMarks { ForwardTtl = 60, ForwardTos = 0, ForwardRemarked = isDirectionKnown ? _random.Next(3) : null };
    }
}
