namespace Llama.Server.Intake;

/// <summary>A pair that loses datagrams. Shares are in parts of <see cref="MatrixMetrics.RatioUnit"/>. Immutable.</summary>
/// <param name="Source">Who sends.</param>
/// <param name="Destination">Who is sent to.</param>
/// <param name="Class">The class.</param>
/// <param name="Loss">Lost of sent.</param>
/// <param name="LossForward">Of sent, lost on the way there; <see cref="MatrixMetrics.NotMeasured"/> where that is not known.</param>
/// <param name="LossReverse">Of sent, lost on the way back; likewise.</param>
/// <param name="Lost">How many were lost.</param>
/// <param name="IsSuspect">True when the collector does not trust its report.</param>
internal sealed record LossyPair(
    string Source, string Destination, byte Class, long Loss, long LossForward, long LossReverse, long Lost, bool IsSuspect);

/// <summary>The pairs that lose most, of all that it is shown. Belongs to one thread.</summary>
/// <param name="most">How many it keeps, at least 1.</param>
internal sealed class LossRanking(int most)
{
    // The least of those that are kept comes first.
    private readonly PriorityQueue<LossyPair, LossyPair> _kept = new(Comparer<LossyPair>.Create(Compare));

    /// <summary>True when a pair of a source that loses so much might be among them.</summary>
    public bool MayTake(string source, long loss, long lost)
    {
        if (_kept.Count < most) return true;
        LossyPair least = _kept.Peek();
        return Compare((loss, lost, source), (least.Loss, least.Lost, least.Source)) >= 0;
    }

    /// <summary>Shows it a pair.</summary>
    public void Add(string source, byte @class, string destination, in PairResult pair)
    {
        long loss = PairValues.Ratio(pair.Lost, pair.Sent);
        if (loss <= 0 || !MayTake(source, loss, pair.Lost)) return;
        var lossy = new LossyPair(
            source,
            destination,
            @class,
            loss,
            PairValues.Ratio(pair.LostForward, pair.Sent),
            PairValues.Ratio(pair.LostReverse, pair.Sent),
            pair.Lost,
            pair.Report.IsSuspect);
        if (_kept.Count < most) _kept.Enqueue(lossy, lossy);
        else _kept.EnqueueDequeue(lossy, lossy);
    }

    /// <summary>Those that are kept, the worst first.</summary>
    public IReadOnlyList<LossyPair> ToList()
    {
        LossyPair[] pairs = [.. _kept.UnorderedItems.Select(item => item.Element)];
        Array.Sort(pairs, (one, other) => Compare(other, one));
        return pairs;
    }

    /// <summary>By loss; of the same loss whoever lost more, and then by name, so that the same pairs always come in the same order.</summary>
    private static int Compare(LossyPair one, LossyPair other)
    {
        int order = Compare((one.Loss, one.Lost, one.Source), (other.Loss, other.Lost, other.Source));
        if (order == 0) order = string.CompareOrdinal(other.Destination, one.Destination);
        return order == 0 ? other.Class.CompareTo(one.Class) : order;
    }

    private static int Compare((long Loss, long Lost, string Source) one, (long Loss, long Lost, string Source) other)
    {
        int order = one.Loss.CompareTo(other.Loss);
        if (order == 0) order = one.Lost.CompareTo(other.Lost);
        return order == 0 ? string.CompareOrdinal(other.Source, one.Source) : order;
    }
}
