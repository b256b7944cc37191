using System.IO.Compression;
using System.Text.Json;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using Llama.Tests.Server.Hosting;
using static Llama.Tests.Server.Discovery.Native.NativeServer;

namespace Llama.Tests.Server.Discovery.Native;

public sealed class ConfigTests
{
    private const string Path = "/api/v2/groups/g/probes/a/config";

    [Fact]
    public async Task A_full_mesh_is_one_body_for_all_under_the_tag_that_registering_told()
    {
        await using NativeServer server = await StartAsync(configuration: Group("g", new GroupSettings
        {
            Interval = TimeSpan.FromSeconds(20),
            CyclesPerSecond = 0.5,
            Flows = 3,
            Classes = [0, 184],
            Sizes = [100, 1400],
            DontFragment = true,
        }));
        await server.JoinAsync("a", address: "192.0.2.1", tags: """{"site":"x"}""");
        Reply joined = await server.JoinAsync("b", address: "2001:db8::1");

        Reply ofA = await server.GetAsync(Path);
        Reply ofB = await server.GetAsync("/api/v2/groups/g/probes/b/config");

        string tag = joined.Json.GetProperty("config_tag").GetString()!;
        Assert.Equal($"\"{tag}\"", ofA["ETag"]);
        Assert.Equal(ofA.Text, ofB.Text);
        Assert.Equal(
            $$$"""
            {"group":"g","interval_s":20,"tests":[{"name":"g","cps":0.5,"ports":[
            {"class":0,"size":100,"timeout_ms":1000,"df":true,"count":3},{"class":0,"size":1400,"timeout_ms":1000,"df":true,"count":3},
            {"class":184,"size":100,"timeout_ms":1000,"df":true,"count":3},{"class":184,"size":1400,"timeout_ms":1000,"df":true,"count":3}],
            "targets":[{"group":"g","name":"a","full_name":"a","address":"192.0.2.1","port":8100,"tags":{"site":"x"}},
            {"group":"g","name":"b","full_name":"b","address":"2001:db8::1","port":8100,"tags":{}}]}],"tag":"{{{tag}}}"}
            """.ReplaceLineEndings(""),
            ofA.Text);
    }

    [Fact]
    public async Task What_is_known_already_is_not_sent_again()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        string tag = (await server.GetAsync(Path))["ETag"]!;

        foreach (string known in new[] { tag, $"W/{tag}", $"\"x\", {tag}", "*" })
        {
            Reply reply = await server.GetAsync(Path, headers: ("If-None-Match", known));
            Assert.Equal((304, tag, 0), (reply.Status, reply["ETag"], reply.Body.Length));
        }

        foreach (string other in new[] { "\"x\"", tag.Trim('"'), $"\"{new string('x', tag.Length - 2)}\"" })
            Assert.Equal(200, (await server.GetAsync(Path, headers: ("If-None-Match", other))).Status);
        await server.JoinAsync("b");
        Assert.Equal(200, (await server.GetAsync(Path, headers: ("If-None-Match", tag))).Status);
    }

    [Fact]
    public async Task A_renewal_leaves_the_tag_alone()
    {
        await using NativeServer server = await StartAsync();
        Reply joined = await server.JoinAsync("a");
        Reply renewed = await server.JoinAsync("a");

        Assert.Equal(joined.Json.GetProperty("config_tag").GetString(), renewed.Json.GetProperty("config_tag").GetString());
    }

    [Fact]
    public async Task Who_waits_hears_of_a_new_probe()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        string tag = (await server.GetAsync(Path))["ETag"]!;

        Task<Reply> waiting = server.GetAsync(Path + "?wait=60s", headers: ("If-None-Match", tag));
        server.Time.Pass(TimeSpan.FromSeconds(1));
        Assert.False(waiting.IsCompleted);
        await server.JoinAsync("b");
        Reply news = await PassingAsync(server, waiting, TimeSpan.FromMilliseconds(100));

        Assert.Equal(200, news.Status);
        Assert.Equal(["a", "b"], Targets(news));
    }

    [Fact]
    public async Task Without_news_the_wait_ends_when_it_was_to()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        string tag = (await server.GetAsync(Path))["ETag"]!;

        Reply reply = await PassingAsync(server, server.GetAsync(Path + "?wait=20s", headers: ("If-None-Match", tag)), TimeSpan.FromSeconds(1));

        Assert.Equal((304, tag), (reply.Status, reply["ETag"]));
    }

    [Fact]
    public async Task A_wait_without_a_tag_or_with_an_old_one_is_none()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");

        Assert.Equal(200, (await server.GetAsync(Path + "?wait=60s")).Status);
        Assert.Equal(200, (await server.GetAsync(Path + "?wait=60s", headers: ("If-None-Match", "\"old\""))).Status);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("-1s")]
    [InlineData("1h")]
    [InlineData("NaN")]
    [InlineData("1e3")]
    public async Task A_wait_that_is_no_time_is_told(string wait)
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");

        Assert.Contains("wait", (await server.GetAsync($"{Path}?wait={wait}")).Problem(400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_and_is_removed_is_told()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        await server.JoinAsync("b");
        string tag = (await server.GetAsync(Path))["ETag"]!;
        Task<Reply> waiting = server.GetAsync(Path + "?wait=60s", headers: ("If-None-Match", tag));

        await server.SendAsync("DELETE", "/api/v2/groups/g/probes/a");

        (await PassingAsync(server, waiting, TimeSpan.FromMilliseconds(100))).Problem(404);
    }

    [Fact]
    public async Task The_last_of_a_group_that_is_removed_is_told_too()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        string tag = (await server.GetAsync(Path))["ETag"]!;
        Task<Reply> waiting = server.GetAsync(Path + "?wait=60s", headers: ("If-None-Match", tag));

        await server.SendAsync("DELETE", "/api/v2/groups/g/probes/a");

        (await PassingAsync(server, waiting, TimeSpan.FromMilliseconds(100))).Problem(404);
    }

    [Fact]
    public async Task Nobody_but_members_has_a_configuration()
    {
        await using NativeServer server = await StartAsync();
        (await server.GetAsync(Path)).Problem(404);
        await server.JoinAsync("b");
        (await server.GetAsync(Path)).Problem(404);
    }

    [Fact]
    public async Task Members_of_other_plans_get_their_own_targets()
    {
        await using NativeServer server = await StartAsync(configuration: new ServerConfiguration
        {
            Groups = new Dictionary<string, GroupSettings> { ["g"] = new() { Plan = new HubPlan("role", "hub") } },
            Between = [new CrossTest("g", "other", null)],
        });
        await server.JoinAsync("a");
        await server.JoinAsync("b", tags: """{"role":"hub"}""");
        await server.JoinAsync("c");
        await server.JoinAsync("d", tags: """{"role":"hub"}""");
        await server.JoinAsync("x", group: "other");

        Assert.Equal(["b", "d"], Targets(await server.GetAsync(Path)));
        Assert.Equal(["a", "c", "d"], Targets(await server.GetAsync("/api/v2/groups/g/probes/b/config")));
        Assert.Equal(["b", "d"], Targets(await server.GetAsync("/api/v2/groups/g/probes/c/config")));
        Assert.Equal(["x"], Targets(await server.GetAsync(Path), test: 1));
        Assert.Equal("other", (await server.GetAsync(Path)).Json.GetProperty("tests")[1].GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_large_configuration_is_compressed_for_those_who_take_that()
    {
        await using NativeServer server = await StartAsync(new DiscoveryOptions { RegistrationsPerSecondPerSource = null });
        for (int i = 0; i < 100; i++) await server.JoinAsync(i == 0 ? "a" : $"p{i}");

        Reply plain = await server.GetAsync(Path);
        Reply refused = await server.GetAsync(Path, headers: ("Accept-Encoding", "br, gzip;q=0"));
        Reply packed = await server.GetAsync(Path, headers: ("Accept-Encoding", "br, gzip"));

        Assert.Null(plain["Content-Encoding"]);
        Assert.Null(refused["Content-Encoding"]);
        Assert.Equal("gzip", packed["Content-Encoding"]);
        Assert.Equal("Accept-Encoding", packed["Vary"]);
        Assert.True(packed.Body.Length < plain.Body.Length / 4);
        using var unpacked = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(packed.Body), CompressionMode.Decompress)) await gzip.CopyToAsync(unpacked);
        Assert.Equal(plain.Body, unpacked.ToArray());
        Assert.Equal($"W/{plain["ETag"]}", packed["ETag"]);
        Assert.Equal(304, (await server.GetAsync(Path, headers: ("If-None-Match", packed["ETag"]!))).Status);
    }

    [Theory]
    [InlineData(true, "join-g", true)]
    [InlineData(true, "rule", true)]
    [InlineData(true, "look", false)]
    [InlineData(false, "join-g", false)]
    public async Task The_key_of_a_group_is_for_members_over_TLS_alone(bool secure, string token, bool gets)
    {
        using var directory = new TlsFiles();
        byte[] key = [1, 2, 3, 4];
        await using NativeServer server = await StartAsync(
            new DiscoveryOptions { ReadToken = "look", AdminToken = "rule", Certificate = secure ? () => directory.Certificate : null },
            Group("g", new GroupSettings { RegisterToken = "join-g", DatagramKey = key }));
        Reply joined = await server.JoinAsync("a", token: "join-g");

        Reply config = await server.GetAsync(Path, token);

        Assert.Equal(200, config.Status);
        Assert.Equal(gets, config.Json.TryGetProperty("datagram_key", out JsonElement shown));
        if (gets) Assert.Equal(key, shown.GetBytesFromBase64());
        Assert.Equal(gets ? "no-store" : "no-cache", config["Cache-Control"]);
        Assert.Equal(304, (await server.GetAsync(Path, token, ("If-None-Match", config["ETag"]!))).Status);
        if (token == "join-g") Assert.Equal($"\"{joined.Json.GetProperty("config_tag").GetString()}\"", config["ETag"]);
        Assert.Equal(gets == secure, config.Json.GetProperty("tag").GetString() == joined.Json.GetProperty("config_tag").GetString() || !secure);
    }

    [Fact]
    public async Task Where_no_token_is_asked_for_nobody_gets_the_key()
    {
        using var directory = new TlsFiles();
        await using NativeServer server = await StartAsync(
            new DiscoveryOptions { Certificate = () => directory.Certificate }, Group("g", new GroupSettings { DatagramKey = new byte[] { 1 } }));
        await server.JoinAsync("a");

        Assert.False((await server.GetAsync(Path, "any")).Json.TryGetProperty("datagram_key", out _));
    }

    /// <summary>Lets time pass until there is an answer.</summary>
    private static async Task<Reply> PassingAsync(NativeServer server, Task<Reply> answer, TimeSpan step)
    {
        for (int i = 0; i < 3000 && !answer.IsCompleted; i++)
        {
            server.Time.Pass(step);
            await Task.WhenAny(answer, Task.Delay(10));
        }

        return await answer.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static IEnumerable<string?> Targets(Reply config, int test = 0) =>
        config.Json.GetProperty("tests")[test].GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("name").GetString());
}
