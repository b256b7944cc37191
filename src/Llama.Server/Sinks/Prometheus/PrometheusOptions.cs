namespace Llama.Server.Sinks.Prometheus;

/// <summary>What the Prometheus sink needs to know. Immutable.</summary>
internal sealed record PrometheusOptions
{
    /// <summary>How long a series is shown after its last row.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The options of an address: <c>prometheus</c>, with nothing behind it.</summary>
    /// <exception cref="FormatException">There is something behind it.</exception>
    public static PrometheusOptions Of(SinkUri uri) =>
        uri.Rest.Length == 0
            ? new PrometheusOptions()
            : throw new FormatException($"\"{uri.Rest}\" is one word too many: write prometheus alone, it is shown at /metrics of this process");
}
