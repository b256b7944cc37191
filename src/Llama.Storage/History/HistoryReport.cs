namespace Llama.Storage.History;

/// <summary>
/// What one source measured in one interval, on its way into the history. Filled again and again, so that thousands of pairs leave no
/// garbage. Belongs to one thread at a time.
/// </summary>
public sealed class HistoryReport
{
    private readonly List<HistoryPair> _pairs = [];
    private readonly Stack<PairTotals> _free = [];

    /// <summary>Who measured.</summary>
    public required HistorySource Source { get; set; }

    /// <summary>Start of the interval.</summary>
    public DateTimeOffset Start { get; set; }

    /// <summary>End of the interval, behind its start.</summary>
    public DateTimeOffset End { get; set; }

    /// <summary>True when the collector does not trust the interval.</summary>
    public bool IsSuspect { get; set; }

    /// <summary>The pairs and classes, as they were added.</summary>
    public IReadOnlyList<HistoryPair> Pairs => _pairs;

    /// <summary>Adds a pair and class. Its totals are empty, save for the interval: whoever adds it fills them. What is there twice is summed.</summary>
    public PairTotals Add(HistoryDestination destination, byte trafficClass)
    {
        PairTotals totals = _free.TryPop(out PairTotals? used) ? used : new PairTotals();
        (totals.Start, totals.End) = (Start, End);
        (totals.Intervals, totals.SuspectIntervals) = (1, IsSuspect ? 1 : 0);
        _pairs.Add(new HistoryPair(destination, trafficClass, totals));
        return totals;
    }

    /// <summary>Makes room for the next one.</summary>
    public void Clear()
    {
        foreach (HistoryPair pair in _pairs)
        {
            pair.Totals.Clear();
            _free.Push(pair.Totals);
        }

        _pairs.Clear();
    }
}

/// <summary>What was measured of a pair and class.</summary>
public readonly record struct HistoryPair(HistoryDestination Destination, byte Class, PairTotals Totals);

/// <summary>Who measured. Immutable; the same as another when group and name are, then the newest tags count.</summary>
/// <param name="Group">Its group.</param>
/// <param name="Name">Its name in the group.</param>
/// <param name="Tags">Its tags.</param>
public sealed record HistorySource(string Group, string Name, IReadOnlyList<KeyValuePair<string, string>> Tags);

/// <summary>
/// Whom datagrams were sent to. Immutable; the same as another of the group when <see cref="Name"/> and <see cref="Host"/> are, then the
/// newest of the rest counts. Hand in the same object for the same destination where you can: it is found faster.
/// </summary>
public sealed record HistoryDestination
{
    /// <summary>What it is called in the matrix.</summary>
    public required string Name { get; init; }

    /// <summary>The target as configured; empty where that is not known.</summary>
    public string Host { get; init; } = "";

    /// <summary>The address sent to; empty where that is not known.</summary>
    public string Address { get; init; } = "";

    /// <summary>The port sent to; 0 where that is not known.</summary>
    public int Port { get; init; }

    /// <summary>Its tags.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];
}
