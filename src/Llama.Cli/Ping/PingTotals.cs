using System.Net;
using Llama.Engine;
using Llama.Engine.Summaries;

namespace Llama.Cli.Ping;

/// <summary>
/// Everything measured so far: the reports of all intervals put together, target by target and flow by flow. Belongs to one thread.
/// </summary>
internal sealed class PingTotals(IReadOnlyList<Target> targets, byte classOctet)
{
    private readonly Dictionary<IPEndPoint, TargetTotal> _totals = targets.ToDictionary(target => target.EndPoint!, _ => new TargetTotal());
    private readonly SortedSet<SuspectReason> _suspect = [];
    private DateTimeOffset? _start;
    private DateTimeOffset _end;
    private CollectorHealth _health = new();

    /// <summary>Takes the report of another interval.</summary>
    public void Add(IntervalReport report)
    {
        _start ??= report.Start;
        _end = report.End;
        _suspect.UnionWith(report.Health.Suspect);
        _health = Sum(_health, report.Health);
        foreach (Summary summary in report.Summaries)
            if (_totals.TryGetValue(summary.Destination, out TargetTotal? total)) total.Add(summary);
    }

    /// <summary>
    /// All of it as one report with a summary for every target, in the order given. Directions of loss are sums of what is known,
    /// so they may come to less than what was lost; jitter and delay variation each way are means over the intervals.
    /// </summary>
    public IntervalReport Report() => new()
    {
        Start = _start ?? default,
        End = _end,
        Summaries = [.. targets.Select(target => _totals[target.EndPoint!].Summary(target, classOctet))],
        Health = _health with { Suspect = [.. _suspect] },
    };

    private static CollectorHealth Sum(CollectorHealth left, CollectorHealth right) => new()
    {
        SendLatenessP99Nanos = Greater(left.SendLatenessP99Nanos, right.SendLatenessP99Nanos),
        SkippedSends = left.SkippedSends + right.SkippedSends,
        SendErrors = left.SendErrors + right.SendErrors,
        ReceiveDrops = left.ReceiveDrops + right.ReceiveDrops,
        UnmatchedReplies = left.UnmatchedReplies + right.UnmatchedReplies,
        ClockSteps = left.ClockSteps + right.ClockSteps,
        UntimedReplies = left.UntimedReplies + right.UntimedReplies,
        MissedTransmitTimes = left.MissedTransmitTimes + right.MissedTransmitTimes,
        GarbageCollectionPause = left.GarbageCollectionPause + right.GarbageCollectionPause,
        CpuPressure = right.CpuPressure is { } pressure ? Math.Max(pressure, left.CpuPressure ?? 0) : left.CpuPressure,
    };

    private static long? Greater(long? left, long? right) => left is null || right > left ? right ?? left : left;

    private static long? Sum(long? left, long? right) => left is null ? right : left + (right ?? 0);

    private static PathMarks Sum(PathMarks left, PathMarks right) => new()
    {
        ForwardTtl = right.ForwardTtl ?? left.ForwardTtl,
        ReverseTtl = right.ReverseTtl ?? left.ReverseTtl,
        ForwardTos = right.ForwardTos ?? left.ForwardTos,
        ReverseTos = right.ReverseTos ?? left.ReverseTos,
        ForwardRemarked = Sum(left.ForwardRemarked, right.ForwardRemarked),
        ReverseRemarked = Sum(left.ReverseRemarked, right.ReverseRemarked),
        ForwardTtlChanges = Sum(left.ForwardTtlChanges, right.ForwardTtlChanges),
    };

    /// <summary>A mean of what each interval told, by how many replies told it.</summary>
    private struct WeightedMean
    {
        private double _sum;
        private double _weight;

        public readonly double? Value => _weight == 0 ? null : _sum / _weight;

        public void Add(double? value, long weight)
        {
            if (value is not { } known || weight <= 0) return;
            _sum += known * weight;
            _weight += weight;
        }
    }

    private sealed class TargetTotal
    {
        private readonly SortedDictionary<int, FlowTotal> _flows = [];
        private IPAddress _source = IPAddress.Any;
        private PathMarks _path;
        private LatencyHistogram _rtt = LatencyHistogram.Empty;
        private WeightedMean _jitter, _forwardVariation, _reverseVariation;

        public void Add(Summary summary)
        {
            long replies = summary.Counts.Received;
            _source = summary.Source;
            _path = Sum(_path, summary.Path);
            _rtt = _rtt.Merge(summary.Rtt);
            _jitter.Add(summary.JitterNanos, replies);
            _forwardVariation.Add(summary.ForwardDelayVariationNanos, replies);
            _reverseVariation.Add(summary.ReverseDelayVariationNanos, replies);
            foreach (FlowSummary flow in summary.Flows)
            {
                if (!_flows.TryGetValue(flow.SourcePort, out FlowTotal? total)) _flows.Add(flow.SourcePort, total = new FlowTotal());
                total.Add(flow);
            }
        }

        public Summary Summary(Target target, byte classOctet)
        {
            FlowSummary[] flows = [.. _flows.Select(flow => flow.Value.Summary(flow.Key))];
            return new Summary
            {
                Source = _source,
                Target = target,
                Destination = target.EndPoint!,
                Class = classOctet,

                // From the flows: a direction that one of them does not know in one interval does not hide what the others know.
                Counts = flows.Select(flow => flow.Counts).Aggregate(default(DatagramCounts), (left, right) => left + right),
                Rtt = _rtt,
                JitterNanos = _jitter.Value,
                DelayVariationNanos = _rtt.Count > 1 ? _rtt.Percentile(0.99) - _rtt.MinNanos : null,
                ForwardDelayVariationNanos = (long?)_forwardVariation.Value,
                ReverseDelayVariationNanos = (long?)_reverseVariation.Value,
                Path = _path,
                Flows = flows,
            };
        }
    }

    private sealed class FlowTotal
    {
        private DatagramCounts _counts;
        private PathMarks _path;
        private long? _min, _max;
        private WeightedMean _mean;

        public void Add(FlowSummary flow)
        {
            _counts += flow.Counts;
            _path = Sum(_path, flow.Path);
            _min = _min is null || flow.RttMinNanos < _min ? flow.RttMinNanos ?? _min : _min;
            _max = Greater(_max, flow.RttMaxNanos);
            _mean.Add(flow.RttMeanNanos, flow.Counts.Received);
        }

        public FlowSummary Summary(int port) => new()
        {
            SourcePort = port,
            Counts = _counts,
            RttMinNanos = _min,
            RttMeanNanos = _mean.Value,
            RttMaxNanos = _max,
            Path = _path,
        };
    }
}
