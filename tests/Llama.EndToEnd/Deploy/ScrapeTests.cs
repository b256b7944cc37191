using System.Text.Json;
using Llama.EndToEnd.Collecting;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Llama.EndToEnd.Lab;
using Llama.EndToEnd.Reflecting;
using Llama.EndToEnd.Sinks;

namespace Llama.EndToEnd.Deploy;

/// <summary>What real processes show, as a real Prometheus reads it.</summary>
public sealed class ScrapeTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [SkippableFact]
    public async Task Metrics_of_every_role_are_as_Prometheus_wants_them_and_rules_and_dashboards_name_no_others()
    {
        var shown = new HashSet<string>(StringComparer.Ordinal);
        await using RunningReflector reflector = await RunningReflector.Start();
        foreach (MetricsRole role in MetricsRole.All)
        {
            using var directory = new TemporaryDirectory();
            (IAsyncDisposable process, int port) = await role.Start(reflector, directory);
            try
            {
                string text = await Web.Metrics(port);
                Assert.Equal("", await PromTool.RunAsync(["check", "metrics"], text));
                shown.UnionWith(DeployFiles.MetricsIn(text));
            }
            finally
            {
                await process.DisposeAsync();
            }
        }

        string used = string.Concat(DeployFiles.Dashboards.Where(file => file.Contains("prometheus-", StringComparison.Ordinal)).Append(DeployFiles.Rules).Select(File.ReadAllText));
        Assert.Subset(shown, DeployFiles.MetricsIn(used).ToHashSet());
    }

    [SkippableFact]
    public async Task Prometheus_counts_what_the_API_tells_interval_by_interval_and_the_rules_work_on_it()
    {
        await using RunningServer server = await RunningServer.Start(_state);
        await using RunningProbe a = await RunningProbe.Start(server.Url, "a", _state);
        RunningProbe b = await RunningProbe.Start(server.Url, "b", _state);
        await using var bToo = b;
        await a.Measures([b.Port], Deadline);
        string probes = await Tool.RunAsync([Path.Combine(DeployFiles.Prometheus, "targets.sh"), server.Url]);
        await using RealServer prometheus = await RealServer.StartAsync(PrometheusServer.Watching(server.Port, probes));
        await Eventually.Get(
            async () => (await prometheus.QueryAsync("up == 1")).Count == 3 ? "" : null, Deadline, "three targets", () => $"{probes}\n{prometheus.Transcript}");

        var told = new ToldIntervals(a.Port, b.Port);
        await AssertCountsAreEqual(prometheus, told, b.Port, covered => covered.Length >= 3 && covered.Sum(interval => interval.Sent - interval.Lost) > 0);
        await b.DisposeAsync();
        await AssertCountsAreEqual(prometheus, told, b.Port, covered => covered.Count(interval => interval.Lost > 0) >= 2);

        Assert.Equal("2", (await prometheus.QueryAsync("sum(llama_server_probes)")).Single().GetProperty("value")[1].GetString());

        IReadOnlyList<JsonElement> found = await Eventually.Get(
            async () => await prometheus.QueryAsync("""llama:pair_loss_ratio:avg5m{src="a"} > 0""") is { Count: 1 } one ? one : null, Deadline, "loss in a recorded series", () => a.Process.Transcript);
        JsonElement lossy = found[0].GetProperty("metric");
        Assert.Equal(("b", "default"), (lossy.GetProperty("dst").GetString(), lossy.GetProperty("group").GetString()));
        JsonElement rules = JsonDocument.Parse(await Web.Get(prometheus.Port, "/api/v1/rules")).RootElement.GetProperty("data").GetProperty("groups");
        Assert.All(
            rules.EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray()),
            rule => Assert.True(rule.GetProperty("health").GetString() == "ok", $"{rule}"));
    }

    /// <summary>Between the first and the last scrape that fall into what the API has told, both have counted the same.</summary>
    private static Task AssertCountsAreEqual(RealServer prometheus, ToldIntervals told, int port, Func<ToldInterval[], bool> isEnough) => Eventually.Get(
        async () =>
        {
            await told.ReadAsync();
            IReadOnlyDictionary<double, double> ends = await prometheus.SamplesAsync("""llama_interval_end_timestamp_seconds{instance="default/a"}[5m]""");
            double[] scrapes = [.. ends.Where(sample => sample.Value >= told.Run[0].End && sample.Value <= told.Run[^1].End).Select(sample => sample.Key).Order()];
            if (scrapes.Length < 2) return null;
            (double first, double last) = (scrapes[0], scrapes[^1]);
            ToldInterval[] covered = [.. told.Run.Where(interval => interval.End > ends[first] && interval.End <= ends[last])];
            if (!isEnough(covered)) return null;
            string pair = $$"""{instance="default/a",destination="127.0.0.1:{{port}}"}[5m]""";
            IReadOnlyDictionary<double, double> sent = await prometheus.SamplesAsync("llama_datagrams_sent_total" + pair);
            IReadOnlyDictionary<double, double> lost = await prometheus.SamplesAsync("llama_datagrams_lost_total" + pair);
            Assert.Equal(covered.Sum(interval => interval.Sent), sent[last] - sent[first]);
            Assert.Equal(covered.Sum(interval => interval.Lost), lost[last] - lost[first]);
            return "";
        },
        Deadline,
        "scrapes of intervals that the API told of",
        () => $"{string.Join('\n', told.Run)}\n{prometheus.Transcript}");

}
