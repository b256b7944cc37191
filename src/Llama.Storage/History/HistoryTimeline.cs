namespace Llama.Storage.History;

/// <summary>How a group as a whole was over time.</summary>
/// <param name="From">Start of the first step.</param>
/// <param name="To">End of the last one.</param>
/// <param name="Steps">In the order of time; those alone that there is something of.</param>
public sealed record HistoryTimeline(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<TimelineStep> Steps);

/// <summary>What happened to all pairs of a group in a step.</summary>
public readonly record struct TimelineStep
{
    /// <summary>Start of the step.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Start of the first interval that was counted.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>End of the last one.</summary>
    public required DateTimeOffset End { get; init; }

    /// <summary>How many pairs sent something.</summary>
    public long Pairs { get; init; }

    /// <summary>How many of them lost something.</summary>
    public long LossyPairs { get; init; }

    /// <summary>Datagrams that all of them sent.</summary>
    public long Sent { get; init; }

    /// <summary>Of these, lost.</summary>
    public long Lost { get; init; }

    /// <summary>Datagrams that the pair sent that lost most of what it sent; 0 where none sent anything.</summary>
    public long WorstSent { get; init; }

    /// <summary>Of these, lost.</summary>
    public long WorstLost { get; init; }
}
