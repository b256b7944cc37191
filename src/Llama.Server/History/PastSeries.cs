using System.Buffers;
using System.Text.Json;
using Llama.Server.Intake;
using Llama.Storage.History;

namespace Llama.Server.History;

/// <summary><c>/api/v2/series</c>: pairs, or tags of them, over time.</summary>
internal sealed class PastSeries(IHistoryStore store, QueryDesk desk)
{
    /// <summary>Finds the answer; null when the client has it.</summary>
    public async Task<Answer?> FindAsync(HistoryQuestion question, AnswerBuffer buffer, CancellationToken client)
    {
        MatrixFormat format = question.Format();
        IReadOnlyList<MatrixMetric> metrics = question.Metrics(MatrixMetrics.Default);
        (DateTimeOffset from, DateTimeOffset to) = question.Span();
        TimeSpan step = question.Step(from, to);
        HistoryQuery query = question.Query(from, to, metrics) with { Step = step, MaxPoints = HistoryLimits.MostValues / metrics.Count };
        if (question.IsAnswered(to, format, from.UtcTicks, to.UtcTicks)) return null;

        byte[] text = [];
        if (format == MatrixFormat.Csv)
        {
            PastJson.WriteCsvHead(buffer, "source,destination,start,end", metrics);
            await desk.AskAsync(cancellation => store.QueryAsync(query, series => WriteCsv(buffer, series, metrics, to), cancellation), client);
            return buffer.WriteToAsync;
        }

        using Utf8JsonWriter json = PastJson.Writer(buffer);
        json.WriteStartObject();
        json.WriteString("group"u8, query.Group);
        PastJson.WriteHead(json, query, metrics);
        json.WriteStartArray("series"u8);
        HistoryAnswer answer = await desk.AskAsync(
            cancellation => store.QueryAsync(query, series => Write(json, series, step, metrics, to, ref text), cancellation), client);
        json.WriteEndArray();
        PastJson.WriteEnd(json, answer);
        return buffer.WriteToAsync;
    }

    private static void Write(Utf8JsonWriter json, HistorySeries series, TimeSpan step, IReadOnlyList<MatrixMetric> metrics, DateTimeOffset to, ref byte[] text)
    {
        IReadOnlyList<HistoryPoint> points = series.Points;
        json.WriteStartObject();
        json.WriteString("source"u8, series.Source);
        json.WriteString("destination"u8, series.Destination);
        PastJson.WriteTimes(json, step, [.. points.Select(point => (point.At, point.Totals.Start, point.Totals.End))]);
        json.WriteStartObject("metrics"u8);
        long[] values = ArrayPool<long>.Shared.Rent(points.Count);
        foreach (MatrixMetric metric in metrics)
        {
            for (int i = 0; i < points.Count; i++) values[i] = PairValues.Of(metric, points[i].Totals, to);
            PastJson.WriteValues(json, metric, values.AsSpan(0, points.Count), ref text);
        }

        ArrayPool<long>.Shared.Return(values);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteCsv(AnswerBuffer csv, HistorySeries series, IReadOnlyList<MatrixMetric> metrics, DateTimeOffset to)
    {
        Span<long> values = stackalloc long[metrics.Count];
        foreach (HistoryPoint point in series.Points)
        {
            PastJson.WriteCsv(csv, series.Source);
            PastJson.WriteCsv(csv, series.Destination);
            PastJson.WriteCsv(csv, point.At);
            csv.Write(","u8);
            PastJson.WriteCsv(csv, point.Totals.End);
            for (int i = 0; i < values.Length; i++) values[i] = PairValues.Of(metrics[i], point.Totals, to);
            MatrixCsv.WriteValues(csv, metrics, values);
        }
    }
}
