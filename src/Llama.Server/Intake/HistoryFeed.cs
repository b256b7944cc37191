using System.Collections.Concurrent;
using Llama.Mesh.Membership;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Intake;

/// <summary>Brings the reports that probes push into the history, and counts how that goes. Any thread may call it.</summary>
/// <param name="history">Where they go.</param>
/// <param name="find">A member by group and name; null when there is none.</param>
/// <param name="time">What appending takes goes by.</param>
internal sealed class HistoryFeed(IHistoryStore history, Func<string, string, Member?> find, TimeProvider time)
{
    /// <summary>What a report may hold on to while it waits for the next one: more pairs than a usual one has, far fewer than the largest.</summary>
    private const int MostPairsKept = 1 << 13;

    // What is longer was not measured: somebody made it up. 31 years.
    private const double MostNanos = 1e18;

    private static readonly int MostKept = Math.Max(8, Environment.ProcessorCount);

    private readonly HistoryParties _parties = new(find);
    private readonly ConcurrentBag<HistoryReport> _reports = [];
    private long _stored, _known, _failed, _summaries, _ticks;

    /// <summary>Reports that were stored.</summary>
    public long Stored => Interlocked.Read(ref _stored);

    /// <summary>Reports that were there already, or were too old to tell.</summary>
    public long Known => Interlocked.Read(ref _known);

    /// <summary>Reports that could not be stored.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Pairs and classes of those stored.</summary>
    public long Summaries => Interlocked.Read(ref _summaries);

    /// <summary>How long storing took, of all together.</summary>
    public TimeSpan TimeTaken => TimeSpan.FromTicks(Interlocked.Read(ref _ticks));

    /// <summary>Takes a report; completes when it is on disk. False where it was there already.</summary>
    /// <exception cref="IOException">It can't be stored.</exception>
    /// <exception cref="PushRefusedException">Its numbers are none that anybody measures.</exception>
    public async ValueTask<bool> KeepAsync(PushedProbe probe, PushedReport pushed)
    {
        HistorySource source = _parties.Source(probe);
        HistoryReport report = _reports.TryTake(out HistoryReport? used) ? used : new HistoryReport { Source = source };
        (report.Source, report.Start, report.End, report.IsSuspect) = (source, pushed.Start, pushed.End, pushed.IsSuspect);
        foreach (ref readonly PushedPair pair in pushed.Pairs) Fill(report.Add(_parties.Destination(probe.Group, pushed, pair), pair.Class), pushed, pair);
        long begun = time.GetTimestamp();
        try
        {
            // Not given up when the client goes: it would come again with the same, while this is still being written.
            bool isNew = await history.AppendAsync(report, CancellationToken.None);
            Interlocked.Increment(ref isNew ? ref _stored : ref _known);
            if (isNew) Interlocked.Add(ref _summaries, report.Pairs.Count);
            Interlocked.Add(ref _ticks, time.GetElapsedTime(begun).Ticks);
            bool isSmall = report.Pairs.Count <= MostPairsKept;
            report.Clear();
            if (isSmall && _reports.Count < MostKept) _reports.Add(report);
            return isNew;
        }
        catch (IOException)
        {
            Interlocked.Increment(ref _failed);
            throw;
        }
        catch (InvalidDataException error)
        {
            throw new PushRefusedException(StatusCodes.Status400BadRequest, $"The report of {pushed.Start:u} has numbers that can't be: {error.Message}");
        }
    }

    private static void Fill(PairTotals totals, PushedReport report, in PushedPair pair)
    {
        totals.Counts = pair.Counts;
        totals.RttCount = pair.Rtt.Count;
        totals.RttSumNanos = pair.Rtt.SumNanos;
        totals.RttMinNanos = pair.Rtt.MinNanos;
        totals.RttMaxNanos = pair.Rtt.MaxNanos;
        totals.SetBuckets(report.BucketsOf(pair));
        totals.SetJitter(Measured(pair.JitterNanos), pair.Rtt.Count);
        totals.ForwardDelayVariationNanos = pair.ForwardDelayVariationNanos;
        totals.ReverseDelayVariationNanos = pair.ReverseDelayVariationNanos;
        totals.Path = pair.Path;
        foreach (ref readonly PushedFlow flow in report.FlowsOf(pair)) totals.AddFlow(Of(flow));
    }

    private static FlowTotals Of(in PushedFlow flow) => new()
    {
        SourcePort = flow.SourcePort,
        Sent = flow.Counts.Sent,
        Lost = flow.Counts.Lost,
        LostForward = flow.Counts.LostForward,
        LostReverse = flow.Counts.LostReverse,
        RttMinNanos = flow.Rtt.MinNanos,
        RttMeanNanos = Measured(flow.Rtt.MeanNanos),
    };

    private static double? Measured(double? nanos) => nanos <= MostNanos ? nanos : null;
}
