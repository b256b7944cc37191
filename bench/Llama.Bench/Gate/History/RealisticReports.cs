using Llama.Engine.Summaries;
using Llama.Storage.History;

namespace Llama.Benchmarks.Gate.History;

/// <summary>
/// Reports of one source as a network would give them, the same for the same seed. It assumes: floors of round-trip times from 0.2 to
/// 150 ms, evenly spread over the orders of magnitude, the same for hours; each flow on a path of its own, up to 2 % longer; above that
/// queueing with the tail of a gamma distribution, on the mean 0.5 to 5 % of the floor, and once in 2,000 datagrams twenty times as
/// much; a datagram in 100,000 lost, one pair in 50 loses one in 200; TTLs and classes that do not change; ours at both ends, so that
/// all that can be measured is; datagrams sent in turn on all flows.
/// </summary>
internal sealed class RealisticReports
{
    private readonly Random _random;
    private readonly List<Pair> _pairs = [];
    private readonly int _flows;
    private readonly int _datagrams;
    private readonly HistorySource _source;
    private int _sentBefore;

    // The interval's, filled anew for each pair.
    private readonly List<long> _times = [];
    private readonly SortedDictionary<int, long> _buckets = [];

    /// <summary>Reports of a source.</summary>
    /// <param name="seed">What it all follows from.</param>
    /// <param name="pairs">How many destinations it has.</param>
    /// <param name="flows">How many flows each of them has.</param>
    /// <param name="datagrams">How many datagrams are sent to each of them in an interval.</param>
    /// <param name="group">The group.</param>
    /// <param name="source">The source's name.</param>
    public RealisticReports(int seed, int pairs, int flows, int datagrams, string group = "default", string source = "source")
    {
        _random = new Random(seed);
        _source = new HistorySource(group, source, [new("site", $"site{seed % 7}")]);
        (_flows, _datagrams) = (flows, datagrams);
        for (int i = 0; i < pairs; i++)
        {
            double floor = 200_000 * Math.Pow(750, _random.NextDouble());
            _pairs.Add(new Pair(
                new HistoryDestination
                {
                    Name = $"probe{i}",
                    Host = $"probe{i}.example",
                    Address = $"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}",
                    Port = 8100,
                    Tags = [new("site", $"site{i % 7}")],
                },
                [.. Enumerable.Range(0, flows).Select(_ => floor * (1 + 0.02 * _random.NextDouble()))],
                0.005 * Math.Pow(10, _random.NextDouble()),
                _random.Next(50) == 0 ? 0.005 : 0.00001,
                (byte)(64 - _random.Next(3, 14)),
                (byte)(64 - _random.Next(3, 14))));
        }
    }

    /// <summary>Whom it measures.</summary>
    public IEnumerable<HistoryDestination> Destinations => _pairs.Select(pair => pair.Destination);

    /// <summary>A report to fill.</summary>
    public HistoryReport NewReport() => new() { Source = _source };

    /// <summary>Fills a report with an interval that comes after the one before.</summary>
    public void Fill(HistoryReport report, DateTimeOffset start, TimeSpan length)
    {
        report.Clear();
        (report.Source, report.Start, report.End, report.IsSuspect) = (_source, start, start + length, false);
        foreach (Pair pair in _pairs) Measure(pair, report.Add(pair.Destination, 0));
        _sentBefore = (_sentBefore + _datagrams) % _flows;
    }

    private void Measure(Pair pair, PairTotals totals)
    {
        _times.Clear();
        _buckets.Clear();
        var counts = new DatagramCounts { LostForward = 0, LostReverse = 0 };
        double jitterSum = 0;
        int jitters = 0;
        for (int flow = 0; flow < _flows; flow++)
        {
            int sent = _datagrams / _flows + ((flow - _sentBefore + _flows) % _flows < _datagrams % _flows ? 1 : 0);
            if (sent == 0) continue;
            FlowTotals measured = Measure(pair, flow, sent, ref jitterSum, ref jitters);
            totals.AddFlow(measured);
            counts += new DatagramCounts
            {
                Sent = sent,
                Received = measured.Received,
                Lost = measured.Lost,
                LostForward = measured.LostForward,
                LostReverse = measured.LostReverse,
            };
        }

        totals.Counts = counts;
        totals.Path = new PathMarks
        {
            ForwardTtl = pair.ForwardTtl,
            ReverseTtl = pair.ReverseTtl,
            ForwardTos = 0,
            ReverseTos = 0,
            ForwardRemarked = 0,
            ReverseRemarked = 0,
            ForwardTtlChanges = 0,
        };
        totals.RttCount = _times.Count;
        if (_times.Count == 0) return;
        totals.RttSumNanos = _times.Sum();
        totals.RttMinNanos = _times.Min();
        totals.RttMaxNanos = _times.Max();
        foreach (long time in _times) _buckets[LogLinear.IndexOf(time)] = _buckets.GetValueOrDefault(LogLinear.IndexOf(time)) + 1;
        totals.SetBuckets([.. _buckets.Select(bucket => new LatencyBucket(bucket.Key, bucket.Value))]);
        if (jitters > 0) totals.SetJitter(jitterSum / jitters, _times.Count);
        if (_times.Count < 2) return;
        long variation = totals.DelayVariationNanos.GetValueOrDefault();
        totals.ForwardDelayVariationNanos = (long)(variation * (0.3 + 0.6 * _random.NextDouble()));
        totals.ReverseDelayVariationNanos = (long)(variation * (0.3 + 0.6 * _random.NextDouble()));
    }

    private FlowTotals Measure(Pair pair, int flow, int sent, ref double jitterSum, ref int jitters)
    {
        long lost = 0, lostForward = 0, min = long.MaxValue, sum = 0, before = 0;
        double jitter = 0;
        for (int i = 0; i < sent; i++)
        {
            if (_random.NextDouble() < pair.Loss)
            {
                lost++;
                lostForward += _random.Next(2);
                continue;
            }

            long time = (long)(pair.Floors[flow] * (1 + pair.Queueing * Tail()));
            if (i > lost) jitter += (Math.Abs(time - before) - jitter) / 16;
            before = time;
            min = Math.Min(min, time);
            sum += time;
            _times.Add(time);
        }

        if (sent - lost > 1)
        {
            jitterSum += jitter;
            jitters++;
        }

        return new FlowTotals
        {
            SourcePort = 40_000 + 7 * flow,
            Sent = sent,
            Lost = lost,
            LostForward = lostForward,
            LostReverse = lost - lostForward,
            RttMinNanos = sent > lost ? min : null,
            RttMeanNanos = sent > lost ? (double)sum / (sent - lost) : null,
        };
    }

    // A gamma distribution of shape 2 and mean 1, and now and then far more.
    private double Tail()
    {
        double tail = -0.5 * Math.Log((1 - _random.NextDouble()) * (1 - _random.NextDouble()));
        return _random.Next(2000) == 0 ? 20 * tail : tail;
    }

    private sealed record Pair(
        HistoryDestination Destination, double[] Floors, double Queueing, double Loss, byte ForwardTtl, byte ReverseTtl);
}
