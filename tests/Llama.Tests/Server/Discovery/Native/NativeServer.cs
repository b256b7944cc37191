using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using Llama.Tests.Storage;

namespace Llama.Tests.Server.Discovery.Native;

/// <summary>A discovery server on a port of its own, with a store in memory and a clock that the test moves.</summary>
internal sealed class NativeServer : IAsyncDisposable
{
    private readonly DiscoveryServer _server;
    private readonly HttpClient _client;
    private readonly List<string> _warnings;

    private NativeServer(DiscoveryServer server, MemoryRegistryStore store, FakeTime time, List<string> warnings)
    {
        _server = server;
        Store = store;
        Time = time;
        _warnings = warnings;
        var handler = new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
            AutomaticDecompression = DecompressionMethods.None,
        };
        _client = new HttpClient(handler) { BaseAddress = new Uri(server.Addresses[0]), Timeout = TimeSpan.FromSeconds(60) };
    }

    public MemoryRegistryStore Store { get; }

    public FakeTime Time { get; }

    public string Address => _server.Addresses[0];

    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_warnings) return [.. _warnings];
        }
    }

    public static async Task<NativeServer> StartAsync(DiscoveryOptions? options = null, ServerConfiguration? configuration = null, FakeTime? clock = null)
    {
        var warnings = new List<string>();
        (var store, FakeTime time) = (new MemoryRegistryStore(), clock ?? new FakeTime());
        options = (options ?? new DiscoveryOptions()) with { Port = 0, Warn = Warn };
        if (configuration is not null) options = options with { Configuration = configuration };
        return new NativeServer(await DiscoveryServer.StartAsync(options, store, time), store, time, warnings);

        void Warn(string text)
        {
            lock (warnings) warnings.Add(text);
        }
    }

    /// <summary>A configuration with settings for one group.</summary>
    public static ServerConfiguration Group(string name, GroupSettings settings) =>
        new() { Groups = new Dictionary<string, GroupSettings> { [name] = settings } };

    public async Task<Reply> SendAsync(
        string method, string target, string? body = null, string? token = null, string type = "application/json", CancellationToken cancellation = default,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), target);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (type.Length > 0) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await _client.SendAsync(request, cancellation);
        Assert.True(response.StatusCode != HttpStatusCode.InternalServerError, string.Join("; ", Warnings));
        return new Reply((int)response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    public Task<Reply> GetAsync(string target, string? token = null, params (string Name, string Value)[] headers) =>
        SendAsync("GET", target, token: token, headers: headers);

    /// <summary>Registers a probe, each with an address and an instance of its own.</summary>
    public Task<Reply> JoinAsync(string name, string? group = null, string? token = null, string tags = "{}", string? address = null) => SendAsync(
        "PUT",
        $"/api/v2/groups/{Uri.EscapeDataString(group ?? "g")}/probes/{Uri.EscapeDataString(name)}",
        $$"""{"address":"{{address ?? AddressOf(name)}}","port":8100,"instance":"{{InstanceOf(name)}}","tags":{{tags}}}""",
        token);

    /// <summary>Opens a stream of events.</summary>
    public async Task<StreamReader> ListenAsync(string target, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, target);
        request.Headers.Accept.ParseAdd("text/event-stream");
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, string.Join("; ", Warnings));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    /// <summary>The instance that a probe joins with.</summary>
    public static string InstanceOf(string name) => $"of {AddressOf(name)}";

    private static string AddressOf(string name)
    {
        int sum = name.Aggregate(17, (sum, c) => (sum * 31) + c) & 0xFFFFFF;
        return $"10.{sum >> 16}.{(sum >> 8) & 255}.{sum & 255}";
    }
}

/// <summary>A reply as it came.</summary>
internal sealed record Reply(int Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? Type => ContentHeaders.ContentType?.ToString();

    public string? this[string name] =>
        Headers.TryGetValues(name, out IEnumerable<string>? values) || ContentHeaders.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    /// <summary>Asserts that this is problem details, and gives the detail.</summary>
    public string Problem(int status)
    {
        Assert.Equal(status, Status);
        Assert.Equal("application/problem+json", Type);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(Json.GetProperty("title").GetString()!);
        return Json.GetProperty("detail").GetString()!;
    }
}
