namespace Llama.Cli.Matrix;

/// <summary>How a pair does, from best to worst.</summary>
internal enum CellState
{
    /// <summary>Nothing was sent.</summary>
    NotMeasured,

    /// <summary>Nothing lost, round trips as short as they should be.</summary>
    Fine,

    /// <summary>The collector that measured has reason to suspect itself.</summary>
    Suspect,

    /// <summary>There should have been news since.</summary>
    Stale,

    /// <summary>Nothing lost, but the median round trip takes too long.</summary>
    Slow,

    /// <summary>Some datagrams were lost.</summary>
    Lossy,

    /// <summary>All datagrams were lost.</summary>
    Dead,
}

/// <summary>One pair over the span of a matrix, all classes together. Immutable.</summary>
internal sealed record PairCell
{
    /// <summary>Datagrams sent.</summary>
    public long Sent { get; init; }

    /// <summary>Of these, lost.</summary>
    public long Lost { get; init; }

    /// <summary>Of the lost, those known to have been lost on the way there.</summary>
    public long LostForward { get; init; }

    /// <summary>Of the lost, those known to have been lost on the way back.</summary>
    public long LostReverse { get; init; }

    /// <summary>Median round-trip time in nanoseconds; null where nothing came back.</summary>
    public double? MedianNanos { get; init; }

    /// <summary>Each flow's datagrams, in the order of the source ports.</summary>
    public IReadOnlyList<FlowLoss> Flows { get; init; } = [];

    /// <summary>Loss ratio of each interval of the span, oldest first; null where nothing was sent.</summary>
    public IReadOnlyList<double?> Trend { get; init; } = [];

    /// <summary>The collector suspects itself.</summary>
    public bool IsSuspect { get; init; }

    /// <summary>There should have been news since.</summary>
    public bool IsStale { get; init; }

    /// <summary>Values of fields that are shown besides the others here, as whoever made the matrix has ordered them.</summary>
    public IReadOnlyList<double?> Shown { get; init; } = [];

    /// <summary>Lost of sent, 0 to 1; null when nothing was sent.</summary>
    public double? LossRatio => Sent == 0 ? null : (double)Lost / Sent;

    /// <summary>How the pair does.</summary>
    /// <param name="slowNanos">Median round-trip time from which it is slow.</param>
    public CellState State(long slowNanos) => this switch
    {
        { Sent: 0 } => CellState.NotMeasured,
        { IsStale: true } => CellState.Stale,
        { IsSuspect: true } => CellState.Suspect,
        _ when Lost == Sent => CellState.Dead,
        { Lost: > 0 } => CellState.Lossy,
        _ when MedianNanos >= slowNanos => CellState.Slow,
        _ => CellState.Fine,
    };
}

/// <summary>What one flow of a pair lost.</summary>
/// <param name="SourcePort">The UDP source port that makes the flow.</param>
/// <param name="Sent">Datagrams sent.</param>
/// <param name="Lost">Of these, lost.</param>
internal readonly record struct FlowLoss(int SourcePort, long Sent, long Lost)
{
    /// <summary>Lost of sent, 0 to 1; 0 when nothing was sent.</summary>
    public double Ratio => Sent == 0 ? 0 : (double)Lost / Sent;
}
