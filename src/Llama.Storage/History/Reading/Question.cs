namespace Llama.Storage.History.Reading;

/// <summary>One question, or a share of it, while it is answered, on one thread and in one transaction: a source key after the other.</summary>
/// <param name="connection">The file.</param>
/// <param name="query">The question.</param>
/// <param name="take">Takes the series.</param>
/// <param name="giving">Held while the series of a source key are given, which others may do at the same time.</param>
/// <param name="cancellation">Gives up.</param>
internal sealed class Question(ReadConnection connection, HistoryQuery query, Action<HistorySeries> take, Lock giving, CancellationToken cancellation)
{
    // What is put together at a time, in points. Destinations that would be more are read one part after the other.
    private const long PointsAtATime = 50_000;

    /// <summary>Answers it.</summary>
    public HistoryAnswer Answer(Selection selection)
    {
        long from = ScanRange.Clamp(HistoryTime.Of(query.From)), to = ScanRange.Clamp(HistoryTime.Of(query.To));
        if (from >= to) return HistoryAnswer.Nothing(query);

        ScanRange range = ScanRange.Of(connection, from, to, query.IsNewestOnly ? TimeSpan.Zero : query.Step, query.Class);
        return query.Top is { } top ? AnswerWorst(range, selection, new WorstSeries(top)) : AnswerAll(range, selection, MostPoints(range.Extents));
    }

    private Scan ScanInto(SeriesTable table, ScanRange range) =>
        query.IsNewestOnly ? new NewestScan(connection, range, table, cancellation) : new SumScan(connection, range, table, cancellation);

    // How many points a key has at most, where reports are not more frequent than every ten seconds.
    private long MostPoints(IReadOnlyList<Extent> extents)
    {
        if (query.IsNewestOnly || query.Step is not { } step) return 1;
        long pointTicks = step > TimeSpan.Zero ? step.Ticks : 10 * TimeSpan.TicksPerSecond;
        return 1 + extents.Sum(extent => extent.Ticks) / pointTicks;
    }

    private HistoryAnswer AnswerAll(ScanRange range, Selection selection, long mostPoints)
    {
        DestinationKeys all = selection.Destinations;
        var table = new SeriesTable(all.Names.Count, query, query.MaxPoints);
        Scan scan = ScanInto(table, range);
        int atATime = (int)Math.Clamp(PointsAtATime / mostPoints, 1, Math.Max(1, all.Names.Count));
        foreach (SourceKey source in selection.Sources)
        {
            for (int first = 0; first < all.Names.Count; first += atATime)
            {
                DestinationKeys wanted = atATime == all.Names.Count ? all : all.Only(key => key >= first && key < first + atATime);
                foreach (int id in source.Ids) scan.Read(new ScanTask(id, wanted, query.Detail));
                lock (giving) table.Give(source.Name, all.Names, take);
            }
        }

        return new HistoryAnswer(query.Step, table.Oldest, table.Newest, table.Series);
    }

    // Who is worst follows from little, mostly from counts. Only theirs is read in full.
    private HistoryAnswer AnswerWorst(ScanRange range, Selection selection, WorstSeries worst)
    {
        HistoryAnswer answer = worst.IsOfLoss && !query.IsNewestOnly ? RankByLoss(range, selection, worst) : Rank(range, selection, worst);
        GiveWorst(range, selection, worst.Take());
        return answer;
    }

    private HistoryAnswer Rank(ScanRange range, Selection selection, WorstSeries worst)
    {
        var ranked = new SeriesTable(selection.Destinations.Names.Count, query, long.MaxValue);
        Scan scan = ScanInto(ranked, range);
        for (int place = 0; place < selection.Sources.Count; place++)
        {
            foreach (int id in selection.Sources[place].Ids) scan.Read(new ScanTask(id, selection.Destinations, worst.Detail));
            ranked.Show((destination, totals) => worst.Add(place, destination, totals));
        }

        return new HistoryAnswer(query.Step, ranked.Oldest, ranked.Newest, ranked.Series);
    }

    private HistoryAnswer RankByLoss(ScanRange range, Selection selection, WorstSeries worst)
    {
        LossGrid grid = LossGrid.OfOneStep(selection.Destinations.Names.Count);
        var scan = new LossScan(connection, range, grid, cancellation);
        long series = 0;
        for (int source = 0; source < selection.Sources.Count; source++)
        {
            foreach (int id in selection.Sources[source].Ids) scan.Read(new ScanTask(id, selection.Destinations, HistoryDetail.Counts));
            for (int place = 0; place < grid.Keys.Count; place++) worst.Add(source, grid.Keys[place], grid.Of(place)[0].Sent, grid.Of(place)[0].Lost);
            series += grid.Keys.Count;
            grid.Clear();
        }

        LossExtent extent = grid.Extents[0];
        return extent.IsAny
            ? new HistoryAnswer(query.Step, HistoryTime.At(extent.Start), HistoryTime.At(extent.End), series)
            : new HistoryAnswer(query.Step, null, null, series);
    }

    private void GiveWorst(ScanRange range, Selection selection, IReadOnlyList<(int Source, int Destination)> places)
    {
        DestinationKeys all = selection.Destinations;
        var table = new SeriesTable(all.Names.Count, query, query.MaxPoints);
        Scan scan = ScanInto(table, range);
        var full = new Dictionary<(int Source, int Destination), PairTotals>();
        foreach (IGrouping<int, int> source in places.GroupBy(place => place.Source, place => place.Destination))
        {
            HashSet<int> destinations = [.. source];
            DestinationKeys wanted = all.Only(destinations.Contains);
            foreach (int id in selection.Sources[source.Key].Ids) scan.Read(new ScanTask(id, wanted, query.Detail));
            foreach (int destination in destinations) full.Add((source.Key, destination), table.Release(destination)!);
        }

        foreach ((int source, int destination) in places)
            table.Give(selection.Sources[source].Name, all.Names[destination], full[(source, destination)], take);
    }
}
