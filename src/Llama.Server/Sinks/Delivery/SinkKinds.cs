using Llama.Server.Sinks.Influx;
using Llama.Server.Sinks.JsonLines;
using Llama.Server.Sinks.OpenTelemetry;
using Llama.Server.Sinks.Postgres;
using Llama.Server.Sinks.Prometheus;

namespace Llama.Server.Sinks.Delivery;

/// <summary>The kinds of sinks there are, for the texts of one process.</summary>
/// <param name="showsPairs">True when /metrics of the process shows pairs without any sink.</param>
internal sealed class SinkKinds(bool showsPairs)
{
    private bool _hasPrometheus;

    /// <summary>What makes a sink of a text, which it checks.</summary>
    /// <exception cref="FormatException">The text can't be used; the message says what to write.</exception>
    public SinkMaker MakerOf(SinkUri uri)
    {
        switch (uri.Kind)
        {
            case "influx" or "influx2":
                InfluxOptions influx = InfluxOptions.Of(uri);
                return time => new InfluxSink(influx, time: time);
            case "postgres":
                PostgresOptions postgres = PostgresOptions.Of(uri);
                return _ => new PostgresSink(postgres);
            case "otlp":
                OtlpOptions otlp = OtlpOptions.Of(uri);
                return time => new OtlpSink(otlp, time);
            case "jsonl":
                JsonLinesOptions lines = JsonLinesOptions.Of(uri);
                return _ => new JsonLinesSink(lines);
            case "prometheus":
                if (showsPairs) throw new FormatException("this process shows what it measures at /metrics anyway: leave it out");
                if (_hasPrometheus) throw new FormatException("there is one /metrics, and so one such sink: leave the others out");
                _hasPrometheus = true;
                PrometheusOptions prometheus = PrometheusOptions.Of(uri);
                return time => new PrometheusSink(prometheus, time);
            default:
                throw new FormatException($"there is no sink \"{uri.Kind}\": write influx:, influx2:, postgres:, otlp:, jsonl: or prometheus");
        }
    }
}
