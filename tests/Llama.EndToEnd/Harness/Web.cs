using System.Globalization;
using System.Text.RegularExpressions;

namespace Llama.EndToEnd.Harness;

/// <summary>HTTP as a test needs it: short, and without reuse of connections that a killed process has left.</summary>
internal static partial class Web
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };

    public static Task<string> Get(int port, string path) => Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}{path}"));

    /// <summary>The body once the server answers at all.</summary>
    public static Task<string> GetWhenUp(int port, string path, LlamaProcess server) => Eventually.Get(
        async () => server.HasExited ? throw new InvalidOperationException(server.Transcript) : (string?)await Get(port, path),
        TimeSpan.FromSeconds(20),
        $"http://127.0.0.1:{port}{path}",
        () => server.Transcript);

    /// <summary>The sum over all samples of a metric whose labels contain <paramref name="label"/>; null where there is no such sample.</summary>
    public static async Task<double?> Metric(int port, string name, string label = "")
    {
        double? sum = null;
        foreach (Match sample in Sample().Matches(await Metrics(port)))
        {
            if (sample.Groups["name"].Value != name || !sample.Groups["labels"].Value.Contains(label, StringComparison.Ordinal)) continue;
            sum = (sum ?? 0) + double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture);
        }

        return sum;
    }

    /// <summary>All metrics. The discovery server answers as the original does unless it is asked as Prometheus asks.</summary>
    public static async Task<string> Metrics(int port)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/metrics") { Headers = { Accept = { new("text/plain") } } };
        using HttpResponseMessage response = await Client.SendAsync(request);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    [GeneratedRegex(@"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>[^}]*)\})? (?<value>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Sample();
}
