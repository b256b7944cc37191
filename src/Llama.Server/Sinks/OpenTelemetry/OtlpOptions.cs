namespace Llama.Server.Sinks.OpenTelemetry;

/// <summary>How round-trip times are told.</summary>
internal enum OtlpRoundTrips
{
    /// <summary>As a histogram. The SDK takes one value at a time, so this costs as much as there were replies.</summary>
    Histogram,

    /// <summary>As counters of what was at most so long, with the bound in the attribute <c>le</c>. Costs as much as there are bounds.</summary>
    Counters,

    /// <summary>Not at all, save the mean.</summary>
    Off,
}

/// <summary>
/// Where an OTLP receiver is, as in <c>otlp:http://HOST:4318[?headers-file=..&amp;rtt=..&amp;gzip=..&amp;timeout-s=..]</c>.
/// </summary>
internal sealed record OtlpOptions
{
    private const string MetricsPath = "/v1/metrics";
    private const int DefaultTimeoutSeconds = 10;

    /// <summary>Where metrics are posted to.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>What goes with each request.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public OtlpRoundTrips RoundTrips { get; init; }

    /// <summary>Whether bodies are compressed.</summary>
    public bool Gzip { get; init; }

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(DefaultTimeoutSeconds);

    public string Name => $"otlp {Endpoint.GetLeftPart(UriPartial.Authority)}";

    /// <summary>Takes an address apart.</summary>
    /// <exception cref="FormatException">It can't be; the message says what to write.</exception>
    public static OtlpOptions Of(SinkUri uri)
    {
        Uri url = uri.HttpUrl();
        if (url.UserInfo.Length > 0) throw new FormatException("a login can't stand in the URL: write headers-file=FILE with a line \"Authorization: ...\"");
        string path = url.AbsolutePath.TrimEnd('/');
        return new OtlpOptions
        {
            Endpoint = new UriBuilder(url) { Path = path.EndsWith(MetricsPath, StringComparison.Ordinal) ? path : path + MetricsPath }.Uri,
            Headers = HeadersOf(uri.TakeSecret("headers")),
            RoundTrips = uri.Take("rtt") switch
            {
                null or "histogram" => OtlpRoundTrips.Histogram,
                "counters" => OtlpRoundTrips.Counters,
                "off" => OtlpRoundTrips.Off,
                var other => throw new FormatException($"rtt is \"{other}\": write histogram, counters or off"),
            },
            Gzip = uri.Take("gzip") switch
            {
                null or "false" => false,
                "true" => true,
                var other => throw new FormatException($"gzip is \"{other}\": write true or false"),
            },
            Timeout = TimeSpan.FromSeconds(uri.TakeNumber("timeout-s", 1, 3600) ?? DefaultTimeoutSeconds),
        };
    }

    private static List<KeyValuePair<string, string>> HeadersOf(string? text)
    {
        var headers = new List<KeyValuePair<string, string>>();
        using var probe = new HttpRequestMessage();
        foreach (string line in (text ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] parts = line.Split(':', 2, StringSplitOptions.TrimEntries);

            // The line itself is a secret, so the message does not show it.
            if (parts.Length < 2 || !probe.Headers.TryAddWithoutValidation(parts[0], parts[1]))
                throw new FormatException($"header {headers.Count + 1} is none: write lines NAME: VALUE");
            headers.Add(new KeyValuePair<string, string>(parts[0], parts[1]));
        }

        return headers;
    }
}
