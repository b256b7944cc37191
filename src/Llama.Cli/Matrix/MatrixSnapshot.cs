using Llama.Engine.Summaries;

namespace Llama.Cli.Matrix;

/// <summary>A loss and latency matrix over a span of time. Immutable.</summary>
internal sealed record MatrixSnapshot
{
    /// <summary>Start of the first interval in it.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>End of the last interval in it.</summary>
    public required DateTimeOffset End { get; init; }

    /// <summary>Who sends: the rows.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Whom they send to: the columns.</summary>
    public required IReadOnlyList<string> Destinations { get; init; }

    /// <summary>The pairs that were measured or should have been.</summary>
    public required IReadOnlyDictionary<(string Source, string Destination), PairCell> Cells { get; init; }

    /// <summary>Datagrams sent in a second of the last interval, over all pairs.</summary>
    public required double DatagramsPerSecond { get; init; }

    /// <summary>Those who have reason to suspect their own numbers of the last interval, and why.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<SuspectReason>> Suspects { get; init; }

    /// <summary>A pair; null where there is none.</summary>
    public PairCell? this[string source, string destination] => Cells.GetValueOrDefault((source, destination));
}
