namespace Llama.Server.Intake;

/// <summary>The destinations of a matrix, in their order. Immutable.</summary>
internal sealed class MatrixColumns
{
    private readonly string[] _names;
    private readonly Dictionary<string, int> _places;

    /// <summary>Columns of these names, each there once.</summary>
    public MatrixColumns(string[] names)
    {
        _names = names;
        _places = new Dictionary<string, int>(names.Length, StringComparer.Ordinal);
        foreach ((int place, string name) in names.Index()) _places.Add(name, place);
    }

    /// <summary>How many there are.</summary>
    public int Count => _names.Length;

    /// <summary>What they are called.</summary>
    public ReadOnlySpan<string> Names => _names;

    /// <summary>The place of a destination; null where it has no column.</summary>
    public int? Find(string name) => _places.TryGetValue(name, out int place) ? place : null;
}

/// <summary>Which rows and columns a group's matrix has at a moment. Immutable; the sources go on changing.</summary>
/// <param name="Rows">Those who send: the members as they joined, then those who left and pushed within the hour.</param>
/// <param name="Columns">The same names, then what else was measured.</param>
/// <param name="LeftOut">How many destinations have no column because there are too many.</param>
/// <param name="Number">Another for every frame of the group.</param>
internal sealed record MatrixFrame(IReadOnlyList<FrameRow> Rows, MatrixColumns Columns, int LeftOut, long Number);

/// <summary>A row of a matrix.</summary>
/// <param name="Name">The source.</param>
/// <param name="Source">What it pushed; null where it did not.</param>
internal readonly record struct FrameRow(string Name, PairSource? Source);
