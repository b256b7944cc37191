using System.Text.Json;

namespace Llama.Server.Intake;

/// <summary>Rows, columns and values of a matrix, wherever they are from.</summary>
internal interface IMatrixCells
{
    /// <summary>The rows: those who send.</summary>
    IReadOnlyList<string> Sources { get; }

    /// <summary>The columns: those who are sent to.</summary>
    MatrixColumns Columns { get; }

    /// <summary>How many destinations have no column because there are too many.</summary>
    int LeftOut { get; }

    /// <summary>Writes a row of one metric as a JSON array, with null for what was not measured.</summary>
    void WriteRow(Utf8JsonWriter json, int row, MatrixMetric metric);

    /// <summary>Copies a row: for each column the values of these metrics beside each other, as <see cref="PairValues"/> has them.</summary>
    void CopyRow(int row, IReadOnlyList<MatrixMetric> metrics, Span<long> values);
}

/// <summary>The newest interval of each pair of a class.</summary>
/// <param name="frame">Rows and columns.</param>
/// <param name="class">The class.</param>
/// <param name="now">What ages go by.</param>
internal sealed class NewestCells(MatrixFrame frame, byte @class, DateTimeOffset now) : IMatrixCells
{
    // The row of a source that measured nothing.
    private readonly Lazy<byte[]> _nothing = new(() => System.Text.Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("null", frame.Columns.Count))}]"));

    public IReadOnlyList<string> Sources { get; } = [.. frame.Rows.Select(row => row.Name)];

    public MatrixColumns Columns => frame.Columns;

    public int LeftOut => frame.LeftOut;

    public void WriteRow(Utf8JsonWriter json, int row, MatrixMetric metric)
    {
        if (frame.Rows[row].Source is { } source)
        {
            lock (source.Gate)
            {
                if (source.Find(@class) is { } measured)
                {
                    measured.WriteJson(json, metric, frame.Columns, now);
                    return;
                }
            }
        }

        json.WriteRawValue(_nothing.Value, skipInputValidation: true);
    }

    public void CopyRow(int row, IReadOnlyList<MatrixMetric> metrics, Span<long> values)
    {
        if (frame.Rows[row].Source is { } source)
        {
            lock (source.Gate)
            {
                if (source.Find(@class) is { } measured)
                {
                    measured.CopyTo(values, metrics, frame.Columns, now);
                    return;
                }
            }
        }

        values.Fill(MatrixMetrics.NotMeasured);
    }
}
