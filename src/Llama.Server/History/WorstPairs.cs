using System.Buffers;
using System.Text.Json;
using Llama.Server.Discovery.Native;
using Llama.Server.Intake;
using Llama.Storage.History;

namespace Llama.Server.History;

/// <summary><c>/api/v2/worst</c>: the pairs, or pairs of tags, that were worst in a span.</summary>
internal sealed class WorstPairs(IHistoryStore store, QueryDesk desk)
{
    private const int UnlessTold = 50;
    private const int Most = 1000;

    private static readonly (string, (MatrixMetric, HistoryRank))[] Ranks =
    [
        ("loss", (MatrixMetric.Loss, HistoryRank.Loss)),
        ("loss_forward", (MatrixMetric.LossForward, HistoryRank.LossForward)),
        ("loss_reverse", (MatrixMetric.LossReverse, HistoryRank.LossReverse)),
        ("rtt_p50", (MatrixMetric.RttP50, HistoryRank.RttP50)),
        ("rtt_p99", (MatrixMetric.RttP99, HistoryRank.RttP99)),
        ("jitter", (MatrixMetric.Jitter, HistoryRank.Jitter)),
        ("delay_variation", (MatrixMetric.DelayVariation, HistoryRank.DelayVariation)),
    ];

    private static readonly MatrixMetric[] AllButPath = [.. MatrixMetrics.All.Where(metric => PairValues.DetailOf([metric]) != HistoryDetail.Path)];

    /// <summary>Finds the answer; null when the client has it.</summary>
    public async Task<Answer?> FindAsync(HistoryQuestion question, AnswerBuffer buffer, CancellationToken client)
    {
        MatrixFormat format = question.Format();
        IReadOnlyList<MatrixMetric> metrics = question.Metrics(AllButPath);
        (MatrixMetric metric, HistoryRank rank) = question.Word("metric", Ranks);
        (DateTimeOffset from, DateTimeOffset to) = question.Span();
        HistoryQuery query = question.Query(from, to, metrics.Append(metric)) with { Top = new HistoryTop(question.Limit(UnlessTold, Most), rank) };
        if (question.IsAnswered(to, format, from.UtcTicks, to.UtcTicks)) return null;

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
        json.WriteString("metric"u8, metric.Name());
        json.WriteStartArray("rows"u8);
        HistoryAnswer answer = await desk.AskAsync(
            cancellation => store.QueryAsync(query, series => Write(json, series, metrics, to), cancellation), client);
        json.WriteEndArray();
        json.WriteNumber("of"u8, answer.Series);
        PastJson.WriteEnd(json, answer);
        return buffer.WriteToAsync;
    }

    private static void Write(Utf8JsonWriter json, HistorySeries series, IReadOnlyList<MatrixMetric> metrics, DateTimeOffset to)
    {
        PairTotals totals = series.Points[0].Totals;
        json.WriteStartObject();
        json.WriteString("source"u8, series.Source);
        json.WriteString("destination"u8, series.Destination);
        json.WriteTime("start"u8, totals.Start);
        json.WriteTime("end"u8, totals.End);
        json.WriteStartObject("metrics"u8);
        foreach (MatrixMetric metric in metrics) PastJson.WriteValue(json, metric, PairValues.Of(metric, totals, to));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteCsv(AnswerBuffer csv, HistorySeries series, IReadOnlyList<MatrixMetric> metrics, DateTimeOffset to)
    {
        PairTotals totals = series.Points[0].Totals;
        PastJson.WriteCsv(csv, series.Source);
        PastJson.WriteCsv(csv, series.Destination);
        PastJson.WriteCsv(csv, totals.Start);
        csv.Write(","u8);
        PastJson.WriteCsv(csv, totals.End);
        MatrixCsv.WriteValues(csv, metrics, metrics.Select(metric => PairValues.Of(metric, totals, to)).ToArray());
    }
}
