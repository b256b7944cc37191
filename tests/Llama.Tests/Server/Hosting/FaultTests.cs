using System.Net.Sockets;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Tests.Server.Hosting;

/// <summary>What becomes of a request whose handler fails.</summary>
public sealed class FaultTests
{
    private readonly StandingTime _time = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public async Task A_handler_that_fails_is_a_problem_for_the_client_and_a_line_for_the_operator()
    {
        await using HttpServer server = await ServeAsync((_, _) => throw new InvalidOperationException("the disk\nis gone"));

        RawReply reply = await RawHttp.GetAsync(server.Addresses[0], "/x%0a%1b[31m");

        Assert.Equal(500, reply.Status);
        Assert.Equal("application/problem+json", reply["Content-Type"]);
        Assert.DoesNotContain("disk", reply.Body, StringComparison.Ordinal);
        Assert.Equal("HTTP: GET /x%0A%1B%5B31m failed: InvalidOperationException: the disk is gone", Assert.Single(_warnings));
    }

    [Fact]
    public async Task Lines_for_the_operator_are_ten_seconds_apart_and_tell_how_many_are_missing()
    {
        await using HttpServer server = await ServeAsync((_, _) => throw new InvalidOperationException("no"));

        for (int i = 0; i < 5; i++) Assert.Equal(500, (await RawHttp.GetAsync(server.Addresses[0], "/")).Status);
        _time.Pass(TimeSpan.FromSeconds(10));
        await RawHttp.GetAsync(server.Addresses[0], "/");

        Assert.Equal(2, _warnings.Count);
        Assert.EndsWith("no (4 more since the last such line)", _warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_fails_half_way_is_broken_off()
    {
        await using HttpServer server = await ServeAsync(async (context, _) =>
        {
            await context.Response.Body.WriteAsync("half"u8.ToArray());
            await context.Response.Body.FlushAsync();
            throw new InvalidOperationException("no");
        });
        using var client = new HttpClient();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetStringAsync(new Uri(server.Addresses[0])));
        Assert.Single(_warnings);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_the_clients_fault_and_no_line()
    {
        await using HttpServer server = await ServeAsync(async (context, _) => await context.Request.Body.CopyToAsync(Stream.Null));

        RawReply reply = await RawHttp.SendAsync(server.Addresses[0], "POST", "/", "Content-Length: 100000");

        Assert.Equal(413, reply.Status);
        Assert.Equal("application/problem+json", reply["Content-Type"]);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task A_server_short_of_connections_closes_each_after_its_reply()
    {
        await using HttpServer server = await HttpServer.StartAsync(
            "127.0.0.1", 0, (context, _) => context.ReplyOkAsync(), new HttpLimits { MaxConnections = 4 });
        var url = new Uri(server.Addresses[0]);
        using TcpClient first = await IdleAsync(url), second = await IdleAsync(url), third = await IdleAsync(url);

        Assert.Equal("close", (await RawHttp.GetAsync(server.Addresses[0], "/"))["Connection"]);
    }

    /// <summary>A connection that has had an answer and stays open.</summary>
    private static async Task<TcpClient> IdleAsync(Uri url)
    {
        var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        await client.GetStream().ReadExactlyAsync(new byte[10]);
        return client;
    }

    private Task<HttpServer> ServeAsync(Func<HttpContext, string, Task> handle) =>
        HttpServer.StartAsync("127.0.0.1", 0, handle, faults: new FaultLog(_warnings.Add, _time));
}
