using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Llama.Server.Intake;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.History;

/// <summary>
/// A matrix put together of what a history hands out: for each row what was measured, and nothing for what was not. Belongs to its
/// request.
/// </summary>
/// <param name="metrics">What is told of each pair; always with those that a table for people shows.</param>
/// <param name="to">What ages go by.</param>
/// <param name="buffer">Counts the memory.</param>
internal sealed class PastCells(IReadOnlyList<MatrixMetric> metrics, DateTimeOffset to, AnswerBuffer buffer) : IMatrixCells
{
    private const int PairBytes = sizeof(int);

    private readonly Dictionary<string, Row> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _columnOf = new(StringComparer.Ordinal);
    private Row[] _ordered = [];
    private int[] _placeOfColumn = [];
    private byte[] _text = [];
    private long _pairs;

    public IReadOnlyList<string> Sources { get; private set; } = [];

    public MatrixColumns Columns { get; private set; } = new([]);

    public int LeftOut => 0;

    /// <summary>Takes a pair.</summary>
    /// <exception cref="QueryRefusedException">There are too many.</exception>
    public void Take(HistorySeries series)
    {
        Check(++_pairs);
        buffer.Charge(PairBytes + sizeof(long) * metrics.Count);
        if (!_rows.TryGetValue(series.Source, out Row? row)) _rows.Add(series.Source, row = new Row());
        if (!_columnOf.TryGetValue(series.Destination, out int column)) _columnOf.Add(series.Destination, column = _columnOf.Count);
        row.Columns.Add(column);
        PairTotals totals = series.Points[^1].Totals;
        foreach (MatrixMetric metric in metrics) row.Values.Add(PairValues.Of(metric, totals, to));
    }

    /// <summary>Puts rows and columns into their order.</summary>
    /// <exception cref="QueryRefusedException">There are too many.</exception>
    public void Arrange(IComparer<string> sources, IComparer<string> destinations)
    {
        Sources = [.. _rows.Keys.Order(sources)];
        _ordered = [.. Sources.Select(name => _rows[name])];
        string[] columns = [.. _columnOf.Keys.Order(destinations)];
        Columns = new MatrixColumns(columns);
        _placeOfColumn = new int[columns.Length];
        foreach ((string name, int column) in _columnOf) _placeOfColumn[column] = Columns.Find(name)!.Value;
        Check((long)Sources.Count * columns.Length);
    }

    public void WriteRow(Utf8JsonWriter json, int row, MatrixMetric metric)
    {
        long[] values = ArrayPool<long>.Shared.Rent(Columns.Count);
        CopyRow(row, [metric], values.AsSpan(0, Columns.Count));
        int length = metric.WriteArray(values.AsSpan(0, Columns.Count), ref _text);
        ArrayPool<long>.Shared.Return(values);
        json.WriteRawValue(_text.AsSpan(0, length), skipInputValidation: true);
    }

    public void CopyRow(int row, IReadOnlyList<MatrixMetric> wanted, Span<long> values)
    {
        values.Fill(MatrixMetrics.NotMeasured);
        Row measured = _ordered[row];
        for (int i = 0; i < wanted.Count; i++)
        {
            int place = -1;
            for (int j = 0; j < metrics.Count; j++)
                if (metrics[j] == wanted[i]) place = j;
            for (int pair = 0; place >= 0 && pair < measured.Columns.Count; pair++)
                values[_placeOfColumn[measured.Columns[pair]] * wanted.Count + i] = measured.Values[pair * metrics.Count + place];
        }
    }

    private void Check(long pairs)
    {
        long values = pairs * metrics.Count;
        if (values <= HistoryLimits.MostMatrixValues) return;
        throw new QueryRefusedException(
            StatusCodes.Status422UnprocessableEntity,
            string.Create(
                CultureInfo.InvariantCulture,
                $"That would be {values:#,0} values or more, and an answer has at most {HistoryLimits.MostMatrixValues:#,0}: ask for fewer metrics, put pairs together by a tag, or select some."));
    }

    private sealed class Row
    {
        public List<int> Columns { get; } = [];

        public List<long> Values { get; } = [];
    }
}
