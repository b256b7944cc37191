using System.Text.Json;
using static Llama.Tests.Server.Discovery.Native.NativeServer;

namespace Llama.Tests.Server.Discovery.Native;

public sealed class EventsTests
{
    [Fact]
    public async Task What_happened_is_told_in_order_and_can_be_followed()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a", address: "192.0.2.1");
        await server.JoinAsync("a", address: "192.0.2.2");
        await server.SendAsync("DELETE", "/api/v2/groups/g/probes/a");

        JsonElement first = (await server.GetAsync("/api/v2/events?limit=2")).Json;
        string next = first.GetProperty("next").GetString()!;
        JsonElement second = (await server.GetAsync($"/api/v2/events?after={next}")).Json;

        Assert.Equal(["joined", "changed_address"], Kinds(first));
        Assert.Equal(["removed"], Kinds(second));
        Assert.False(second.GetProperty("gap").GetBoolean());
        Assert.Equal(
            """{"sequence":2,"at":"2026-11-22T12:00:00Z","kind":"changed_address","group":"g","name":"a","address":"192.0.2.2","port":8100,"previous_address":"192.0.2.1"}""",
            first.GetProperty("events")[1].GetRawText());
        Assert.Equal(["changed_address", "removed"], Kinds((await server.GetAsync("/api/v2/events?after=1")).Json));
    }

    [Fact]
    public async Task Who_waits_hears_of_the_next_event_of_the_group_asked_for()
    {
        await using NativeServer server = await StartAsync();
        Task<Reply> waiting = server.GetAsync("/api/v2/events?wait=60s&group=g");
        await server.JoinAsync("x", group: "other");
        await server.JoinAsync("a");

        JsonElement reply = (await waiting).Json;

        Assert.Equal(["joined"], Kinds(reply));
        Assert.Equal("a", reply.GetProperty("events")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_wait_without_events_ends_empty_and_can_be_gone_on_from()
    {
        await using NativeServer server = await StartAsync();
        Task<Reply> waiting = server.GetAsync("/api/v2/events?wait=10s");
        for (int i = 0; i < 3000 && !waiting.IsCompleted; i++)
        {
            server.Time.Pass(TimeSpan.FromSeconds(1));
            await Task.WhenAny(waiting, Task.Delay(10));
        }

        JsonElement reply = (await waiting).Json;
        await server.JoinAsync("a");

        Assert.Empty(Kinds(reply));
        Assert.Equal(["joined"], Kinds((await server.GetAsync($"/api/v2/events?after={reply.GetProperty("next").GetString()}")).Json));
    }

    [Theory]
    [InlineData("after=x")]
    [InlineData("after=-1")]
    [InlineData("after=1.x")]
    [InlineData("limit=0")]
    [InlineData("wait=x")]
    public async Task A_parameter_that_is_no_good_is_named(string query)
    {
        await using NativeServer server = await StartAsync();

        Assert.Contains($"The parameter {query.Split('=')[0]} is", (await server.GetAsync($"/api/v2/events?{query}")).Problem(400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_of_another_run_begins_anew_and_says_so()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");

        foreach (string place in new[] { "deadbeef.1", "99" })
        {
            JsonElement reply = (await server.GetAsync($"/api/v2/events?after={place}")).Json;
            Assert.Equal(["joined"], Kinds(reply));
            Assert.True(reply.GetProperty("gap").GetBoolean());
        }
    }

    [Fact]
    public async Task A_stream_tells_what_happens_from_now_on()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("before");
        using StreamReader stream = await server.ListenAsync("/api/v2/events");
        Assert.Equal("retry: 2000", await stream.ReadLineAsync());
        await stream.ReadLineAsync();

        await server.JoinAsync("a\u2028<x>");
        (string id, string kind, JsonElement data) = await ReadAsync(stream);

        Assert.EndsWith(".2", id, StringComparison.Ordinal);
        Assert.Equal("joined", kind);
        Assert.Equal("a\u2028<x>", data.GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_stream_goes_on_behind_the_last_event_that_was_seen()
    {
        await using NativeServer server = await StartAsync();
        foreach (string name in new[] { "a", "b", "c" }) await server.JoinAsync(name);
        string run = (await server.GetAsync("/api/v2/events")).Json.GetProperty("next").GetString()!.Split('.')[0];

        using StreamReader stream = await server.ListenAsync("/api/v2/events", ("Last-Event-ID", $"{run}.1"));
        await stream.ReadLineAsync();
        await stream.ReadLineAsync();

        Assert.Equal("b", (await ReadAsync(stream)).Data.GetProperty("name").GetString());
        Assert.Equal("c", (await ReadAsync(stream)).Data.GetProperty("name").GetString());

        using StreamReader lost = await server.ListenAsync("/api/v2/events?group=none", ("Last-Event-ID", "deadbeef.1"));
        await lost.ReadLineAsync();
        await lost.ReadLineAsync();
        Assert.Equal("gap", (await ReadAsync(lost)).Kind);
    }

    [Fact]
    public async Task A_quiet_stream_shows_that_it_lives()
    {
        await using NativeServer server = await StartAsync();
        using StreamReader stream = await server.ListenAsync("/api/v2/events");
        await stream.ReadLineAsync();
        await stream.ReadLineAsync();

        Task<string?> line = stream.ReadLineAsync();
        for (int i = 0; i < 3000 && !line.IsCompleted; i++)
        {
            server.Time.Pass(TimeSpan.FromSeconds(5));
            await Task.WhenAny(line, Task.Delay(10));
        }

        Assert.StartsWith(":", await line, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Kinds(JsonElement reply) =>
        reply.GetProperty("events").EnumerateArray().Select(one => one.GetProperty("kind").GetString());

    private static async Task<(string Id, string Kind, JsonElement Data)> ReadAsync(StreamReader stream)
    {
        string id = (await stream.ReadLineAsync())!, kind = (await stream.ReadLineAsync())!, data = (await stream.ReadLineAsync())!;
        Assert.Equal("", await stream.ReadLineAsync());
        return (id["id: ".Length..], kind["event: ".Length..], JsonDocument.Parse(data["data: ".Length..]).RootElement);
    }
}
