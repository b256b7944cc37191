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
        FlowPlace[] places = Places(book);
        var summaries = ImmutableArray.CreateBuilder<Summary>();
        for (int begin = 0, end; begin < places.Length; begin = end)
        {
            int pair = places[begin].Pair;
            for (end = begin + 1; end < places.Length && places[end].Pair == pair;) end++;
            if (book.Roster.Pairs[pair] is { } identity) summaries.Add(Summarize(book, histograms, pair, identity, places.AsSpan(begin..end)));
        }

        long received = summaries.Sum(summary => (long)summary.Counts.Received);
        return new IntervalReport
        {
            Start = book.Start.ToDateTimeOffset(),
            End = book.End.ToDateTimeOffset(),
            Summaries = summaries.DrainToImmutable(),
            Health = Health(book, received),
        };
    }

    /// <summary>The flows that have something to tell, pair by pair, and within a pair in the order of their ports.</summary>
    private static FlowPlace[] Places(IntervalBook book)
    {
        var places = new List<FlowPlace>(book.Pairs.Length);
        for (int flow = 0; flow < Math.Min(book.Flows.Length, book.Roster.Flows.Length); flow++)
        {
            if (!book.Flows[flow].IsEmpty && book.Roster.Flows[flow] is { } identity)
                places.Add(new FlowPlace(identity.Pair, identity.LocalPort, flow));
        }

        places.Sort();
        return [.. places];
    }

    private static Summary Summarize(
        IntervalBook book, HistogramPool.Snapshot histograms, int pair, PairIdentity identity, ReadOnlySpan<FlowPlace> places)
    {
        var flows = new FlowSummary[places.Length];
        double jitterSum = 0;
        int jitters = 0;
        for (int i = 0; i < places.Length; i++)
        {
            flows[i] = Summarize(book, places[i]);
            if (book.Flows[places[i].Flow].TimedReplies < 2) continue;
            jitterSum += book.JitterNanos[places[i].Flow];
            jitters++;
        }

        ref PairTimes times = ref book.Pairs[pair];
        LatencyHistogram rtt = histograms.Histogram(
            IntervalBook.RttOf(pair), times.RttSumNanos, times.RttMinNanos, times.RttMaxNanos);
        bool varies = rtt.Count > 1;
        return new Summary
        {
            Source = identity.Source,
            Target = identity.Target,
            Destination = identity.Destination,
            Class = identity.Class,
            Counts = Sum(flows),
            Rtt = rtt,
            JitterNanos = jitters > 0 ? jitterSum / jitters : null,
            DelayVariationNanos = varies ? rtt.Percentile(0.99) - rtt.MinNanos : null,
            ForwardDelayVariationNanos = Variation(times.Forward, histograms, IntervalBook.ForwardOf(pair)),
            ReverseDelayVariationNanos = Variation(times.Reverse, histograms, IntervalBook.ReverseOf(pair)),
            Path = Merge(flows),
            Flows = flows,
        };
    }

    private static long? Variation(in OneWayDelays delays, HistogramPool.Snapshot histograms, int histogram) =>
        delays.Count < 2 ? null : delays.Variation(histograms.Histogram(histogram, 0, 0, LogLinear.MaxNanos));

    private static FlowSummary Summarize(IntervalBook book, FlowPlace place)
    {
        int flow = place.Flow;
        ref FlowCounts counts = ref book.Flows[flow];
        bool timed = counts.TimedReplies > 0;
        bool forward = counts.Forward.Seen > 0, reverse = counts.Reverse.Seen > 0;
        return new FlowSummary
        {
            SourcePort = place.Port,
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
    private static DatagramCounts Sum(FlowSummary[] flows)
    {
        var sum = new DatagramCounts();
        bool isDirected = true;
        foreach (FlowSummary flow in flows)
        {
            sum += flow.Counts;
            isDirected &= flow.Counts.LostForward is not null;
        }

        return isDirected ? sum : sum with { LostForward = null, LostReverse = null };
    }

    /// <summary>The header as it was on the last flow that tells, and what changed it on all of them.</summary>
    private static PathMarks Merge(FlowSummary[] flows)
    {
        var merged = new PathMarks();
        foreach (FlowSummary flow in flows)
        {
            PathMarks path = flow.Path;
            if (path.ForwardTtl is not null)
            {
                merged = merged with
                {
                    ForwardTtl = path.ForwardTtl,
                    ForwardTos = path.ForwardTos,
                    ForwardRemarked = (merged.ForwardRemarked ?? 0) + path.ForwardRemarked,
                    ForwardTtlChanges = (merged.ForwardTtlChanges ?? 0) + path.ForwardTtlChanges,
                };
            }

            if (path.ReverseTtl is not null)
            {
                merged = merged with
                {
                    ReverseTtl = path.ReverseTtl,
                    ReverseTos = path.ReverseTos,
                    ReverseRemarked = (merged.ReverseRemarked ?? 0) + path.ReverseRemarked,
                };
            }
        }

        return merged;
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

    /// <summary>Where a flow stands in a report.</summary>
    private readonly record struct FlowPlace(int Pair, int Port, int Flow) : IComparable<FlowPlace>
    {
        public int CompareTo(FlowPlace other) =>
            Pair != other.Pair ? Pair.CompareTo(other.Pair) : Port != other.Port ? Port.CompareTo(other.Port) : Flow.CompareTo(other.Flow);
    }
}
