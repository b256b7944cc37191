using System.Globalization;
using System.Text;
using System.Text.Json;
using Llama.Server.Intake;
using Llama.Storage.History;

namespace Llama.Server.History;

/// <summary><c>/api/v2/flows</c>: the flows of one pair over time, the worst first.</summary>
internal sealed class PastFlows(IHistoryStore store, QueryDesk desk)
{
    private const int PointBytes = 128;

    private static readonly MatrixMetric[] Metrics =
    [
        MatrixMetric.Sent, MatrixMetric.Lost, MatrixMetric.Loss, MatrixMetric.LossForward, MatrixMetric.LossReverse, MatrixMetric.RttMin, MatrixMetric.RttMean,
    ];

    /// <summary>Finds the answer; null when the client has it.</summary>
    public async Task<Answer?> FindAsync(HistoryQuestion question, AnswerBuffer buffer, CancellationToken client)
    {
        MatrixFormat format = question.Format();
        (string source, string destination) = (question.Name("source"), question.Name("destination"));
        (DateTimeOffset from, DateTimeOffset to) = question.Span();
        TimeSpan step = question.Step(from, to);
        var query = new HistoryQuery
        {
            Group = question.Group.Name,
            From = from,
            To = to,
            Step = step,
            Class = question.Class,
            Sources = [new LabelMatch(HistoryQuery.ByName, source)],
            Destinations = [new LabelMatch(HistoryQuery.ByName, destination)],
            Detail = HistoryDetail.Flows,
            MaxPoints = HistoryLimits.MostValues / Metrics.Length,
        };
        if (question.IsAnswered(to, format, from.UtcTicks, to.UtcTicks)) return null;

        var flows = new Dictionary<int, Flow>();
        HistoryAnswer answer = await desk.AskAsync(
            cancellation => store.QueryAsync(query, series => Take(series), cancellation), client);
        Flow[] worstFirst = [.. flows.Values.OrderByDescending(flow => flow.Loss).ThenByDescending(flow => flow.Lost).ThenBy(flow => flow.Port)];
        if (format == MatrixFormat.Csv) WriteCsv(buffer, worstFirst);
        else Write(buffer, query, source, destination, worstFirst, answer);
        return buffer.WriteToAsync;

        void Take(HistorySeries series)
        {
            // An asterisk in a name stands for other names as well.
            if (series.Source != source || series.Destination != destination) return;
            foreach (HistoryPoint point in series.Points)
            {
                foreach (ref readonly FlowTotals totals in point.Totals.Flows)
                {
                    buffer.Charge(PointBytes);
                    if (!flows.TryGetValue(totals.SourcePort, out Flow? flow)) flows.Add(totals.SourcePort, flow = new Flow(totals.SourcePort));
                    flow.Add(point, totals);
                }
            }
        }
    }

    private static void Write(AnswerBuffer buffer, HistoryQuery query, string source, string destination, Flow[] flows, HistoryAnswer answer)
    {
        using Utf8JsonWriter json = PastJson.Writer(buffer);
        byte[] text = [];
        json.WriteStartObject();
        json.WriteString("group"u8, query.Group);
        json.WriteString("source"u8, source);
        json.WriteString("destination"u8, destination);
        PastJson.WriteHead(json, query, Metrics);
        json.WriteStartArray("flows"u8);
        foreach (Flow flow in flows)
        {
            json.WriteStartObject();
            json.WriteNumber("source_port"u8, flow.Port);
            json.WriteNumber("sent"u8, flow.Sent);
            json.WriteNumber("lost"u8, flow.Lost);
            PastJson.WriteValue(json, MatrixMetric.Loss, flow.Loss);
            PastJson.WriteTimes(json, query.Step!.Value, [.. flow.Points.Select(point => (point.At, point.Start, point.End))]);
            json.WriteStartObject("metrics"u8);
            foreach (MatrixMetric metric in Metrics) PastJson.WriteValues(json, metric, flow.Points.Select(point => ValueOf(metric, point.Totals)).ToArray(), ref text);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        PastJson.WriteEnd(json, answer);
    }

    private static void WriteCsv(AnswerBuffer csv, Flow[] flows)
    {
        PastJson.WriteCsvHead(csv, "source_port,start", Metrics);
        foreach (Flow flow in flows)
        {
            foreach ((DateTimeOffset at, _, _, FlowTotals totals) in flow.Points)
            {
                Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{flow.Port},"), csv);
                PastJson.WriteCsv(csv, at);
                MatrixCsv.WriteValues(csv, Metrics, Metrics.Select(metric => ValueOf(metric, totals)).ToArray());
            }
        }
    }

    private static long ValueOf(MatrixMetric metric, FlowTotals totals) => metric switch
    {
        MatrixMetric.Sent => totals.Sent,
        MatrixMetric.Lost => totals.Lost,
        MatrixMetric.Loss => PairValues.Ratio(totals.Lost, totals.Sent),
        MatrixMetric.LossForward => PairValues.Ratio(totals.LostForward ?? MatrixMetrics.NotMeasured, totals.Sent),
        MatrixMetric.LossReverse => PairValues.Ratio(totals.LostReverse ?? MatrixMetrics.NotMeasured, totals.Sent),
        MatrixMetric.RttMin => totals.RttMinNanos ?? MatrixMetrics.NotMeasured,
        _ => PairValues.Whole(totals.RttMeanNanos),
    };

    /// <summary>What is known of a flow.</summary>
    private sealed class Flow(int port)
    {
        public int Port => port;

        public long Sent { get; private set; }

        public long Lost { get; private set; }

        public long Loss => PairValues.Ratio(Lost, Sent);

        public List<(DateTimeOffset At, DateTimeOffset Start, DateTimeOffset End, FlowTotals Totals)> Points { get; } = [];

        public void Add(HistoryPoint point, in FlowTotals totals)
        {
            Points.Add((point.At, point.Totals.Start, point.Totals.End, totals));
            Sent += totals.Sent;
            Lost += totals.Lost;
        }
    }
}
