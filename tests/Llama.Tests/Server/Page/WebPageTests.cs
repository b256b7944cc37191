using System.IO.Compression;
using System.Text;
using Llama.Server.Hosting;
using Llama.Server.Page;

namespace Llama.Tests.Server.Page;

/// <summary>How the page's files reach a browser.</summary>
public sealed class WebPageTests : IAsyncLifetime, IDisposable
{
    private const string Script = "assets/index-B1c2.js";
    private static readonly string ScriptText = string.Concat(Enumerable.Repeat("console.log('ünïcode'); ", 100));

    private readonly HttpClient _client = new();
    private HttpServer? _server;

    public async Task InitializeAsync() => _server = await ServeAsync(new WebPage(Files(
        ("index.html", "<!doctype html><p>the page"), (Script, ScriptText), ("llama.svg", "<svg/>"))));

    public async Task DisposeAsync() => await _server!.DisposeAsync();

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("/", "text/html; charset=utf-8", "no-cache")]
    [InlineData("/llama.svg", "image/svg+xml", "no-cache")]
    [InlineData($"/{Script}", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable")]
    public async Task What_keeps_its_name_is_asked_for_anew_and_what_changes_it_never_again(string path, string type, string caching)
    {
        RawReply reply = await GetAsync(path);

        Assert.Equal((200, type, caching), (reply.Status, reply["Content-Type"], reply["Cache-Control"]));
        Assert.Equal("Accept-Encoding", reply["Vary"]);
    }

    [Theory]
    [InlineData("/")]
    [InlineData($"/{Script}")]
    public async Task Who_has_it_already_does_not_get_it_again(string path)
    {
        string tag = (await GetAsync(path))["ETag"]!;

        RawReply again = await GetAsync(path, $"If-None-Match: {tag}"), other = await GetAsync(path, "If-None-Match: \"other\"");

        Assert.Equal((304, tag), (again.Status, again["ETag"]));
        Assert.Equal(200, other.Status);
    }

    [Fact]
    public async Task Another_content_is_known_by_another_tag()
    {
        await using HttpServer other = await ServeAsync(new WebPage(Files(("index.html", "<!doctype html><p>the next page"))));

        Assert.NotEqual((await GetAsync("/"))["ETag"], (await RawHttp.GetAsync(other.Addresses[0], "/"))["ETag"]);
    }

    [Theory]
    [InlineData("gzip, deflate, br", true)]
    [InlineData("br;q=1, GZIP;q=0.1", true)]
    [InlineData("gzip;q=0, identity", false)]
    [InlineData("identity", false)]
    [InlineData("notgzip", false)]
    [InlineData("\";;", false)]
    public async Task Who_takes_gzip_gets_gzip_and_nobody_else(string accepted, bool isPacked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_server!.Addresses[0]}/{Script}");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);
        using HttpResponseMessage response = await _client.SendAsync(request);
        byte[] body = await response.Content.ReadAsByteArrayAsync();

        Assert.Equal(isPacked, response.Content.Headers.ContentEncoding.Contains("gzip"));
        Assert.Equal(isPacked, body.Length < ScriptText.Length / 2);
        Assert.Equal(ScriptText, Encoding.UTF8.GetString(isPacked ? Unpack(body) : body));
    }

    [Theory]
    [InlineData("/", "GET")]
    [InlineData($"/{Script}", "GET")]
    [InlineData("/llama.svg", "HEAD")]
    public async Task Nothing_on_the_page_may_come_from_elsewhere_or_go_there(string path, string method)
    {
        RawReply reply = await RawHttp.SendAsync(_server!.Addresses[0], method, path);

        string[] policy = reply["Content-Security-Policy"]!.Split("; ");
        Assert.Contains("default-src 'none'", policy);
        Assert.Contains("script-src 'self'", policy);
        Assert.Contains("connect-src 'self'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.DoesNotContain(policy, rule => rule.Contains("unsafe", StringComparison.Ordinal) || rule.Contains('*', StringComparison.Ordinal));
        Assert.Equal(("nosniff", "no-referrer"), (reply["X-Content-Type-Options"], reply["Referrer-Policy"]));
    }

    [Fact]
    public async Task Head_says_what_get_would_send()
    {
        RawReply plain = await RawHttp.SendAsync(_server!.Addresses[0], "HEAD", $"/{Script}");
        RawReply packed = await RawHttp.SendAsync(_server.Addresses[0], "HEAD", $"/{Script}", "Accept-Encoding: gzip");

        Assert.Equal($"{Encoding.UTF8.GetByteCount(ScriptText)}", plain["Content-Length"]);
        Assert.Equal("gzip", packed["Content-Encoding"]);
        Assert.True(int.Parse(packed["Content-Length"]!, System.Globalization.CultureInfo.InvariantCulture) < ScriptText.Length / 2);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task Files_are_read_and_nothing_else(string method)
    {
        RawReply reply = await RawHttp.SendAsync(_server!.Addresses[0], method, $"/{Script}", "Content-Length: 0");

        Assert.Equal((405, "GET, HEAD"), (reply.Status, reply["Allow"]));
    }

    [Theory]
    [InlineData("/index.html")]
    [InlineData("/assets/")]
    [InlineData("/assets/../index.html")]
    [InlineData("/assets/%2e%2e/llama.svg")]
    [InlineData("//llama.svg")]
    [InlineData("/LLAMA.SVG")]
    public async Task What_is_no_file_of_the_page_is_not_found(string path) => Assert.Equal(404, (await GetAsync(path)).Status);

    [Fact]
    public async Task A_program_that_was_built_without_the_page_says_what_is_missing_and_what_to_do()
    {
        await using HttpServer without = await ServeAsync(new WebPage(Files()));

        RawReply reply = await RawHttp.GetAsync(without.Addresses[0], "/");

        Assert.Equal((200, "text/html; charset=utf-8", "no-cache"), (reply.Status, reply["Content-Type"], reply["Cache-Control"]));
        Assert.Contains("Node.js", reply.Body, StringComparison.Ordinal);
        Assert.Contains("make build", reply.Body, StringComparison.Ordinal);
    }

    private static Task<HttpServer> ServeAsync(WebPage page) => HttpServer.StartAsync(
        "127.0.0.1",
        0,
        (context, path) => path == "/" ? page.SendHomeAsync(context) : page.Answer(context, path) ?? context.ReplyNotFoundAsync(),
        new HttpLimits { RedirectsToCleanPaths = false });

    private static Dictionary<string, PageFile> Files(params (string Name, string Content)[] files) =>
        files.ToDictionary(file => file.Name, file => new PageFile(file.Name, Pack(file.Content)));

    private static byte[] Pack(string content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(Encoding.UTF8.GetBytes(content));
        return packed.ToArray();
    }

    private static byte[] Unpack(byte[] packed)
    {
        using var plain = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress)) gzip.CopyTo(plain);
        return plain.ToArray();
    }

    private Task<RawReply> GetAsync(string path, params string[] headers) => RawHttp.GetAsync(_server!.Addresses[0], path, headers);
}
