using Llama.Engine.Summaries;

namespace Llama.Storage.History.Reading;

/// <summary>The worst of all series that are shown to it. Belongs to one thread.</summary>
internal sealed class WorstSeries(HistoryTop top)
{
    private readonly PriorityQueue<(int Source, int Destination), Badness> _worst = new(Comparer<Badness>.Create(Compare));

    /// <summary>What has to be known of a series to say how bad it is.</summary>
    public HistoryDetail Detail => top.Rank is HistoryRank.Loss or HistoryRank.LossForward or HistoryRank.LossReverse ? HistoryDetail.Counts : HistoryDetail.Rtt;

    /// <summary>True where what was sent and lost says it all.</summary>
    public bool IsOfLoss => top.Rank == HistoryRank.Loss;

    /// <summary>Shows it a series.</summary>
    /// <param name="source">Place of the source key, in their order.</param>
    /// <param name="destination">Place of the destination key, in their order.</param>
    /// <param name="totals">What happened.</param>
    public void Add(int source, int destination, PairTotals totals)
    {
        if (ValueOf(totals) is { } value) Add(source, destination, value, IsOfLoss ? totals.Counts.Lost : 0);
    }

    /// <summary>Shows it a series when loss is what makes it bad.</summary>
    public void Add(int source, int destination, long sent, long lost)
    {
        if (new DatagramCounts { Sent = sent, Lost = lost }.LossRatio is { } ratio) Add(source, destination, ratio, lost);
    }

    /// <summary>Takes the places of keys of the worst series, worst first.</summary>
    public IReadOnlyList<(int Source, int Destination)> Take()
    {
        var places = new List<(int Source, int Destination)>();
        while (_worst.TryDequeue(out (int, int) place, out _)) places.Add(place);
        places.Reverse();
        return places;
    }

    private void Add(int source, int destination, double value, long lost)
    {
        var badness = new Badness(value, lost, source, destination);
        if (_worst.Count < top.Count) _worst.Enqueue((source, destination), badness);
        else if (_worst.TryPeek(out _, out Badness least) && Compare(badness, least) > 0) _worst.EnqueueDequeue((source, destination), badness);
    }

    private double? ValueOf(PairTotals totals)
    {
        long sent = totals.Counts.Sent;
        return top.Rank switch
        {
            HistoryRank.Loss => totals.Counts.LossRatio,
            HistoryRank.LossForward => sent > 0 ? (double?)totals.Counts.LostForward / sent : null,
            HistoryRank.LossReverse => sent > 0 ? (double?)totals.Counts.LostReverse / sent : null,
            HistoryRank.RttP50 => totals.Percentile(0.5),
            HistoryRank.RttP99 => totals.Percentile(0.99),
            HistoryRank.Jitter => totals.JitterNanos,
            _ => totals.DelayVariationNanos,
        };
    }

    // Least bad first. Of those alike, the first in the order of keys is the worse one.
    private static int Compare(Badness left, Badness right)
    {
        int order = left.Value.CompareTo(right.Value);
        if (order == 0) order = left.Lost.CompareTo(right.Lost);
        if (order == 0) order = right.Source.CompareTo(left.Source);
        return order != 0 ? order : right.Destination.CompareTo(left.Destination);
    }

    private readonly record struct Badness(double Value, long Lost, int Source, int Destination);
}
