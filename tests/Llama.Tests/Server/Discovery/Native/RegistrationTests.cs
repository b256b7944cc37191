using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;

namespace Llama.Tests.Server.Discovery.Native;

public sealed class RegistrationTests
{
    private const string Path = "/api/v2/groups/g/probes/a";

    [Fact]
    public async Task Joining_tells_lease_and_tag_and_the_same_again_is_a_renewal()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        const string body = """{"port":8100,"instance":"i","keepalive_s":60,"full_name":"a.example","version":"1","tags":{"site":"x"},"pushes":true}""";

        Reply joined = await server.SendAsync("PUT", Path, body);
        Reply renewed = await server.SendAsync("PUT", Path, body);
        Reply changed = await server.SendAsync("PUT", Path, body.Replace("\"x\"", "\"y\"", StringComparison.Ordinal));

        Assert.Equal((201, 200, 200), (joined.Status, renewed.Status, changed.Status));
        Assert.Equal(
            ("joined", "renewed", "changed"),
            (Outcome(joined), Outcome(renewed), Outcome(changed)));
        JsonElement reply = joined.Json;
        Assert.Equal("g", reply.GetProperty("group").GetString());
        Assert.Equal("a", reply.GetProperty("name").GetString());
        Assert.Equal("127.0.0.1", reply.GetProperty("address").GetString());
        Assert.Equal(8100, reply.GetProperty("port").GetInt32());
        Assert.Equal(60, reply.GetProperty("lease_s").GetDouble());
        Assert.Equal(20, reply.GetProperty("renew_s").GetDouble());
        Assert.Equal("unknown", reply.GetProperty("echo").GetString());
        Assert.Equal(Tag(joined), Tag(renewed));
        Assert.NotEqual(Tag(joined), Tag(changed));
    }

    [Fact]
    public async Task A_probe_is_shown_with_all_it_said_but_its_instance()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        await server.SendAsync("PUT", Path, """{"address":"192.0.2.7","port":9,"instance":"secret","keepalive_s":60,"full_name":"a.example","version":"1","tags":{"z":"1","a":"2"},"pushes":true}""");
        server.Time.Pass(TimeSpan.FromSeconds(20));

        Reply shown = await server.GetAsync(Path);

        Assert.Equal(200, shown.Status);
        Assert.Equal(
            """{"group":"g","name":"a","full_name":"a.example","address":"192.0.2.7","port":9,"version":"1","tags":{"z":"1","a":"2"},"keepalive_s":60,"lease_left_s":40,"registered_at":"2026-11-22T12:00:00Z","heard_of_at":"2026-11-22T12:00:00Z","echo":"unknown","pushes":true,"clock_offset_ns":null,"clock_offset_error_ns":null,"health":null}""",
            shown.Text);
    }

    [Fact]
    public async Task What_is_not_said_has_defaults()
    {
        await using NativeServer server = await NativeServer.StartAsync(new DiscoveryOptions { DefaultKeepalive = TimeSpan.FromHours(1) });

        Reply joined = await server.SendAsync("PUT", Path, """{"port":8100,"instance":"i","from_the_future":[{}]}""");
        JsonElement shown = (await server.GetAsync(Path)).Json;

        Assert.Equal(3600, joined.Json.GetProperty("lease_s").GetDouble());
        Assert.Equal(30, joined.Json.GetProperty("renew_s").GetDouble());
        Assert.Equal("a", shown.GetProperty("full_name").GetString());
        Assert.Equal("", shown.GetProperty("version").GetString());
        Assert.False(shown.GetProperty("pushes").GetBoolean());
    }

    [Theory]
    [InlineData("", "line 1")]
    [InlineData("null", "The body is null")]
    [InlineData("[]", "can't be read")]
    [InlineData("""{"port":8100,"instance":"i"} x""", "can't be read")]
    [InlineData("""{"instance":"i"}""", "port is missing")]
    [InlineData("""{"port":0,"instance":"i"}""", "port is missing or none from 1 to 65535")]
    [InlineData("""{"port":65536,"instance":"i"}""", "port is missing or none from 1 to 65535")]
    [InlineData("""{"port":"8100","instance":"i"}""", "$.port")]
    [InlineData("""{"port":8100}""", "instance is missing")]
    [InlineData("""{"port":8100,"instance":""}""", "instance is empty")]
    [InlineData("""{"port":8100,"instance":"i","address":"probe.example"}""", "address is no IP address")]
    [InlineData("""{"port":8100,"instance":"i","address":"192.0.2.1:80"}""", "address is no IP address")]
    [InlineData("""{"port":8100,"instance":"i","address":"0.0.0.0"}""", "address is no address of a host")]
    [InlineData("""{"port":8100,"instance":"i","address":"224.0.0.1"}""", "address is no address of a host")]
    [InlineData("""{"port":8100,"instance":"i","address":"255.255.255.255"}""", "address is no address of a host")]
    [InlineData("""{"port":8100,"instance":"i","address":"ff02::1"}""", "address is no address of a host")]
    [InlineData("""{"port":8100,"instance":"i","address":"fe80::1%1"}""", "address has a zone")]
    [InlineData("""{"port":8100,"instance":"i","keepalive_s":0}""", "keepalive_s is none above 0")]
    [InlineData("""{"port":8100,"instance":"i","keepalive_s":-1}""", "keepalive_s is none above 0")]
    [InlineData("""{"port":8100,"instance":"i","tags":{"a":1}}""", "$.tags.a")]
    [InlineData("""{"port":8100,"instance":"i","tags":{"a":null}}""", "the tag a has no value")]
    [InlineData("""{"port":8100,"instance":"i","tags":{"a":"1","a":"2"}}""", "each member once")]
    [InlineData("""{"port":8100,"port":8101,"instance":"i"}""", "each member once")]
    [InlineData("""{"port":8100,"instance":"i","full_name":"a\u0000b"}""", "full_name has a control character")]
    [InlineData("""{"port":8100,"instance":"i","full_name":"\ud800"}""", "")]
    [InlineData("""{"port":8100,"instance":"i","tags":{"a":"\udfff"}}""", "")]
    public async Task What_is_wrong_with_a_body_is_told(string body, string detail)
    {
        await using NativeServer server = await NativeServer.StartAsync();

        Assert.Contains(detail, (await server.SendAsync("PUT", Path, body)).Problem(400), StringComparison.Ordinal);
        Assert.Equal(404, (await server.GetAsync(Path)).Status);
        Assert.Empty(server.Warnings);
    }

    [Fact]
    public async Task Limits_of_names_and_tags_hold()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        string tags = string.Join(',', Enumerable.Range(0, 65).Select(i => $"\"{i}\":\"\""));

        Assert.Contains("tags has more than 64", (await server.JoinAsync("a", tags: $"{{{tags}}}")).Problem(400), StringComparison.Ordinal);
        Assert.Contains("longer than 1024", (await server.JoinAsync("a", tags: $$"""{"k":"{{new string('x', 1025)}}"}""")).Problem(400), StringComparison.Ordinal);
        Assert.Contains("name is longer than 200", (await server.JoinAsync(new string('n', 201))).Problem(400), StringComparison.Ordinal);
        Assert.Contains("group is longer than 200", (await server.JoinAsync("a", group: new string('n', 201))).Problem(400), StringComparison.Ordinal);
        Assert.Contains("name has a control character", (await server.JoinAsync("a\nb")).Problem(400), StringComparison.Ordinal);
        Assert.Equal(201, (await server.JoinAsync(new string('n', 200))).Status);
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_413()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        string body = $$"""{"port":8100,"instance":"i","pad":"{{new string('x', 64 * 1024)}}"}""";

        (await server.SendAsync("PUT", Path, body)).Problem(413);
        Assert.Equal(201, (await server.SendAsync("PUT", Path, body.Replace("xxxxxxxx", "x", StringComparison.Ordinal))).Status);
        Assert.Empty(server.Warnings);
    }

    [Theory]
    [InlineData("text/plain", null)]
    [InlineData("application/x-www-form-urlencoded", null)]
    [InlineData("", null)]
    [InlineData("application/json", "gzip")]
    public async Task What_is_no_plain_JSON_is_415(string type, string? coding)
    {
        await using NativeServer server = await NativeServer.StartAsync();

        string lines = (type.Length > 0 ? $"Content-Type: {type}\r\n" : "") + (coding is null ? "" : $"Content-Encoding: {coding}\r\n");
        RawReply reply = await RawHttp.SendAsync(
            server.Address, $"PUT {Path} HTTP/1.1\r\nHost: test\r\n{lines}Content-Length: 2\r\n\r\n{{}}");

        Assert.Equal(415, reply.Status);
        Assert.Equal("application/problem+json", reply["Content-Type"]);
    }

    [Fact]
    public async Task A_name_that_another_probe_holds_is_409_until_that_one_is_silent()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        await server.SendAsync("PUT", Path, """{"address":"192.0.2.1","port":8100,"instance":"one"}""");
        const string newcomer = """{"address":"192.0.2.2","port":8100,"instance":"two"}""";

        string problem = (await server.SendAsync("PUT", Path, newcomer)).Problem(409);
        Assert.Contains("has the name a", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.1", problem, StringComparison.Ordinal);

        server.Time.Pass(TimeSpan.FromSeconds(91));
        Assert.Equal("replaced", Outcome(await server.SendAsync("PUT", Path, newcomer)));
    }

    [Fact]
    public async Task A_probe_that_moves_keeps_its_name()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        await server.SendAsync("PUT", Path, """{"address":"192.0.2.1","port":8100,"instance":"one"}""");

        Reply moved = await server.SendAsync("PUT", Path, """{"address":"192.0.2.2","port":8100,"instance":"one"}""");

        Assert.Equal("changed_address", Outcome(moved));
        Assert.Equal("192.0.2.2", moved.Json.GetProperty("address").GetString());
    }

    [Fact]
    public async Task What_can_not_be_stored_is_503_and_reads_go_on()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        await server.JoinAsync("a");
        server.Store.Failure = new IOException("the disk is full; make room");

        Reply refused = await server.JoinAsync("b");
        string problem = refused.Problem(503);

        Assert.Contains("nothing has changed", problem, StringComparison.Ordinal);
        Assert.NotNull(refused["Retry-After"]);
        Assert.Equal(404, (await server.GetAsync("/api/v2/groups/g/probes/b")).Status);
        Assert.Equal(200, (await server.GetAsync("/api/v2/groups/g/probes/a/config")).Status);
        (await server.SendAsync("DELETE", "/api/v2/groups/g/probes/a")).Problem(503);
        Assert.Equal(200, (await server.GetAsync(Path)).Status);
        Assert.Equal(503, (await server.GetAsync("/readyz")).Status);
        Assert.Equal(200, (await server.GetAsync("/healthz")).Status);

        server.Store.Failure = null;
        Assert.Equal(201, (await server.JoinAsync("b")).Status);
        Assert.Equal("ok", (await server.GetAsync("/readyz")).Text);
    }

    [Fact]
    public async Task One_source_can_not_register_at_any_rate()
    {
        await using NativeServer server = await NativeServer.StartAsync(new DiscoveryOptions { RegistrationsPerSecondPerSource = 0.5 });
        for (int i = 0; i < 5; i++) Assert.NotEqual(429, (await server.JoinAsync($"a{i}")).Status);

        Reply refused = await server.JoinAsync("b");

        refused.Problem(429);
        Assert.Equal("2", refused["Retry-After"]);
        server.Time.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(201, (await server.JoinAsync("b")).Status);
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_the_client_is_whom_it_names()
    {
        await using NativeServer trusting = await NativeServer.StartAsync(
            new DiscoveryOptions { TrustedProxies = [System.Net.IPNetwork.Parse("127.0.0.0/8")], RegistrationsPerSecondPerSource = 0.1 });
        await using NativeServer other = await NativeServer.StartAsync();
        const string body = """{"port":8100,"instance":"i"}""";

        foreach (string client in new[] { "203.0.113.1", "203.0.113.2" })
        {
            string path = $"/api/v2/groups/g/probes/{client}";
            Reply trusted = await trusting.SendAsync("PUT", path, body, headers: ("X-Forwarded-For", $"198.51.100.66, {client}"));
            Reply ignored = await other.SendAsync("PUT", path, body, headers: ("X-Forwarded-For", client));

            Assert.Equal(client, trusted.Json.GetProperty("address").GetString());
            Assert.Equal("127.0.0.1", ignored.Json.GetProperty("address").GetString());
        }
    }

    [Fact]
    public async Task Removing_a_probe_takes_it_from_all_lists_and_tells_why()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        await server.JoinAsync("a");

        Assert.Equal(204, (await server.SendAsync("DELETE", Path)).Status);
        (await server.SendAsync("DELETE", Path)).Problem(404);
        (await server.GetAsync(Path)).Problem(404);
        JsonElement events = (await server.GetAsync("/api/v2/events")).Json.GetProperty("events");
        Assert.Equal("removed", events[events.GetArrayLength() - 1].GetProperty("kind").GetString());
    }

    [Theory]
    [InlineData("PUT", "/api/v2/groups/g/probes/a", "join", "look")]
    [InlineData("PUT", "/api/v2/groups/lab/probes/a", "join-lab", "join")]
    [InlineData("GET", "/api/v2/groups/g/probes/a", "look", "join")]
    [InlineData("GET", "/api/v2/groups/g/probes/a/config", "look", "join-lab")]
    [InlineData("GET", "/api/v2/groups/g/probes/a/config", "join", "join-lab")]
    [InlineData("GET", "/api/v2/groups/g/probes", "look", "join")]
    [InlineData("GET", "/api/v2/groups/g", "look", "join")]
    [InlineData("GET", "/api/v2/groups", "look", "join")]
    [InlineData("GET", "/api/v2/probes", "look", "join")]
    [InlineData("GET", "/api/v2/events", "look", "join")]
    [InlineData("DELETE", "/api/v2/groups/g/probes/a", "rule", "look")]
    public async Task Each_resource_takes_its_token(string method, string path, string right, string wrong)
    {
        await using NativeServer server = await NativeServer.StartAsync(
            new DiscoveryOptions { RegisterToken = "join", ReadToken = "look", AdminToken = "rule" },
            NativeServer.Group("lab", new GroupSettings { RegisterToken = "join-lab" }));
        await server.SendAsync("PUT", Path, """{"port":8100,"instance":"i"}""", "join");
        const string body = """{"port":8100,"instance":"i","address":"192.0.2.9"}""";
        Task<Reply> Ask(string? token) => server.SendAsync(method, path, method == "PUT" ? body : null, token);

        Reply nobody = await Ask(null);
        nobody.Problem(401);
        Assert.StartsWith("Bearer", nobody["WWW-Authenticate"], StringComparison.Ordinal);
        (await Ask("guess")).Problem(401);
        (await Ask(wrong)).Problem(403);
        Assert.InRange((await Ask(right)).Status, 200, 299);
    }

    [Fact]
    public async Task Anybody_may_ask_for_health_and_for_the_description()
    {
        await using NativeServer server = await NativeServer.StartAsync(new DiscoveryOptions { RegisterToken = "join", ReadToken = "look", AdminToken = "rule" });

        foreach (string path in new[] { "/healthz", "/readyz", "/openapi/v2.json" }) Assert.Equal(200, (await server.GetAsync(path)).Status);
        Assert.Equal(405, (await server.SendAsync("POST", "/healthz")).Status);
    }

    [Fact]
    public async Task Tags_of_any_text_come_back_as_they_were()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        int number = 0;

        Prop.ForAll(AnyText.Tags(), tags =>
        {
            var expected = tags.Where(tag => tag.Key.Length <= 256 && tag.Value.Length <= 1024).Take(64)
                .ToDictionary(tag => AnyText.WellFormed(tag.Key), tag => AnyText.WellFormed(tag.Value));
            string name = $"p{number++}";
            Reply joined = server.JoinAsync(name, tags: JsonSerializer.Serialize(expected)).GetAwaiter().GetResult();
            Assert.Equal(201, joined.Status);
            Reply config = server.GetAsync($"/api/v2/groups/g/probes/{name}/config").GetAwaiter().GetResult();
            JsonElement target = config.Json.GetProperty("tests")[0].GetProperty("targets").EnumerateArray().Single(t => t.GetProperty("name").GetString() == name);
            Assert.Equal(expected, target.GetProperty("tags").EnumerateObject().ToDictionary(tag => tag.Name, tag => tag.Value.GetString()!));
            Assert.Equal(204, server.SendAsync("DELETE", $"/api/v2/groups/g/probes/{name}").GetAwaiter().GetResult().Status);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task Bodies_of_any_octets_are_refused_and_nothing_breaks()
    {
        await using NativeServer server = await NativeServer.StartAsync(new DiscoveryOptions { RegistrationsPerSecondPerSource = null });

        Prop.ForAll(AnyText.Arbitrary, text =>
            server.SendAsync("PUT", Path, text).GetAwaiter().GetResult().Problem(400)).QuickCheckThrowOnFailure();
        Assert.Empty(server.Warnings);
    }

    private static string? Outcome(Reply reply) => reply.Json.GetProperty("outcome").GetString();

    private static string? Tag(Reply reply) => reply.Json.GetProperty("config_tag").GetString();
}
