using Llama.Server.Hosting;

namespace Llama.Server.Intake;

/// <summary>A report that was taken. Immutable, save for what its source goes on to measure.</summary>
/// <param name="Sequence">From 1, one more for each.</param>
/// <param name="Group">The group.</param>
/// <param name="Source">Who measured: it has the values of the pairs for as long as they are the newest.</param>
/// <param name="Start">Start of the interval.</param>
/// <param name="End">End of the interval.</param>
/// <param name="IsSuspect">True when the collector does not trust it.</param>
/// <param name="LowestClass">The lowest class that was measured.</param>
/// <param name="Pairs">How many pairs and classes there were.</param>
/// <param name="LossyPairs">Of these, how many lost something.</param>
/// <param name="Sent">Datagrams sent.</param>
/// <param name="Lost">Of these, lost.</param>
internal sealed record TakenInterval(
    long Sequence, string Group, PairSource Source, DateTimeOffset Start, DateTimeOffset End, bool IsSuspect, byte LowestClass, int Pairs, int LossyPairs, long Sent, long Lost);

/// <summary>The reports that were taken last. Any thread may call it.</summary>
internal sealed class IntervalFeed() : Feed<TakenInterval>(Capacity, one => one.Sequence)
{
    /// <summary>How many are kept: those of half a minute of a thousand probes.</summary>
    public const int Capacity = 1000;

    private readonly Lock _turn = new();

    /// <summary>Tells that a report was taken.</summary>
    public void Tell(string group, PairSource source, PushedReport report)
    {
        (long sent, long lost) = (0, 0);
        int lossy = 0;
        byte lowest = byte.MaxValue;
        foreach (ref readonly PushedPair pair in report.Pairs)
        {
            sent += pair.Counts.Sent;
            lost += pair.Counts.Lost;
            if (pair.Counts.Lost > 0) lossy++;
            lowest = Math.Min(lowest, pair.Class);
        }

        if (report.Pairs.IsEmpty) lowest = 0;
        lock (_turn) Append([new TakenInterval(Newest + 1, group, source, report.Start, report.End, report.IsSuspect, lowest, report.Pairs.Length, lossy, sent, lost)]);
    }
}
