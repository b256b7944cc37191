using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.EndToEnd.Sinks;

namespace Llama.EndToEnd.Deploy;

/// <summary>The dashboards for Grafana: whole, consistent, and about nothing that is not there.</summary>
public sealed partial class DashboardTests
{
    private static readonly string[] InfluxMeasurements = ["raw_stats", "flow_stats", "rollup_stats"];

    private static readonly string[] InfluxTags = ["group", "class", "src_ip", "src_name", "src_shortname", "src_port", "dst_ip", "dst_name", "dst_shortname", "dst_port"];

    private static readonly string[] InfluxFields =
    [
        "loss", "lost", "rtt", "sent", "received", "lost_forward", "lost_reverse", "late", "duplicates", "reordered", "send_errors", "rtt_min", "rtt_p50",
        "rtt_p90", "rtt_p99", "rtt_max", "jitter", "delay_variation", "forward_delay_variation", "reverse_delay_variation", "forward_ttl", "reverse_ttl",
        "forward_tos", "reverse_tos", "forward_remarked", "reverse_remarked", "forward_ttl_changes", "suspect",
    ];

    [Fact]
    public void Identifiers_are_unique_and_panels_lie_beside_each_other()
    {
        Dashboard[] dashboards = [.. Dashboard.All];
        Assert.Equal(6, dashboards.Length);
        Assert.Equal(6, dashboards.Select(dashboard => dashboard.Root.GetProperty("uid").GetString()).Distinct().Count());
        Assert.Equal(6, dashboards.Select(dashboard => dashboard.Root.GetProperty("title").GetString()).Distinct().Count());
        Assert.All(dashboards, dashboard =>
        {
            Assert.Equal(dashboard.Panels.Count, dashboard.Panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
            Assert.All(dashboard.Panels, panel => Assert.Distinct(Dashboard.Targets(panel).Select(target => target.GetProperty("refId").GetString())));
            var taken = new HashSet<(int X, int Y)>();
            Assert.All(dashboard.Panels.SelectMany(Cells), cell => Assert.True(cell.X < 24 && taken.Add(cell), $"{dashboard.File}: two panels at {cell}"));
        });
    }

    [Fact]
    public void Every_query_asks_the_data_source_that_the_operator_chose()
    {
        Assert.All(Dashboard.All, dashboard =>
        {
            Assert.Equal(dashboard.IsInflux ? "influxdb" : "prometheus", dashboard.Root.GetProperty("templating").GetProperty("list")[0].GetProperty("query").GetString());
            Assert.All(
                dashboard.Panels.Where(panel => panel.GetProperty("type").GetString() != "row").SelectMany(panel => Dashboard.Targets(panel).Append(panel)),
                asker => Assert.Equal("${datasource}", asker.GetProperty("datasource").GetProperty("uid").GetString()));
        });
    }

    [Fact]
    public void Links_lead_to_dashboards_and_variables_that_are_there()
    {
        Dashboard[] dashboards = [.. Dashboard.All];
        Match[] links = [.. DeployFiles.Dashboards.SelectMany(file => PairLink().Matches(File.ReadAllText(file)))];
        Assert.Equal(3, links.Length);
        Assert.All(links, link =>
        {
            Dashboard target = Assert.Single(dashboards, dashboard => dashboard.Root.GetProperty("uid").GetString() == link.Groups["uid"].Value);
            Assert.All(LinkVariable().Matches(link.Value), variable => Assert.Contains(variable.Groups["name"].Value, target.Variables.Keys));
        });
    }

    [SkippableFact]
    public async Task Prometheus_can_parse_every_expression()
    {
        string[] expressions = [.. Dashboard.All.Where(dashboard => !dashboard.IsInflux).SelectMany(dashboard => dashboard.Queries.Select(dashboard.Filled))];
        Assert.True(expressions.Length > 40);
        await PromTool.CheckExpressionsAsync(expressions);
    }

    [Fact]
    public void Expressions_name_only_metrics_that_are_documented_and_rules_that_are_there()
    {
        string text = string.Join('\n', Dashboard.All.Where(dashboard => !dashboard.IsInflux).SelectMany(dashboard => dashboard.Queries.Concat(dashboard.VariableQueries)));
        Assert.Empty(DeployFiles.MetricsIn(text).Except(DeployFiles.DocumentedMetrics()));
        Assert.Empty(DeployFiles.RecordsIn(text).Except(RuleTests.Records()));
    }

    [Fact]
    public void InfluxQL_names_only_measurements_fields_and_tags_that_sinks_write()
    {
        foreach (Dashboard dashboard in Dashboard.All.Where(dashboard => dashboard.IsInflux))
        {
            foreach (string query in dashboard.Queries.Concat(dashboard.VariableQueries).Select(dashboard.Filled))
            {
                string[] own = [.. Alias().Matches(query).Select(alias => alias.Groups["name"].Value)];
                IEnumerable<string> names = Quoted().Matches(Alias().Replace(query, "")).Select(name => name.Groups["name"].Value);
                Assert.Empty(names.Except([.. InfluxMeasurements, .. InfluxTags, .. InfluxFields, .. own]));
            }
        }
    }

    [SkippableFact]
    public async Task InfluxDB_answers_every_query_with_what_was_written()
    {
        await using RealServer influx = await RealServer.StartAsync(DatabaseServers.InfluxDb);
        using var client = new HttpClient();
        await Ask(client, influx, "CREATE DATABASE llama", HttpMethod.Post);
        string fields = string.Join(',', InfluxFields.Select(field => $"{field}=1"));
        string tags = string.Join(',', InfluxTags.Where(tag => tag != "src_port").Select(tag => $"{tag}={tag}1"));
        using var lines = new StringContent($"raw_stats,{tags} {fields}\nflow_stats,{tags},src_port=40000 {fields}\n");
        using HttpResponseMessage written = await client.PostAsync(new Uri($"{influx.Url}/write?db=llama"), lines);
        Assert.True(written.IsSuccessStatusCode, await written.Content.ReadAsStringAsync());

        foreach (Dashboard dashboard in Dashboard.All.Where(dashboard => dashboard.IsInflux))
        {
            foreach (string query in dashboard.Queries.Concat(dashboard.VariableQueries).Select(dashboard.Filled))
            {
                JsonElement result = await Ask(client, influx, query, HttpMethod.Get);
                Assert.False(result.TryGetProperty("error", out JsonElement error), $"{dashboard.File}: {query}: {error}");
                Assert.True(result.TryGetProperty("series", out _), $"{dashboard.File}: {query}: nothing");
            }
        }
    }

    private static async Task<JsonElement> Ask(HttpClient client, RealServer influx, string query, HttpMethod method)
    {
        using var request = new HttpRequestMessage(method, $"{influx.Url}/query?db=llama&q={Uri.EscapeDataString(query)}");
        using HttpResponseMessage response = await client.SendAsync(request);
        JsonElement answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        return answer.TryGetProperty("results", out JsonElement results) ? results[0] : answer;
    }

    private static IEnumerable<(int X, int Y)> Cells(JsonElement panel)
    {
        JsonElement at = panel.GetProperty("gridPos");
        (int x, int y, int w, int h) = (at.GetProperty("x").GetInt32(), at.GetProperty("y").GetInt32(), at.GetProperty("w").GetInt32(), at.GetProperty("h").GetInt32());
        return from column in Enumerable.Range(x, w) from row in Enumerable.Range(y, h) select (column, row);
    }

    [GeneratedRegex(@"""/d/(?<uid>[\w-]+)\?[^""]*""")]
    private static partial Regex PairLink();

    [GeneratedRegex(@"[?&]var-(?<name>\w+)=")]
    private static partial Regex LinkVariable();

    [GeneratedRegex(@" AS ""(?<name>[^""]+)""")]
    private static partial Regex Alias();

    [GeneratedRegex(@"""(?<name>[^""]+)""")]
    private static partial Regex Quoted();
}
