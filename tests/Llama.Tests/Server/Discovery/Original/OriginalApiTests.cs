using System.Net;
using System.Text.Json;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using static Llama.Tests.Server.Discovery.Original.Original;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>What /api/v1 does beyond what was recorded of the original.</summary>
public sealed class OriginalApiTests
{
    private static readonly DiscoveryOptions Options = new() { Port = 0 };

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9")]
    [InlineData("198.51.100.66, 203.0.113.9", "203.0.113.9")]
    [InlineData("203.0.113.9, 127.0.0.1", "203.0.113.9")]
    [InlineData("nonsense", "127.0.0.1")]
    public async Task Behind_a_trusted_proxy_a_probe_is_where_the_proxy_says(string forwarded, string address)
    {
        await using RunningServer server = await RunningServer.StartAsync(Options with { TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] });
        string header = $"X-Forwarded-For: {forwarded}";

        RawReply registered = await server.RegisterAsync("""{"port":8100,"group":"g1"}""", "127.0.0.1", header);

        Assert.Contains($"\"ip\":\"{address}\"", registered.Body, StringComparison.Ordinal);
        Assert.Equal($"{{\"ip\":\"{address}\"}}\n", (await server.GetAsync("/api/v1/my_ip_address", header)).Body);
        Assert.Equal(200, (await server.GetAsync("/api/v1/config/g1?llamaport=8100", header)).Status);
        Assert.Equal(404, (await server.GetAsync("/api/v1/config/g1?llamaport=8100", "X-Forwarded-For: 203.0.113.1")).Status);
    }

    [Fact]
    public async Task With_tokens_reading_and_registering_take_theirs()
    {
        await using RunningServer server = await RunningServer.StartAsync(Options with { RegisterToken = "join", ReadToken = "look" });
        const string join = "Authorization: Bearer join", look = "Authorization: Bearer look";

        RawReply refused = await server.RegisterAsync(Body("a", "127.0.0.1"));
        Assert.Equal((401, "Bearer", "text/html; charset=utf-8"), (refused.Status, refused["WWW-Authenticate"], refused["Content-Type"]));
        Assert.Equal(403, (await server.RegisterAsync(Body("a", "127.0.0.1"), "127.0.0.1", look)).Status);
        Assert.Equal(200, (await server.RegisterAsync(Body("a", "127.0.0.1"), "127.0.0.1", join)).Status);
        foreach (string target in new[] { "/api/v1/list", "/api/v1/list/g1", "/api/v1/scraper", "/metrics", "/api/v1/config/g1?llamaport=8100" })
        {
            Assert.Equal(401, (await server.GetAsync(target)).Status);
            Assert.Equal(200, (await server.GetAsync(target, look)).Status);
        }

        Assert.Equal(200, (await server.GetAsync("/api/v1/config/g1?llamaport=8100", join)).Status);
        Assert.Equal(403, (await server.GetAsync("/api/v1/list", join)).Status);
        foreach (string target in new[] { "/", "/api/v1/interval", "/api/v1/my_ip_address" }) Assert.Equal(200, (await server.GetAsync(target)).Status);
    }

    [Fact]
    public async Task A_source_that_registers_without_end_is_told_to_wait()
    {
        await using RunningServer server = await RunningServer.StartAsync(Options with { RegistrationsPerSecondPerSource = 0.5 });
        for (int i = 0; i < 5; i++) Assert.Equal(200, (await server.RegisterAsync(Body("a", "127.0.0.1"))).Status);

        RawReply refused = await server.RegisterAsync(Body("a", "127.0.0.1"));

        Assert.Equal((429, "2"), (refused.Status, refused["Retry-After"]));
        Assert.Equal(200, (await server.RegisterAsync(Body("b", "127.0.0.2"), "127.0.0.2")).Status);
    }

    [Fact]
    public async Task What_can_not_be_stored_is_told_and_changes_nothing()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await server.RegisterAsync(Body("a", "127.0.0.1"));
        string before = (await server.GetAsync("/api/v1/list")).Body;
        server.Store.Failure = new IOException("The disk is full: free some space.");

        RawReply reply = await server.RegisterAsync(Body("b", "127.0.0.2"));

        Assert.Equal(500, reply.Status);
        Assert.Contains("The disk is full: free some space.", reply.Body, StringComparison.Ordinal);
        Assert.Equal(before, (await server.GetAsync("/api/v1/list")).Body);
        Assert.Equal(200, (await server.GetAsync("/api/v1/config/g1?llamaport=8100")).Status);
    }

    [Fact]
    public async Task A_name_is_free_again_when_its_holder_has_been_silent()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await server.RegisterAsync(Body("a", "192.0.2.1"));

        RawReply early = await server.RegisterAsync(Body("a", "192.0.2.2"));
        await server.PassUntilAsync(91);
        RawReply late = await server.RegisterAsync(Body("a", "192.0.2.2"));

        Assert.Equal((409, 200), (early.Status, late.Status));
        Assert.Equal("\n192.0.2.2", (await server.GetAsync("/api/v1/scraper")).Body);
    }

    [Fact]
    public async Task Hosts_to_scrape_are_those_the_original_container_takes()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await server.RegisterAsync(Body("a", "2001:db8::1"));
        string lone = (await server.GetAsync("/api/v1/scraper")).Body;
        await server.RegisterAsync(Body("b", "192.0.2.2"));

        Assert.Equal(("\n127.0.0.1", "\n192.0.2.2"), (lone, (await server.GetAsync("/api/v1/scraper")).Body));
    }

    [Fact]
    public async Task The_date_of_an_entry_is_that_of_its_last_registration()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        string first = (await server.RegisterAsync(Body("a", "192.0.2.1"))).Body;
        await server.PassUntilAsync(30);
        string listed = (await server.GetAsync("/api/v1/list")).Body;
        string second = (await server.RegisterAsync(Body("a", "192.0.2.1"))).Body;

        Assert.Equal(first, listed);
        Assert.Equal(DateOf(first).AddSeconds(30), DateOf(second));
        Assert.Equal(second, (await server.GetAsync("/api/v1/list")).Body);
    }

    [Fact]
    public async Task A_restart_changes_nothing_that_is_answered()
    {
        await using RunningServer first = await RunningServer.StartAsync();
        await first.RegisterAsync("""{"port":8100,"group":"g1","x":[1,{"y":null}],"tags":{"b":7,"version":"1","a":"\u00e4: #","probe_shortname":"p","probe_name":"q"}}""");
        await first.RegisterAsync("""{"port":8100,"group":"g1"}""", "127.0.0.2");
        await using RunningServer second = await RunningServer.StartAsync(stored: first.Store.Restart());

        foreach (string target in new[] { "/api/v1/list", "/api/v1/list/g1", "/api/v1/scraper", "/api/v1/config/g1?llamaport=8100" })
            Assert.Equal((await first.GetAsync(target)).Body, (await second.GetAsync(target)).Body);
    }

    [Fact]
    public async Task A_body_that_grows_too_long_on_the_way_is_refused()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        string chunk = $"8000\r\n{new string(' ', 0x8000)}\r\n";

        RawReply reply = await RawHttp.SendAsync(
            server.Url, $"POST /api/v1/register HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}{chunk}0\r\n\r\n");

        Assert.Equal((413, "text/html; charset=utf-8"), (reply.Status, reply["Content-Type"]));
        Assert.Empty(server.Warnings);
    }

    [Fact]
    public async Task Long_lists_go_out_in_portions_and_are_whole()
    {
        await using RunningServer server = await RunningServer.StartAsync(Options with { RegistrationsPerSecondPerSource = null });
        var pad = KeyValuePair.Create("pad", new string('x', 1000));
        for (int i = 0; i < 1500; i++) await server.RegisterAsync(Body($"p{i}", $"10.0.{i / 200}.{(i % 200) + 1}", tags: [pad]));

        RawReply reply = await server.GetAsync("/api/v1/list");

        Assert.Null(reply["Content-Length"]);
        using var list = JsonDocument.Parse(reply.Body);
        Assert.Equal(1500, list.RootElement.GetProperty("g1").GetPropertyCount());
        Assert.Equal(200, (await RawHttp.SendAsync(server.Url, "HEAD", "/api/v1/list")).Status);
    }

    [Fact]
    public async Task Prometheus_gets_its_text_and_others_get_the_originals_figures()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await server.RegisterAsync(Body("a", "192.0.2.1"));
        await server.RegisterAsync(Body("a", "192.0.2.1"));
        await server.RegisterAsync(Body("a", "192.0.2.2"));
        await server.RegisterAsync("{}");
        await server.GetAsync("/api/v1/config/g1?llamaport=8100&srcip=192.0.2.1");

        RawReply text = await server.GetAsync("/metrics", "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", text["Content-Type"]);
        string[] lines = text.Body.Split('\n');
        Assert.Contains("llama_server_groups 1", lines);
        Assert.Contains("llama_server_group_probes{group=\"g1\"} 1", lines);
        Assert.Contains("llama_server_probes{echo=\"unknown\"} 1", lines);
        Assert.Contains("llama_server_registrations_total{outcome=\"joined\"} 1", lines);
        Assert.Contains("llama_server_registrations_total{outcome=\"renewed\"} 1", lines);
        Assert.Contains("llama_server_registrations_total{outcome=\"name_taken\"} 1", lines);
        Assert.Contains("llama_server_http_requests_total{resource=\"/api/v1/register\",status=\"200\"} 2", lines);
        Assert.Contains("llama_server_http_requests_total{resource=\"/api/v1/register\",status=\"400\"} 1", lines);
        Assert.Contains("llama_server_http_requests_total{resource=\"/api/v1/register\",status=\"409\"} 1", lines);
        Assert.Contains("llama_server_http_requests_total{resource=\"/api/v1/config\",status=\"200\"} 1", lines);
        Assert.StartsWith("{\"start_time\":", (await server.GetAsync("/metrics", "Accept: */*")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_names_are_data_in_every_answer()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        const string group = "<b>\"g\" {x=y}\\";

        Assert.Equal(200, (await server.RegisterAsync(Body("a\"}\\ {", "192.0.2.1", group))).Status);

        using var list = JsonDocument.Parse((await server.GetAsync("/api/v1/list")).Body);
        Assert.Equal(group, Assert.Single(list.RootElement.EnumerateObject()).Name);
        Assert.Contains("llama_server_group_probes{group=\"<b>\\\"g\\\" {x=y}\\\\\"} 1\n", (await server.GetAsync("/metrics", "Accept: text/plain")).Body, StringComparison.Ordinal);
        RawReply refused = await server.RegisterAsync(Body("a\"}\\ {", "192.0.2.2", group));
        Assert.Equal(409, refused.Status);
        Assert.DoesNotContain("<b>", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_at_once_are_all_answered()
    {
        await using RunningServer server = await RunningServer.StartAsync(Options with { RegistrationsPerSecondPerSource = null });
        await server.RegisterAsync(Body("a", "127.0.0.1"));
        IEnumerable<Task<RawReply>> Round(int i) =>
        [
            server.RegisterAsync(Body($"p{i}", $"192.0.2.{i + 1}")), server.GetAsync("/api/v1/list"), server.GetAsync("/api/v1/scraper"),
            server.GetAsync("/api/v1/config/g1?llamaport=8100"),
        ];

        RawReply[] replies = await Task.WhenAll(Enumerable.Range(0, 50).SelectMany(Round));

        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.Equal(51, (await server.GetAsync("/api/v1/config/g1?llamaport=8100")).Body.Split("- ip: ").Length - 1);
        Assert.Empty(server.Warnings);
    }

    [Fact]
    public async Task The_interval_is_that_of_groups_without_an_entry()
    {
        GroupSettings minute = GroupSettings.Default with { Interval = TimeSpan.FromMinutes(1) };
        await using RunningServer server = await RunningServer.StartAsync(
            Options with { Configuration = new ServerConfiguration { Groups = new Dictionary<string, GroupSettings> { ["g1"] = minute } } });
        await server.RegisterAsync(Body("a", "127.0.0.1"));

        Assert.Equal("10", (await server.GetAsync("/api/v1/interval")).Body);
        Assert.Contains("    interval:   60\n", (await server.GetAsync("/api/v1/config/g1?llamaport=8100")).Body, StringComparison.Ordinal);
    }

    private static DateTimeOffset DateOf(string body)
    {
        using var list = JsonDocument.Parse(body);
        JsonElement entry = Assert.Single(Assert.Single(list.RootElement.EnumerateObject()).Value.EnumerateObject()).Value;
        return DateTimeOffset.Parse($"{entry.GetProperty("create_date").GetString()}Z", System.Globalization.CultureInfo.InvariantCulture);
    }
}
