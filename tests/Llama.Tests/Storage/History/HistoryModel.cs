using Llama.Storage.History;

namespace Llama.Tests.Storage.History;

/// <summary>
/// What a history must answer, worked out the simple way: it keeps every report and goes through all of them for each question. It
/// knows no retention and no levels, so each point is as fine as it is asked for. Any thread may call it.
/// </summary>
internal sealed class HistoryModel : IHistoryStore
{
    private readonly Lock _gate = new();
    private readonly List<Measured> _measured = [];
    private readonly HashSet<(string Group, string Source, DateTimeOffset Start)> _reports = [];
    private readonly List<HistoryEvent> _events = [];

    // In the order they came; the newest tags, addresses and ports.
    private readonly List<HistorySource> _sources = [];
    private readonly List<(string Group, HistoryDestination Destination)> _destinations = [];

    public string? Fault { get; set; }

    /// <summary>What it says is kept; what there is, unless a test says otherwise.</summary>
    public IReadOnlyList<HistoryLevelSpan>? Levels { get; set; }

    /// <summary>Awaited before each answer: a test holds or fails it there.</summary>
    public Func<CancellationToken, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    public IReadOnlyList<string> Groups
    {
        get
        {
            lock (_gate) return [.. _sources.Select(source => source.Group).Distinct()];
        }
    }

    public HistoryGroup? Find(string group)
    {
        lock (_gate)
        {
            HistorySource[] sources = [.. _sources.Where(source => source.Group == group)];
            if (sources.Length == 0) return null;
            HistoryDestination[] destinations = [.. _destinations.Where(known => known.Group == group).Select(known => known.Destination)];
            return new HistoryGroup(group, sources, destinations, [.. _measured.Where(one => one.Group == group).Select(one => one.Class).Distinct().Order()]);
        }
    }

    public long Version(string group, DateTimeOffset before)
    {
        lock (_gate) return _reports.Count(report => report.Group == group && report.Start < before);
    }

    public ValueTask<bool> AppendAsync(HistoryReport report, CancellationToken cancellation)
    {
        if (Fault is { } fault) return ValueTask.FromException<bool>(new IOException(fault));
        lock (_gate)
        {
            HistorySource source = report.Source;
            if (!_reports.Add((source.Group, source.Name, report.Start))) return ValueTask.FromResult(false);
            Keep(_sources, known => (known.Group, known.Name), source);
            foreach (HistoryPair pair in report.Pairs)
            {
                Keep(_destinations, known => (known.Group, known.Destination.Name, known.Destination.Host), (source.Group, pair.Destination));
                _measured.Add(new Measured(source.Group, source.Name, pair.Destination.Name, pair.Destination.Host, pair.Class, Copy(pair.Totals, HistoryDetail.All)));
            }

            return ValueTask.FromResult(true);
        }
    }

    public ValueTask AppendAsync(IReadOnlyList<HistoryEvent> events, CancellationToken cancellation)
    {
        if (Fault is { } fault) return ValueTask.FromException(new IOException(fault));
        lock (_gate) _events.AddRange(events);
        return ValueTask.CompletedTask;
    }

    public async Task<HistoryAnswer> QueryAsync(HistoryQuery query, Action<HistorySeries> take, CancellationToken cancellation)
    {
        await BeforeAnswer(cancellation);
        Measured[] counted;
        Series[] all;
        lock (_gate)
        {
            counted = [.. _measured.Where(one => IsWanted(query, one)).OrderBy(one => one.Start)];
            if (query.IsNewestOnly)
                counted = [.. counted.GroupBy(one => (one.Source, one.Destination, one.Host, one.Class)).SelectMany(pair => pair.Where(one => one.Start == pair.Max(other => other.Start)))];
            all =
            [
                .. counted.GroupBy(one => SourceKey(query, one)).SelectMany(source =>
                    source.GroupBy(one => DestinationKey(query, one)).Select(pair => new Series(source.Key, pair.Key, [.. Points(query, pair)]))),
            ];
        }

        Series[] answer = query.Top is { } top ? Worst(all, top) : all;
        long points = answer.Sum(series => (long)series.Points.Length);
        if (points > query.MaxPoints) throw new HistoryLimitException($"That would be {points} points, and an answer has at most {query.MaxPoints}.");
        var given = new HistorySeries();
        foreach (Series series in answer)
        {
            cancellation.ThrowIfCancellationRequested();
            (given.Source, given.Destination) = (series.Source, series.Destination);
            given.Points = [.. series.Points.Select(point => point with { Totals = Copy(point.Totals, query.Detail) })];
            take(given);

            // Whoever holds on to it is to notice.
            foreach (HistoryPoint point in given.Points) point.Totals.Clear();
        }

        return new HistoryAnswer(query.Step, counted.Min(one => (DateTimeOffset?)one.Start), counted.Max(one => (DateTimeOffset?)one.Totals.End), all.Length);
    }

    public async Task<HistoryTimeline> TimelineAsync(HistoryQuery query, CancellationToken cancellation)
    {
        await BeforeAnswer(cancellation);
        TimeSpan step = query.Step!.Value;
        DateTimeOffset from = Floor(query.From, step), to = Floor(query.To.AddTicks(step.Ticks - 1), step);
        lock (_gate)
        {
            Measured[] counted = [.. _measured.Where(one => IsWanted(query with { From = from, To = to }, one))];
            return new HistoryTimeline(from, to, [.. counted.GroupBy(one => Floor(one.Start, step)).OrderBy(one => one.Key).Select(Step).Where(one => one.Pairs > 0)]);
        }

        TimelineStep Step(IGrouping<DateTimeOffset, Measured> all)
        {
            (long Sent, long Lost)[] pairs =
            [
                .. all.GroupBy(one => (SourceKey(query, one), DestinationKey(query, one)))
                    .Select(pair => (Sent: pair.Sum(one => one.Totals.Counts.Sent), Lost: pair.Sum(one => one.Totals.Counts.Lost))).Where(pair => pair.Sent > 0),
            ];
            (long sent, long lost) = pairs.OrderByDescending(pair => (double)pair.Lost / pair.Sent).ThenByDescending(pair => pair.Lost).FirstOrDefault();
            return new TimelineStep
            {
                At = all.Key,
                Start = all.Min(one => one.Start),
                End = all.Max(one => one.Totals.End),
                Pairs = pairs.Length,
                LossyPairs = pairs.Count(pair => pair.Lost > 0),
                Sent = pairs.Sum(pair => pair.Sent),
                Lost = pairs.Sum(pair => pair.Lost),
                WorstSent = sent,
                WorstLost = lost,
            };
        }
    }

    public async Task<IReadOnlyList<HistoryLevelSpan>> SpansAsync(CancellationToken cancellation)
    {
        await BeforeAnswer(cancellation);
        lock (_gate)
            return Levels ?? [new HistoryLevelSpan(HistoryLevel.Raw, null, _measured.Min(one => (DateTimeOffset?)one.Start), _measured.Max(one => (DateTimeOffset?)one.Totals.End))];
    }

    public async Task<IReadOnlyList<HistoryEvent>> EventsAsync(string? group, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken cancellation)
    {
        await BeforeAnswer(cancellation);
        lock (_gate)
        {
            IEnumerable<HistoryEvent> wanted = _events.Where(one => (group is null || one.Group == group) && one.At >= from && one.At < before);
            return [.. wanted.Reverse().OrderByDescending(one => one.At).Take(limit)];
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool IsWanted(HistoryQuery query, Measured one) =>
        one.Group == query.Group
        && one.Start >= query.From && one.Start < query.To
        && (query.Class is null || one.Class == query.Class)
        && LabelMatch.IsWanted(query.Sources, one.Source, TagsOfSource(one))
        && LabelMatch.IsWanted(query.Destinations, one.Destination, TagsOfDestination(one));

    private string SourceKey(HistoryQuery query, Measured one) =>
        query.SourceBy is { } label ? LabelMatch.ValueOf(label, one.Source, TagsOfSource(one)) : "";

    private string DestinationKey(HistoryQuery query, Measured one) =>
        query.DestinationBy is { } label ? LabelMatch.ValueOf(label, one.Destination, TagsOfDestination(one)) : "";

    private IReadOnlyList<KeyValuePair<string, string>> TagsOfSource(Measured one) =>
        _sources.Single(source => (source.Group, source.Name) == (one.Group, one.Source)).Tags;

    private IReadOnlyList<KeyValuePair<string, string>> TagsOfDestination(Measured one) =>
        _destinations.Single(known => (known.Group, known.Destination.Name, known.Destination.Host) == (one.Group, one.Destination, one.Host)).Destination.Tags;

    private static IEnumerable<HistoryPoint> Points(HistoryQuery query, IEnumerable<Measured> pair) =>
        pair.GroupBy(one => Moment(query, one.Start)).OrderBy(point => point.Key).Select(point =>
        {
            var sum = new PairTotals();
            foreach (Measured one in point) sum.Add(one.Totals);
            return new HistoryPoint(point.Key, sum);
        });

    private static DateTimeOffset Moment(HistoryQuery query, DateTimeOffset start) =>
        query.Step is not { } step ? query.From
        : step == TimeSpan.Zero ? start
        : Floor(start, step);

    private static DateTimeOffset Floor(DateTimeOffset at, TimeSpan step) => at.AddTicks(-((at - DateTimeOffset.UnixEpoch).Ticks % step.Ticks));

    private static Series[] Worst(Series[] all, HistoryTop top) =>
    [
        .. all.Where(series => Badness(series, top.Rank) is not null)
            .OrderByDescending(series => Badness(series, top.Rank))
            .ThenByDescending(series => top.Rank == HistoryRank.Loss ? series.Points[0].Totals.Counts.Lost : 0)
            .ThenBy(series => series.Source, StringComparer.Ordinal)
            .ThenBy(series => series.Destination, StringComparer.Ordinal)
            .Take(top.Count),
    ];

    private static double? Badness(Series series, HistoryRank rank)
    {
        PairTotals totals = series.Points[0].Totals;
        double? sent = totals.Counts.Sent > 0 ? totals.Counts.Sent : null;
        return rank switch
        {
            HistoryRank.Loss => totals.Counts.Lost / sent,
            HistoryRank.LossForward => totals.Counts.LostForward / sent,
            HistoryRank.LossReverse => totals.Counts.LostReverse / sent,
            HistoryRank.RttP50 => totals.Percentile(0.5),
            HistoryRank.RttP99 => totals.Percentile(0.99),
            HistoryRank.Jitter => totals.JitterNanos,
            _ => totals.DelayVariationNanos,
        };
    }

    private static PairTotals Copy(PairTotals all, HistoryDetail detail)
    {
        var copy = new PairTotals { Start = all.Start, End = all.End, Intervals = all.Intervals, SuspectIntervals = all.SuspectIntervals, Counts = all.Counts };
        if (detail.HasFlag(HistoryDetail.Rtt))
        {
            (copy.RttCount, copy.RttSumNanos, copy.RttMinNanos, copy.RttMaxNanos) = (all.RttCount, all.RttSumNanos, all.RttMinNanos, all.RttMaxNanos);
            (copy.ForwardDelayVariationNanos, copy.ReverseDelayVariationNanos) = (all.ForwardDelayVariationNanos, all.ReverseDelayVariationNanos);
            copy.SetJitter(all.JitterNanos, all.JitterWeight);
            copy.SetBuckets(all.Buckets);
        }

        if (detail.HasFlag(HistoryDetail.Path)) copy.Path = all.Path;
        if (detail.HasFlag(HistoryDetail.Flows))
            foreach (ref readonly FlowTotals flow in all.Flows) copy.AddFlow(flow);
        return copy;
    }

    private static void Keep<T, TKey>(List<T> known, Func<T, TKey> key, T newest)
        where TKey : notnull
    {
        int place = known.FindIndex(other => key(other).Equals(key(newest)));
        if (place < 0) known.Add(newest);
        else known[place] = newest;
    }

    /// <summary>A pair and class in one interval.</summary>
    private sealed record Measured(string Group, string Source, string Destination, string Host, byte Class, PairTotals Totals)
    {
        public DateTimeOffset Start => Totals.Start;
    }

    private sealed record Series(string Source, string Destination, HistoryPoint[] Points);
}
