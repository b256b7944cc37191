using System.Text.Json;
using Llama.Server.Intake;
using Llama.Tests.Server.Discovery.Native;
using Llama.Tests.Server.Intake;
using static Llama.Tests.Server.Discovery.Native.NativeServer;

namespace Llama.Tests.Server.History;

/// <summary>GET /api/v2/intervals.</summary>
public sealed class IntervalsTests
{
    [Fact]
    public async Task Each_report_that_is_taken_is_told_with_its_values()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        using StreamReader stream = await ListenAsync(server, "/api/v2/intervals?metrics=loss,rtt_p50");

        await PushAsync(server, "a", 0, ("b", 1, 1000), ("c", 0, 2000));

        (string id, string kind, string data) = await ReadAsync(stream);
        Assert.EndsWith(".1", id, StringComparison.Ordinal);
        Assert.Equal("interval", kind);
        Assert.Equal(
            """
            {"group":"g","source":"a","start":"2026-11-22T12:00:00Z","end":"2026-11-22T12:00:10Z","suspect":false,"pairs":2,"sent":3,"lost":1,"lossy_pairs":1,
            "class":0,"destinations":["b","c"],"metrics":{"loss":[0.5,0],"rtt_p50":[1000,2000]}}
            """.ReplaceLineEndings(""),
            data);
    }

    [Fact]
    public async Task Only_the_group_that_is_asked_for_is_told_and_no_more_than_is_wanted()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        await server.JoinAsync("a", group: "h");
        using StreamReader stream = await ListenAsync(server, "/api/v2/intervals?group=h");

        await PushAsync(server, "a", 0, ("b", 1, 1000));
        await PushAsync(server, "a", 0, ("b", 0, 1000), group: "h");

        (string _, string _, string data) = await ReadAsync(stream);
        Assert.Equal(
            """{"group":"h","source":"a","start":"2026-11-22T12:00:00Z","end":"2026-11-22T12:00:10Z","suspect":false,"pairs":1,"sent":1,"lost":0,"lossy_pairs":0}""", data);
    }

    [Fact]
    public async Task Listeners_to_a_quiet_group_hear_that_the_server_is_there_while_others_report()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        using StreamReader stream = await ListenAsync(server, "/api/v2/intervals?group=h");

        Task<string?> heard = stream.ReadLineAsync();
        for (int i = 0; i < 50 && !heard.IsCompleted; i++)
        {
            await PushAsync(server, "a", 10 * i, ("b", 0, 1000));
            server.Time.Pass(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(": still here", await heard.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_report_that_comes_late_has_no_values_of_pairs_that_have_newer_ones()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        using StreamReader stream = await ListenAsync(server, "/api/v2/intervals?metrics=loss");

        await PushAsync(server, "a", 0, ("b", 1, 1000));
        await ReadAsync(stream);
        await PushAsync(server, "a", -30, ("b", 5, 1000));
        (string _, string _, string late) = await ReadAsync(stream);
        await PushAsync(server, "a", -30, ("b", 5, 1000));
        await PushAsync(server, "a", 10, ("b", 0, 1000));
        (string _, string _, string next) = await ReadAsync(stream);

        Assert.Contains("\"lost\":5,\"lossy_pairs\":1,\"class\":0,\"destinations\":[],\"metrics\":{\"loss\":[]}", late, StringComparison.Ordinal);
        Assert.Contains("\"start\":\"2026-11-22T12:00:10Z\"", next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_comes_back_goes_on_where_he_was_and_hears_of_a_gap_when_it_is_too_late()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        string first;
        using (StreamReader stream = await ListenAsync(server, "/api/v2/intervals"))
        {
            await PushAsync(server, "a", 0, ("b", 0, 1000));
            (first, _, _) = await ReadAsync(stream);
        }

        await PushAsync(server, "a", 10, ("b", 0, 1000));
        using (StreamReader stream = await ListenAsync(server, "/api/v2/intervals", ("Last-Event-ID", first)))
            Assert.Contains("\"start\":\"2026-11-22T12:00:10Z\"", (await ReadAsync(stream)).Data, StringComparison.Ordinal);

        for (int i = 2; i < IntervalFeed.Capacity + 5; i++) await PushAsync(server, "a", 10 * i, ("b", 0, 1000));
        using StreamReader late = await ListenAsync(server, "/api/v2/intervals", ("Last-Event-ID", first));
        (string missed, string kind, string data) = await ReadAsync(late);
        (string next, string _, string _) = await ReadAsync(late);
        Assert.Equal(("gap", "{}"), (kind, data));
        Assert.Equal((5, 6), (int.Parse(missed.Split('.')[1]), int.Parse(next.Split('.')[1])));
    }

    [Fact]
    public async Task Names_come_as_data_whatever_they_hold()
    {
        await using NativeServer server = await StartAsync();
        await server.JoinAsync("a");
        using StreamReader stream = await ListenAsync(server, "/api/v2/intervals?metrics=loss");

        await PushAsync(server, "a", 0, ("x\n\ndata: y\u2028", 0, 1000));

        Assert.Equal("x\n\ndata: y\u2028", JsonDocument.Parse((await ReadAsync(stream)).Data).RootElement.GetProperty("destinations")[0].GetString());
    }

    private static async Task PushAsync(NativeServer server, string name, double seconds, (string To, long Lost, long Rtt) pair, (string To, long Lost, long Rtt)? other = null, string group = "g")
    {
        (string To, long Lost, long Rtt)[] pairs = other is { } second ? [pair, second] : [pair];
        byte[] body = Pushes.Body(group, name, InstanceOf(name), Pushes.At(seconds, [.. pairs.Select(one => Pushes.To(one.To, one.Lost, one.Rtt))]));
        Reply reply = await server.SendAsync("POST", "/api/v2/summaries", System.Text.Encoding.UTF8.GetString(body));
        Assert.True(reply.Status == 200, reply.Text);
    }

    private static async Task<StreamReader> ListenAsync(NativeServer server, string target, params (string, string)[] headers)
    {
        StreamReader stream = await server.ListenAsync(target, headers);
        Assert.Equal("retry: 2000", await stream.ReadLineAsync());
        await stream.ReadLineAsync();
        return stream;
    }

    private static async Task<(string Id, string Kind, string Data)> ReadAsync(StreamReader stream)
    {
        string id = (await stream.ReadLineAsync())!, kind = (await stream.ReadLineAsync())!, data = (await stream.ReadLineAsync())!;
        Assert.Equal("", await stream.ReadLineAsync());
        return (id["id: ".Length..], kind["event: ".Length..], data["data: ".Length..]);
    }
}
