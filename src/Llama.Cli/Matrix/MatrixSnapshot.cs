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

    /// <summary>For each source a row, with a cell for each destination; null for a pair that nobody measures.</summary>
    public required IReadOnlyList<IReadOnlyList<PairCell?>> Rows { get; init; }

    /// <summary>What a cell shows, in this order.</summary>
    public IReadOnlyList<MatrixField> Fields { get; init; } = MatrixField.Usual;

    /// <summary>Datagrams sent in a second of the last interval, over all pairs; null where that is not known.</summary>
    public double? DatagramsPerSecond { get; init; }

    /// <summary>Those who have reason to suspect their own numbers of the last interval, and why, where they tell.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SuspectReason>> Suspects { get; init; } = new Dictionary<string, IReadOnlyList<SuspectReason>>();

    /// <summary>The pairs that were measured or should have been, row by row.</summary>
    public IEnumerable<MatrixPair> Pairs
    {
        get
        {
            for (int row = 0; row < Rows.Count; row++)
            {
                IReadOnlyList<PairCell?> cells = Rows[row];
                for (int column = 0; column < cells.Count; column++)
                    if (cells[column] is { } cell) yield return new MatrixPair(row, column, cell);
            }
        }
    }

    /// <summary>A pair by its names; null where there is none.</summary>
    public PairCell? this[string source, string destination] =>
        Place(Sources, source) is { } row && Place(Destinations, destination) is { } column ? Rows[row][column] : null;

    private static int? Place(IReadOnlyList<string> names, string name)
    {
        for (int place = 0; place < names.Count; place++)
            if (names[place] == name) return place;
        return null;
    }
}

/// <summary>A pair and where it stands.</summary>
/// <param name="Row">The place of its source.</param>
/// <param name="Column">The place of its destination.</param>
/// <param name="Cell">What was measured.</param>
internal readonly record struct MatrixPair(int Row, int Column, PairCell Cell);
