using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.Server.Discovery;
using Llama.Server.Discovery.Original;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>The server's own metrics on their way to InfluxDB.</summary>
public sealed partial class InfluxPushTests
{
    private readonly List<string> _warnings = [];

    [Fact]
    public async Task Requests_are_those_that_the_original_was_recorded_with()
    {
        using var recorded = JsonDocument.Parse(File.ReadAllText(Path.Combine(CapturedRun.Directory, "influx_metrics.json")));
        string[] expected = [.. recorded.RootElement.GetProperty("influx_requests").EnumerateArray().Select(request => Masked(
            request.GetProperty("method").GetString()!,
            request.GetProperty("path").GetString()!,
            request.GetProperty("headers").EnumerateArray().ToDictionary(header => header[0].GetString()!, header => header[1].GetString()!),
            request.GetProperty("body").GetString()!))];
        await using Joining joining = await Joining.StartAsync();
        using var database = new Database();
        await using MinuteRound round = Begin(joining, database);
        await joining.RegisterAsync(Joining.Probe("p", "10.0.0.1", keepaliveSeconds: 300));
        await joining.RegisterAsync(Joining.Probe("q", "10.0.0.2", keepaliveSeconds: 1));

        await PassMinuteAsync(joining, database, 2);
        await PassMinuteAsync(joining, database, 3);

        Assert.Equal(expected, database.Requests);
    }

    [Fact]
    public async Task A_database_that_is_away_costs_nothing_but_its_points()
    {
        await using Joining joining = await Joining.StartAsync();
        using var database = new Database { Answer = () => throw new HttpRequestException("Connection refused\n(127.0.0.1)") };
        await using MinuteRound round = Begin(joining, database);

        await PassMinuteAsync(joining, database, 2);
        await PassMinuteAsync(joining, database, 3);
        Assert.NotNull(round.Latest);
        string warning = Assert.Single(await WarningsAsync(1));
        Assert.Equal(
            "The server's metrics do not reach InfluxDB at influx:8086: Connection refused (127.0.0.1). The server goes on, and tries again every minute.", warning);
        Assert.All(database.Requests, request => Assert.Contains("CREATE+DATABASE", request, StringComparison.Ordinal));

        database.Answer = () => new HttpResponseMessage(HttpStatusCode.NoContent);
        await PassMinuteAsync(joining, database, 5);
        Assert.Contains("/write?db=llama", database.Requests[^1], StringComparison.Ordinal);
        Assert.Equal("InfluxDB at influx:8086 answers again.", (await WarningsAsync(2))[1]);
    }

    [Fact]
    public async Task A_database_that_has_gone_is_made_anew()
    {
        await using Joining joining = await Joining.StartAsync();
        using var database = new Database();
        await using MinuteRound round = Begin(joining, database);
        await PassMinuteAsync(joining, database, 2);

        database.Answer = () => new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent("{\"error\":\"database not found\"}\n") };
        await PassMinuteAsync(joining, database, 3);
        database.Answer = () => new HttpResponseMessage(HttpStatusCode.OK);
        await PassMinuteAsync(joining, database, 5);

        Assert.Contains("404: {\"error\":\"database not found\"}", (await WarningsAsync(1))[0], StringComparison.Ordinal);
        Assert.Contains("CREATE+DATABASE", database.Requests[3], StringComparison.Ordinal);
        Assert.Contains("/write", database.Requests[4], StringComparison.Ordinal);
    }

    private MinuteRound Begin(Joining joining, Database database) => new(
        joining.Registry, new DiscoveryOptions { Influx = new InfluxDatabase("influx"), Warn = Warn }, joining.Time, database);

    private void Warn(string text)
    {
        lock (_warnings) _warnings.Add(text);
    }

    private async Task<string[]> WarningsAsync(int count)
    {
        string[] Now()
        {
            lock (_warnings) return [.. _warnings];
        }

        await Joining.UntilAsync(() => Now().Length >= count);
        return Now();
    }

    /// <summary>Lets a minute pass, and waits for the requests it brings.</summary>
    private static async Task PassMinuteAsync(Joining joining, Database database, int requests)
    {
        await Joining.UntilAsync(() => database.Requests.Count >= 1);
        joining.Pass(60);
        await Joining.UntilAsync(() => database.Requests.Count >= requests);
    }

    private static string Masked(string method, string target, IReadOnlyDictionary<string, string> headers, string body) =>
        $"{method} {target} {headers["Content-Type"]} {headers["Authorization"]} {Variable().Replace(body, "$1(masked)")}";

    [GeneratedRegex("(hostname=|ipaddress=|clean_runtime=|database_size_bytes=)[^, ]+")]
    private static partial Regex Variable();

    private sealed class Database : HttpMessageHandler
    {
        private readonly List<string> _requests = [];

        public Func<HttpResponseMessage> Answer { get; set; } = () => new HttpResponseMessage(HttpStatusCode.OK);

        public IReadOnlyList<string> Requests
        {
            get
            {
                lock (_requests) return [.. _requests];
            }
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var headers = new Dictionary<string, string>
            {
                ["Content-Type"] = request.Content!.Headers.ContentType!.ToString(),
                ["Authorization"] = request.Headers.Authorization!.ToString(),
            };
            string body = await request.Content.ReadAsStringAsync(cancellationToken);
            lock (_requests) _requests.Add(Masked(request.Method.Method, request.RequestUri!.PathAndQuery, headers, body));
            return Answer();
        }
    }
}
