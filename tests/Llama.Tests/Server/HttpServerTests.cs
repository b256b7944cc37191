using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Collecting;
using Llama.Server.Hosting;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Server;

/// <summary>What holds for everything that is served.</summary>
public sealed class HttpServerTests
{
    [Fact]
    public async Task A_port_in_use_is_named_with_its_address()
    {
        await using CollectorApi first = await CollectorApi.StartAsync("127.0.0.1", 0, new CollectorState());
        int port = new Uri(first.Addresses[0]).Port;

        IOException error = await Assert.ThrowsAsync<IOException>(() => CollectorApi.StartAsync("127.0.0.1", port, new CollectorState()));

        Assert.StartsWith($"Cannot listen on 127.0.0.1:{port} (TCP): the port is in use; ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1", "Cannot listen on 192.0.2.1:5000 (TCP): the address is not one of this host's; ")]
    [InlineData("2001:db8::1", "Cannot listen on [2001:db8::1]:5000 (TCP): ")]
    [InlineData("nosuch.invalid", "Cannot listen on nosuch.invalid:5000 (TCP): the name can't be resolved; ")]
    public async Task An_address_that_can_not_be_bound_is_named_with_the_reason(string host, string message)
    {
        IOException error = await Assert.ThrowsAsync<IOException>(() => CollectorApi.StartAsync(host, 5000, new CollectorState()));

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0.0.0.0")]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    public async Task Names_and_wildcards_listen_on_IPv4(string host)
    {
        await using CollectorApi api = await CollectorApi.StartAsync(host, 0, new CollectorState());

        Assert.Equal("ok", (await RawHttp.GetAsync($"http://127.0.0.1:{new Uri(api.Addresses[0]).Port}", "/status")).Body);
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("::1")]
    public async Task Wildcards_of_either_family_listen_on_IPv6(string host)
    {
        Skip.IfNot(HasIPv6(), "this machine has no IPv6");
        await using CollectorApi api = await CollectorApi.StartAsync(host, 0, new CollectorState());

        Assert.Equal("ok", (await RawHttp.GetAsync($"http://[::1]:{new Uri(api.Addresses[0]).Port}", "/status")).Body);
    }

    [Theory]
    [InlineData("/a/../status", "/status")]
    [InlineData("/./status/", "/status/")]
    [InlineData("/status/..", "/")]
    [InlineData("//status?x=1&y", "/status?x=1&y")]
    [InlineData("/../%20<%25é", "/%20%3C%25%C3%A9")]
    [InlineData("///", "/")]
    public void An_unclean_path_leads_to_the_clean_one(string target, string location)
    {
        RequestTarget parsed = RequestTarget.Parse(target.Replace("é", "%c3%a9", StringComparison.Ordinal))!.Value;

        Assert.NotEqual(parsed.Path, parsed.CleanPath);
        Assert.Equal(location, parsed.CleanLocation);
    }

    [Theory]
    [InlineData("/", "/")]
    [InlineData("/status", "/status")]
    [InlineData("/st%61tus", "/status")]
    [InlineData("/status/", "/status/")]
    [InlineData("http://collector:5000/status?x", "/status")]
    public void A_clean_path_stays(string target, string path)
    {
        RequestTarget parsed = RequestTarget.Parse(target)!.Value;

        Assert.Equal(path, parsed.Path);
        Assert.Equal(path, parsed.CleanPath);
    }

    [Theory]
    [InlineData("/%")]
    [InlineData("/%4")]
    [InlineData("/%zz")]
    [InlineData("/\u0001")]
    [InlineData("//?\u007f")]
    [InlineData("//?\u00e9")]
    public async Task A_broken_target_is_a_bad_request(string target)
    {
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, new CollectorState());

        Assert.Equal(400, (await RawHttp.GetAsync(api.Addresses[0], target)).Status);
    }

    [Fact]
    public void Any_redirect_leads_to_a_clean_path_at_once() => Prop.ForAll(
        Arb.From(Gen.Elements("/", ".", "..", "%", "%2e", "%2F", "%00", "%ff", "a", "é", "?", "\u0001", ":", "//", "http://h").ListOf().Select(string.Concat)),
        raw =>
        {
            if (RequestTarget.Parse(raw) is not { } target || target.Path == target.CleanPath) return;
            Assert.DoesNotContain(target.CleanLocation, c => c is < ' ' or > '~');
            RequestTarget next = RequestTarget.Parse(target.CleanLocation)!.Value;
            Assert.Equal(target.CleanPath, next.Path);
            Assert.Equal(next.Path, next.CleanPath);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Dot_segments_are_redirected_before_they_are_served()
    {
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, new CollectorState());

        RawReply reply = await RawHttp.GetAsync(api.Addresses[0], "/x/../status?a=<b>");

        Assert.Equal(301, reply.Status);
        Assert.Equal("/status?a=<b>", reply["Location"]);
        Assert.Equal("<a href=\"/status?a=&lt;b&gt;\">Moved Permanently</a>.\n\n", reply.Body);
    }

    [Fact]
    public async Task A_large_body_is_not_waited_for()
    {
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, new CollectorState());

        RawReply reply = await RawHttp.SendAsync(api.Addresses[0], "POST", "/status", "Content-Length: 1000000000");

        Assert.Equal("ok", reply.Body);
        Assert.Equal("close", reply["Connection"]);
    }

    [Fact]
    public async Task Garbage_is_refused_and_the_server_goes_on()
    {
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, new CollectorState());

        Assert.Equal(400, (await RawHttp.SendAsync(api.Addresses[0], "\u0001\u00ff garbage\r\n\r\n")).Status);
        Assert.Equal(414, (await RawHttp.GetAsync(api.Addresses[0], "/" + new string('a', 20_000))).Status);
        Assert.Equal(431, (await RawHttp.GetAsync(api.Addresses[0], "/", "X: " + new string('a', 40_000))).Status);
        Assert.Equal("ok", (await RawHttp.GetAsync(api.Addresses[0], "/status")).Body);
    }

    [Fact]
    public async Task Ready_once_a_report_has_come_and_as_long_as_they_keep_coming()
    {
        var time = new StandingTime();
        var state = new CollectorState(time);
        state.Configure(Plan());
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, state);
        Task<RawReply> Ready() => RawHttp.GetAsync(api.Addresses[0], "/readyz");

        RawReply before = await Ready();
        Assert.Equal(503, before.Status);
        Assert.Equal("no interval has been reported yet", before.Body);
        Assert.Equal("ok", (await RawHttp.GetAsync(api.Addresses[0], "/healthz")).Body);

        state.Accept(Report());
        time.Pass(TimeSpan.FromSeconds(30));
        Assert.Equal("ok", (await Ready()).Body);

        time.Pass(TimeSpan.FromSeconds(1));
        RawReply stale = await Ready();
        Assert.Equal(503, stale.Status);
        Assert.Equal("the last interval was reported 31 s ago, and one is due every 10 s", stale.Body);

        state.Accept(Report());
        Assert.Equal("ok", (await Ready()).Body);
    }

    [Fact]
    public async Task Stopping_frees_the_port_at_once_though_a_connection_is_open()
    {
        CollectorApi first = await CollectorApi.StartAsync("127.0.0.1", 0, new CollectorState());
        int port = new Uri(first.Addresses[0]).Port;
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);

        await first.DisposeAsync();

        await using CollectorApi second = await CollectorApi.StartAsync("127.0.0.1", port, new CollectorState());
        Assert.Equal("ok", (await RawHttp.GetAsync(second.Addresses[0], "/status")).Body);
    }

    private static bool HasIPv6()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
