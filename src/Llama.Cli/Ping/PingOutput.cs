using System.Globalization;
using System.Text;
using System.Text.Json;
using Llama.Cli.Matrix;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;

namespace Llama.Cli.Ping;

/// <summary>Writes what was measured, interval by interval, and all of it at the end.</summary>
internal abstract class PingOutput(TextWriter writer)
{
    /// <summary>The output in a format that is not drawn.</summary>
    public static PingOutput Create(PingOptions options, TextWriter writer) => options.Format switch
    {
        PingFormat.Json => new JsonOutput(writer),
        PingFormat.Csv => new CsvOutput(writer),
        _ => new LineOutput(writer, options),
    };

    /// <summary>Writes one interval.</summary>
    public void Interval(IntervalReport report) => Flush(IntervalText(report));

    /// <summary>Writes everything put together.</summary>
    /// <param name="total">All intervals.</param>
    /// <param name="problems">What is wrong with it.</param>
    public void Total(IntervalReport total, IReadOnlyList<string> problems) => Flush(TotalText(total, problems));

    /// <summary>The text of one interval, each line ended.</summary>
    protected abstract string IntervalText(IntervalReport report);

    /// <summary>The text of the end, each line ended.</summary>
    protected abstract string TotalText(IntervalReport total, IReadOnlyList<string> problems);

    private void Flush(string text)
    {
        writer.Write(text);
        writer.Flush();
    }

    /// <summary>A line for each interval and target, and the table at the end.</summary>
    private sealed class LineOutput(TextWriter writer, PingOptions options) : PingOutput(writer)
    {
        protected override string IntervalText(IntervalReport report)
        {
            var text = new StringBuilder();
            foreach (Summary summary in report.Summaries)
            {
                DatagramCounts counts = summary.Counts;
                string direction = counts.Lost == 0 || counts.LostForward is null ? "" : $": {counts.LostForward} there, {counts.LostReverse} back";
                string errors = counts.SendErrors > 0 ? $", {counts.SendErrors} could not be sent" : "";
                string rtt = summary.Rtt is { Count: > 0 } times
                    ? $", rtt min/p50/p99/max {string.Join('/', ((double[])[times.MinNanos!.Value, times.Percentile(0.5)!.Value, times.Percentile(0.99)!.Value, times.MaxNanos!.Value]).Select(PingText.Millis))} ms"
                    : "";
                string jitter = summary.JitterNanos is { } nanos ? $", jitter {PingText.Millis(nanos)} ms" : "";
                string suspect = report.Health.Suspect.Count > 0 ? $", suspect: {string.Join(", ", report.Health.Suspect.Select(Findings.Words))}" : "";
                string end = report.End.ToString("HH:mm:ss", CultureInfo.InvariantCulture) + "Z";
                text.Append(CultureInfo.InvariantCulture, $"{end} {PingText.Name(summary)}: sent {counts.Sent}, lost {counts.Lost}")
                    .Append(CultureInfo.InvariantCulture, $" ({PingText.Percent(counts.LossRatio ?? 0)}{direction}){errors}{rtt}{jitter}{suspect}\n");
            }

            return text.ToString();
        }

        protected override string TotalText(IntervalReport total, IReadOnlyList<string> problems) =>
            "\n" + Drawing.Plain(new PingView(total, options) { PerFlow = options.PerFlow });
    }

    /// <summary>JSON Lines, with the members of /api/v2/summaries.</summary>
    private sealed class JsonOutput(TextWriter writer) : PingOutput(writer)
    {
        protected override string IntervalText(IntervalReport report) => Text("interval", report, null);

        protected override string TotalText(IntervalReport total, IReadOnlyList<string> problems) => Text("total", total, problems);

        private static string Text(string type, IntervalReport report, IReadOnlyList<string>? problems)
        {
            using var bytes = new MemoryStream();
            using (var json = new Utf8JsonWriter(bytes))
            {
                json.WriteStartObject();
                json.WriteString("type"u8, type);
                SummaryJson.WriteReport(json, report);
                json.WriteStartArray("summaries"u8);
                foreach (Summary summary in report.Summaries) SummaryJson.WriteSummary(json, summary, flows: true, buckets: true);
                json.WriteEndArray();
                if (problems is not null)
                {
                    json.WriteStartArray("problems"u8);
                    foreach (string problem in problems) json.WriteStringValue(problem);
                    json.WriteEndArray();
                }

                json.WriteEndObject();
            }

            return Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
        }
    }

    /// <summary>Comma-separated values (RFC 4180 with bare line feeds): a header, a row for each interval and target, and a total for each.</summary>
    private sealed class CsvOutput(TextWriter writer) : PingOutput(writer)
    {
        private static readonly (string Name, Func<Summary, IFormattable?> Value)[] Numbers =
        [
            ("sent", summary => summary.Counts.Sent),
            ("received", summary => summary.Counts.Received),
            ("lost", summary => summary.Counts.Lost),
            ("lost_forward", summary => summary.Counts.LostForward),
            ("lost_reverse", summary => summary.Counts.LostReverse),
            ("late", summary => summary.Counts.Late),
            ("duplicates", summary => summary.Counts.Duplicates),
            ("reordered", summary => summary.Counts.Reordered),
            ("send_errors", summary => summary.Counts.SendErrors),
            ("loss_ratio", summary => summary.Counts.LossRatio),
            ("rtt_min_ns", summary => summary.Rtt.MinNanos),
            ("rtt_mean_ns", summary => summary.Rtt.MeanNanos),
            ("rtt_p50_ns", summary => summary.Rtt.Percentile(0.5)),
            ("rtt_p90_ns", summary => summary.Rtt.Percentile(0.9)),
            ("rtt_p99_ns", summary => summary.Rtt.Percentile(0.99)),
            ("rtt_max_ns", summary => summary.Rtt.MaxNanos),
            ("jitter_ns", summary => summary.JitterNanos),
            ("delay_variation_ns", summary => summary.DelayVariationNanos),
            ("forward_delay_variation_ns", summary => summary.ForwardDelayVariationNanos),
            ("reverse_delay_variation_ns", summary => summary.ReverseDelayVariationNanos),
            ("forward_ttl", summary => summary.Path.ForwardTtl),
            ("reverse_ttl", summary => summary.Path.ReverseTtl),
            ("forward_tos", summary => summary.Path.ForwardTos),
            ("reverse_tos", summary => summary.Path.ReverseTos),
            ("forward_remarked", summary => summary.Path.ForwardRemarked),
            ("reverse_remarked", summary => summary.Path.ReverseRemarked),
            ("forward_ttl_changes", summary => summary.Path.ForwardTtlChanges),
        ];

        private bool _hasHeader;

        protected override string IntervalText(IntervalReport report) => Rows("interval", report);

        protected override string TotalText(IntervalReport total, IReadOnlyList<string> problems) => Rows("total", total);

        private string Rows(string type, IntervalReport report)
        {
            var text = new StringBuilder();
            if (!_hasHeader)
                text.AppendJoin(',', ["type", "start", "end", "suspect", "host", "address", "port", "class", .. Numbers.Select(number => number.Name)]).Append('\n');
            _hasHeader = true;
            string suspect = report.Health.Suspect.Count > 0 ? "true" : "false";
            foreach (Summary summary in report.Summaries)
            {
                text.AppendJoin(',', [
                    type,
                    Time(report.Start),
                    Time(report.End),
                    suspect,
                    summary.Target.Host,
                    summary.Destination.Address.ToString(),
                    summary.Destination.Port.ToString(CultureInfo.InvariantCulture),
                    summary.Class.ToString(CultureInfo.InvariantCulture),
                    .. Numbers.Select(number => number.Value(summary)?.ToString(null, CultureInfo.InvariantCulture)),
                ]).Append('\n');
            }

            return text.ToString();
        }

        private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
    }
}
