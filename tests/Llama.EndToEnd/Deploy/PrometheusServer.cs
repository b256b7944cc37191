using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Sinks;

namespace Llama.EndToEnd.Deploy;

/// <summary>A real Prometheus with our rules, which looks every second, and finds probes and server as our example configuration says.</summary>
internal static partial class PrometheusServer
{
    /// <summary>What it is started with.</summary>
    /// <param name="server">The port of the discovery server.</param>
    /// <param name="probes">Its probes, as targets.sh lists them.</param>
    public static ServerProgram Watching(int server, string probes) => new()
    {
        Package = "prometheus",
        Command = "prometheus",
        Prepare = async prometheus =>
        {
            string example = await File.ReadAllTextAsync(Path.Combine(DeployFiles.Prometheus, "prometheus.yml"));
            string configuration = example.Replace("30s", "1s", StringComparison.Ordinal)
                .Replace("server.example.net:5000", $"127.0.0.1:{server}", StringComparison.Ordinal);

            // A machine that runs tests is short of CPU all the time, and no interval is trusted; that such are left out, promtool tests.
            string rules = (await File.ReadAllTextAsync(DeployFiles.Rules)).Replace("llama_suspect == bool 0", "llama_suspect >= bool 0", StringComparison.Ordinal);
            await File.WriteAllTextAsync(Path.Combine(prometheus.Directory, "prometheus.yml"), ElsewhereJobs().Replace(configuration, ""));
            await File.WriteAllTextAsync(Path.Combine(prometheus.Directory, "llama.rules.yml"), Interval().Replace(rules, "    interval: 1s"));
            await File.WriteAllTextAsync(Path.Combine(prometheus.Directory, "probes.json"), probes);
        },
        Arguments = prometheus =>
        [
            $"--config.file={prometheus.Directory}/prometheus.yml", $"--storage.tsdb.path={prometheus.Directory}/data",
            $"--web.listen-address=127.0.0.1:{prometheus.Port}",
        ],
        IsUp = async prometheus => await Web.Get(prometheus.Port, "/-/ready") is not null,
    };

    /// <summary>The series of a query, whatever their type.</summary>
    public static async Task<IReadOnlyList<JsonElement>> QueryAsync(this RealServer prometheus, string query)
    {
        string body = await Web.Get(prometheus.Port, $"/api/v1/query?query={Uri.EscapeDataString(query)}");
        return [.. JsonDocument.Parse(body).RootElement.GetProperty("data").GetProperty("result").EnumerateArray()];
    }

    /// <summary>The samples of the one series that a query with a range gives, by the time of their scrape.</summary>
    public static async Task<IReadOnlyDictionary<double, double>> SamplesAsync(this RealServer prometheus, string query)
    {
        IReadOnlyList<JsonElement> series = await prometheus.QueryAsync(query);
        return series.Count == 0
            ? new Dictionary<double, double>()
            : Assert.Single(series).GetProperty("values").EnumerateArray()
                .ToDictionary(sample => sample[0].GetDouble(), sample => double.Parse(sample[1].GetString()!, CultureInfo.InvariantCulture));
    }

    // Jobs of hosts that are not there.
    [GeneratedRegex(@"^  - job_name: llama-(collector|reflector|scraper)\n(    .*\n)*", RegexOptions.Multiline)]
    private static partial Regex ElsewhereJobs();

    [GeneratedRegex(@"^    interval: \w+$", RegexOptions.Multiline)]
    private static partial Regex Interval();
}
