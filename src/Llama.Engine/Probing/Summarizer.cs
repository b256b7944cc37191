using System.Collections.Immutable;
using Llama.Engine.Summaries;

namespace Llama.Engine.Probing;

/// <summary>
/// Writes the report of an interval from its book. Keeps what the machine had told by the report before, so it belongs to one
/// thread, and books must come in order.
/// </summary>
internal sealed class Summarizer(ProberOptions options)
{
    private TimeSpan _pausesTold = GC.GetTotalPauseDuration();
    private long? _pressureTold = options.CpuPressureMicros?.Invoke();

    /// <summary>The report of an interval.</summary>
    public IntervalReport Summarize(IntervalBook book)
    {
        HistogramPool.Snapshot histograms = book.Histograms.Read();
        var flowsOfPair = new List<int>?[book.Pairs.Length];
        for (int flow = 0; flow < book.Flows.Length; flow++)
        {
            if (book.Flows[flow].IsEmpty || flow >= book.Roster.Flows.Length || book.Roster.Flows[flow] is not { } identity) continue;
            (flowsOfPair[identity.Pair] ??= []).Add(flow);
        }

        var summaries = ImmutableArray.CreateBuilder<Summary>();
        for (int pair = 0; pair < flowsOfPair.Length; pair++)
            if (flowsOfPair[pair] is { } flows && book.Roster.Pairs[pair] is { } identity) summaries.Add(Summarize(book, histograms, pair, identity, flows));

        long received = summaries.Sum(summary => (long)summary.Counts.Received);
        return new IntervalReport
        {
            Start = book.Start.ToDateTimeOffset(),
            End = book.End.ToDateTimeOffset(),
            Summaries = summaries.DrainToImmutable(),
            Health = Health(book, received),
        };
    }

    private static Summary Summarize(
        IntervalBook book, HistogramPool.Snapshot histograms, int pair, PairIdentity identity, List<int> flows)
    {
        flows.Sort((left, right) => PortOf(book, left).CompareTo(PortOf(book, right)));
        ImmutableArray<FlowSummary> flowSummaries = [.. flows.Select(flow => Summarize(book, flow))];
        ref PairTimes times = ref book.Pairs[pair];
        LatencyHistogram rtt = histograms.Histogram(
            IntervalBook.RttOf(pair), times.RttSumNanos, times.RttMinNanos, times.RttMaxNanos);
        bool varies = rtt.Count > 1;
        double[] jitters = [.. flows.Where(flow => book.Flows[flow].TimedReplies > 1).Select(flow => book.JitterNanos[flow])];
        return new Summary
        {
            Source = identity.Source,
            Target = identity.Target,
            Destination = identity.Destination,
            Class = identity.Class,
            Counts = Sum(flowSummaries),
            Rtt = rtt,
            JitterNanos = jitters.Length > 0 ? jitters.Average() : null,
            DelayVariationNanos = varies ? rtt.Percentile(0.99) - rtt.MinNanos : null,
            ForwardDelayVariationNanos = times.Forward.Variation(Above(histograms, IntervalBook.ForwardOf(pair))),
            ReverseDelayVariationNanos = times.Reverse.Variation(Above(histograms, IntervalBook.ReverseOf(pair))),
            Path = Merge(flowSummaries),
            Flows = flowSummaries,
        };
    }

    private static int PortOf(IntervalBook book, int flow) => book.Roster.Flows[flow]!.LocalPort;

    private static LatencyHistogram Above(HistogramPool.Snapshot histograms, int histogram) =>
        histograms.Histogram(histogram, 0, 0, LogLinear.MaxNanos);

    private static FlowSummary Summarize(IntervalBook book, int flow)
    {
        ref FlowCounts counts = ref book.Flows[flow];
        bool timed = counts.TimedReplies > 0;
        bool forward = counts.Forward.Seen > 0, reverse = counts.Reverse.Seen > 0;
        return new FlowSummary
        {
            SourcePort = PortOf(book, flow),
            Counts = new DatagramCounts
            {
                Sent = counts.Sent,
                Received = counts.Received,
                Lost = counts.Lost,
                LostForward = book.LostForward[flow],
                LostReverse = counts.Lost - book.LostForward[flow],
                Late = counts.Late,
                Duplicates = counts.Duplicates,
                Reordered = counts.Reordered,
                SendErrors = counts.SendErrors,
            },
            RttMinNanos = timed ? counts.RttMinNanos : null,
            RttMeanNanos = timed ? (double)counts.RttSumNanos / counts.TimedReplies : null,
            RttMaxNanos = timed ? counts.RttMaxNanos : null,
            Path = new PathMarks
            {
                ForwardTtl = forward ? counts.Forward.Ttl : null,
                ForwardTos = forward ? counts.Forward.Tos : null,
                ForwardRemarked = forward ? counts.Forward.Remarked : null,
                ForwardTtlChanges = forward ? counts.ForwardTtlChanges : null,
                ReverseTtl = reverse ? counts.Reverse.Ttl : null,
                ReverseTos = reverse ? counts.Reverse.Tos : null,
                ReverseRemarked = reverse ? counts.Reverse.Remarked : null,
            },
        };
    }

    /// <summary>A direction is known for the pair when it is for each of its flows.</summary>
    private static DatagramCounts Sum(ImmutableArray<FlowSummary> flows)
    {
        bool directed = flows.All(flow => flow.Counts.LostForward is not null);
        return new DatagramCounts
        {
            Sent = flows.Sum(flow => flow.Counts.Sent),
            Received = flows.Sum(flow => flow.Counts.Received),
            Lost = flows.Sum(flow => flow.Counts.Lost),
            LostForward = directed ? flows.Sum(flow => flow.Counts.LostForward) : null,
            LostReverse = directed ? flows.Sum(flow => flow.Counts.LostReverse) : null,
            Late = flows.Sum(flow => flow.Counts.Late),
            Duplicates = flows.Sum(flow => flow.Counts.Duplicates),
            Reordered = flows.Sum(flow => flow.Counts.Reordered),
            SendErrors = flows.Sum(flow => flow.Counts.SendErrors),
        };
    }

    private static PathMarks Merge(ImmutableArray<FlowSummary> flows)
    {
        PathMarks forward = flows.Select(flow => flow.Path).LastOrDefault(path => path.ForwardTtl is not null);
        PathMarks reverse = flows.Select(flow => flow.Path).LastOrDefault(path => path.ReverseTtl is not null);
        return new PathMarks
        {
            ForwardTtl = forward.ForwardTtl,
            ForwardTos = forward.ForwardTos,
            ForwardRemarked = forward.ForwardTtl is null ? null : flows.Sum(flow => flow.Path.ForwardRemarked),
            ForwardTtlChanges = forward.ForwardTtl is null ? null : flows.Sum(flow => flow.Path.ForwardTtlChanges),
            ReverseTtl = reverse.ReverseTtl,
            ReverseTos = reverse.ReverseTos,
            ReverseRemarked = reverse.ReverseTtl is null ? null : flows.Sum(flow => flow.Path.ReverseRemarked),
        };
    }

    private CollectorHealth Health(IntervalBook book, long received)
    {
        TimeSpan pauses = GC.GetTotalPauseDuration();
        long? pressure = options.CpuPressureMicros?.Invoke();
        double micros = Math.Max(1, (book.End - book.Start) / 1000.0);
        var health = new CollectorHealth
        {
            SendLatenessP99Nanos = book.Lateness().Percentile(0.99),
            SkippedSends = book.SkippedSends,
            SendErrors = book.SendErrors,
            ReceiveDrops = book.ReceiveDrops,
            UnmatchedReplies = book.UnmatchedReplies,
            ClockSteps = book.ClockSteps,
            UntimedReplies = book.UntimedReplies,
            MissedTransmitTimes = book.MissedTransmitTimes,
            GarbageCollectionPause = pauses - _pausesTold,
            CpuPressure = pressure is null || _pressureTold is null ? null : Math.Clamp((pressure - _pressureTold).Value / micros, 0, 1),
        };
        _pausesTold = pauses;
        _pressureTold = pressure;
        return health with { Suspect = [.. Suspicions(health, book, received)] };
    }

    private IEnumerable<SuspectReason> Suspicions(CollectorHealth health, IntervalBook book, long received)
    {
        if (health.SendLatenessP99Nanos > options.SuspectSendLateness.TotalNanoseconds) yield return SuspectReason.LateSends;
        if (health.SkippedSends > 0) yield return SuspectReason.SkippedSends;
        if (health.ReceiveDrops > 0) yield return SuspectReason.ReceiveDrops;
        if (book.SendBufferFull > 0) yield return SuspectReason.SendBufferFull;
        if (health.GarbageCollectionPause > options.SuspectPause) yield return SuspectReason.GarbageCollection;
        if (health.CpuPressure > options.SuspectCpuPressure) yield return SuspectReason.CpuPressure;
        if (health.ClockSteps > 0) yield return SuspectReason.ClockStep;
        if (health.UntimedReplies > options.SuspectUntimedShare * received) yield return SuspectReason.SlowSends;
    }
}
