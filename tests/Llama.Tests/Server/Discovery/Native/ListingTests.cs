using System.Text.Json;
using Llama.Mesh.Plans;
using static Llama.Tests.Server.Discovery.Native.NativeServer;

namespace Llama.Tests.Server.Discovery.Native;

public sealed class ListingTests
{
    [Fact]
    public async Task Probes_are_listed_by_group_and_name_however_they_joined()
    {
        await using NativeServer server = await StartAsync();
        foreach ((string group, string name) in new[] { ("h", "b"), ("g", "z"), ("h", "a"), ("g", "B"), ("g", "a") }) await server.JoinAsync(name, group);

        Assert.Equal(["g/B", "g/a", "g/z", "h/a", "h/b"], await NamesAsync(server, "/api/v2/probes?limit=2"));
        Assert.Equal(["g/B", "g/a", "g/z"], await NamesAsync(server, "/api/v2/groups/g/probes?limit=1"));
        Assert.Equal(["g/B", "g/a", "g/z"], await NamesAsync(server, "/api/v2/groups/g/probes"));
        (await server.GetAsync("/api/v2/groups/none/probes")).Problem(404);
    }

    [Fact]
    public async Task Pages_neither_repeat_nor_hide_probes_while_others_come_and_go()
    {
        await using NativeServer server = await StartAsync();
        foreach (string name in new[] { "b", "d", "f", "h" }) await server.JoinAsync(name);
        JsonElement first = (await server.GetAsync("/api/v2/groups/g/probes?limit=2")).Json;
        await server.SendAsync("DELETE", "/api/v2/groups/g/probes/d");
        await server.JoinAsync("a");
        await server.JoinAsync("e");

        IEnumerable<string> rest = await NamesAsync(server, $"/api/v2/groups/g/probes?limit=2&cursor={first.GetProperty("next").GetString()}");

        Assert.Equal(["b", "d"], Names(first).Select(name => name[2..]));
        Assert.Equal(["g/e", "g/f", "g/h"], rest);
    }

    [Fact]
    public async Task Filters_by_tags_and_text_narrow_the_list()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a", tags: """{"site":"Berlin","rack":"1:2"}""");
        await server.JoinAsync("b", tags: """{"site":"Berlin","rack":"3"}""", address: "192.0.2.77");
        await server.JoinAsync("c", tags: """{"site":"Rome"}""");

        Assert.Equal(["g/a", "g/b"], await NamesAsync(server, "/api/v2/probes?tag=site:Berlin&limit=1"));
        Assert.Equal(["g/a"], await NamesAsync(server, "/api/v2/probes?tag=site:Berlin&tag=rack:1:2"));
        Assert.Equal([], await NamesAsync(server, "/api/v2/probes?tag=site:berlin"));
        Assert.Equal(["g/a", "g/b"], await NamesAsync(server, "/api/v2/probes?q=ERLI"));
        Assert.Equal(["g/b"], await NamesAsync(server, "/api/v2/probes?q=2.77"));
        Assert.Equal(["g/c"], await NamesAsync(server, "/api/v2/probes?q=c&tag=site:Rome"));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=-1")]
    [InlineData("limit=x")]
    [InlineData("cursor=!")]
    [InlineData("cursor=AAAA")]
    [InlineData("cursor=eA")]
    [InlineData("tag=site")]
    [InlineData("tag=:x")]
    public async Task A_parameter_that_is_no_good_is_named(string query)
    {
        await using NativeServer server = await StartAsync();

        Assert.Contains($"The parameter {query.Split('=')[0]} is", (await server.GetAsync($"/api/v2/probes?{query}")).Problem(400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_are_those_with_probes_and_those_that_are_configured()
    {
        await using NativeServer server = await StartAsync(configuration: new ServerConfiguration
        {
            Groups = new Dictionary<string, GroupSettings>
            {
                ["sampled"] = new() { Plan = new SamplePlan(4), Echo = EchoRule.Require, RegisterToken = "hush" },
                ["tiers"] = new() { Plan = new TieredPlan(["region", "site"], 2), DatagramKey = new byte[] { 1 } },
                ["star"] = new() { Plan = new HubPlan("role", "hub") },
            },
            Between = [new CrossTest("sampled", "star", 3)],
        });
        await server.JoinAsync("a", group: "plain");
        await server.JoinAsync("b", group: "plain");

        Reply all = await server.GetAsync("/api/v2/groups");
        JsonElement[] groups = [.. all.Json.GetProperty("groups").EnumerateArray()];

        Assert.Equal(["plain", "sampled", "star", "tiers"], groups.Select(group => group.GetProperty("name").GetString()));
        Assert.Equal([2, 0, 0, 0], groups.Select(group => group.GetProperty("probes").GetInt32()));
        Assert.Equal(
            ["""{"kind":"full"}""", """{"kind":"sample","degree":4}""", """{"kind":"hub","tag":"role","value":"hub"}""", """{"kind":"tiered","path":["region","site"],"representatives":2}"""],
            groups.Select(group => group.GetProperty("plan").GetRawText()));
        Assert.Equal(["warn", "require", "warn", "warn"], groups.Select(group => group.GetProperty("echo").GetString()));
        Assert.Equal([false, false, false, true], groups.Select(group => group.GetProperty("authenticates_datagrams").GetBoolean()));
        Assert.Equal("star", groups[1].GetProperty("tests_groups")[0].GetString());
        Assert.DoesNotContain("hush", all.Text, StringComparison.Ordinal);
        Assert.Equal(groups[0].GetRawText(), (await server.GetAsync("/api/v2/groups/plain")).Text);
        Assert.Equal(groups[3].GetRawText(), (await server.GetAsync("/api/v2/groups/tiers")).Text);
        (await server.GetAsync("/api/v2/groups/none")).Problem(404);
    }

    [Fact]
    public async Task Groups_come_in_pages()
    {
        await using NativeServer server = await StartAsync();
        foreach (string group in new[] { "c", "a", "b" }) await server.JoinAsync("x", group);

        JsonElement first = (await server.GetAsync("/api/v2/groups?limit=2")).Json;
        JsonElement second = (await server.GetAsync($"/api/v2/groups?limit=2&cursor={first.GetProperty("next").GetString()}")).Json;

        Assert.Equal(["a", "b"], first.GetProperty("groups").EnumerateArray().Select(group => group.GetProperty("name").GetString()));
        Assert.Equal(["c"], second.GetProperty("groups").EnumerateArray().Select(group => group.GetProperty("name").GetString()));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a//b")]
    [InlineData("ä ö %41")]
    [InlineData("日本語")]
    [InlineData("<script>&\"'")]
    [InlineData("config")]
    [InlineData("a?b#c;d=e")]
    public async Task Names_of_any_kind_can_be_asked_for(string name)
    {
        await using NativeServer server = await StartAsync();
        string path = $"/api/v2/groups/{Uri.EscapeDataString(name)}/probes/{Uri.EscapeDataString(name)}";

        Assert.Equal(201, (await server.JoinAsync(name, group: name)).Status);
        Assert.Equal(name, (await server.GetAsync(path)).Json.GetProperty("name").GetString());
        Assert.Equal(200, (await server.GetAsync($"{path}/config")).Status);
        Assert.Equal(name, (await server.GetAsync($"/api/v2/groups/{Uri.EscapeDataString(name)}")).Json.GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("/api/v2")]
    [InlineData("/api/v2/")]
    [InlineData("/api/v2/nothing")]
    [InlineData("/api/v2/groups/")]
    [InlineData("/api/v2/groups//probes")]
    [InlineData("/api/v2/groups/g/probes/a/config/x")]
    [InlineData("/api/v2/a/b/c/d/e/f/g/h/i/j")]
    [InlineData("/openapi/v3.json")]
    public async Task Where_there_is_nothing_the_description_is_named(string path)
    {
        await using NativeServer server = await StartAsync();

        RawReply reply = await RawHttp.GetAsync(server.Address, path);

        Assert.Equal(404, reply.Status);
        Assert.Equal("application/problem+json", reply["Content-Type"]);
        Assert.Contains("/openapi/v2.json", reply.Body, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(NativeServer server, string target)
    {
        var names = new List<string>();
        string more = target;
        while (true)
        {
            JsonElement page = (await server.GetAsync(more)).Json;
            names.AddRange(Names(page));
            if (page.GetProperty("next").GetString() is not { } next) return names;
            more = $"{target.Split("&cursor=")[0]}&cursor={next}";
        }
    }

    private static IEnumerable<string> Names(JsonElement page) => page.GetProperty("probes").EnumerateArray()
        .Select(probe => $"{probe.GetProperty("group").GetString()}/{probe.GetProperty("name").GetString()}");
}
