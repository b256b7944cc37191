using System.Buffers;
using System.Globalization;
using Llama.Mesh.Membership;
using Llama.Server.Discovery;
using Llama.Server.Intake;
using Llama.Server.Sinks.Delivery;

namespace Llama.Server.Metrics;

/// <summary>A discovery server's metrics in Prometheus' text format. Any thread may call it.</summary>
internal sealed class DiscoveryMetrics(Registry registry, SummaryIntake intake, RequestCounters requests, SinkSet? sinks)
{
    /// <summary>What its history tells; null where it has none.</summary>
    public HistoryMetrics? History { get; init; }

    /// <summary>What asks collectors that do not push; null where nothing does.</summary>
    public CollectorScrape? Scrape { get; init; }

    // Groups are named by whoever registers: a series for each must end somewhere.
    private const int MostGroups = 1000;

    private static readonly byte[][] Outcomes =
        [.. Enum.GetValues<RegisterOutcome>().Select(outcome => PrometheusText.Label("outcome", outcome.SnakeCase()))];

    private static readonly byte[][] Echoes = [.. Enum.GetValues<EchoState>().Select(echo => PrometheusText.Label("echo", echo.SnakeCase()))];

    /// <summary>Writes everything, and sends it.</summary>
    public async ValueTask WriteAsync(MetricsPage page, CancellationToken cancellation)
    {
        Write(page.Text);
        if (History is not null) await History.WriteAsync(page.Text, cancellation);
        if (sinks is not null) await sinks.WriteMetricsAsync(page);
        await page.SendAsync();
    }

    private void Write(PrometheusText text)
    {
        ProcessMetrics.Write(text);
        WriteProbes(text, registry.Groups);
        RegistryCounters counters = registry.Counters;
        text.Family("llama_server_registrations_total", "counter", "Registrations by what became of them.");
        for (int i = 0; i < Outcomes.Length; i++) text.Sample(counters.Registrations[i], Outcomes[i]);
        text.Family("llama_server_probes_expired_total", "counter", "Probes whose lease ran out.");
        text.Sample(counters.Expired);
        text.Family("llama_server_probes_removed_total", "counter", "Probes that somebody removed.");
        text.Sample(counters.Removed);
        text.Family("llama_server_store_failures_total", "counter", "Changes that could not be stored.");
        text.Sample(counters.StoreFailures);
        text.Family("llama_server_plans_built_total", "counter", "Plans worked out.");
        text.Sample(counters.PlansBuilt);
        text.Family("llama_server_plan_build_seconds_total", "counter", "Time that working out plans took.");
        text.Sample(counters.PlanBuildTime.TotalSeconds);
        intake.WriteMetrics(text);
        Scrape?.WriteMetrics(text);
        text.Family("llama_server_http_requests_total", "counter", "Requests answered, by what they asked for and by status.");
        foreach ((string resource, int status, long count) in requests.Read())
        {
            var labels = new ArrayBufferWriter<byte>(64);
            PrometheusText.AddLabel(labels, "resource", resource);
            PrometheusText.AddLabel(labels, "status", status.ToString(CultureInfo.InvariantCulture));
            text.Sample(count, labels.WrittenSpan);
        }
    }

    private static void WriteProbes(PrometheusText text, IReadOnlyList<GroupSnapshot> groups)
    {
        var byEcho = new long[Echoes.Length];
        foreach (GroupSnapshot group in groups)
            foreach (Member member in group.Members) byEcho[(int)member.Echo]++;
        text.Family("llama_server_groups", "gauge", "Groups with probes.");
        text.Sample(groups.Count);
        text.Family("llama_server_probes", "gauge", "Probes, by whether their reflector has answered the server.");
        for (int i = 0; i < Echoes.Length; i++) text.Sample(byEcho[i], Echoes[i]);
        text.Family("llama_server_group_probes", "gauge", "Probes of each group; of the first 1000 groups.");
        foreach (GroupSnapshot group in groups.Take(MostGroups)) text.Sample(group.Members.Count, PrometheusText.Label("group", group.Name));
    }
}
