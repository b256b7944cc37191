using System.Text.Json;
using Llama.Server.Discovery;
using Llama.Tests.Storage;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>A discovery server with a store in memory and a clock that the test moves.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly DiscoveryServer _server;
    private double _passed;

    private RunningServer(DiscoveryServer server, FakeTime time, MemoryRegistryStore store, List<string> warnings)
    {
        _server = server;
        Time = time;
        Store = store;
        Warnings = warnings;
    }

    public FakeTime Time { get; }

    public MemoryRegistryStore Store { get; }

    public IReadOnlyList<string> Warnings { get; }

    public string Url => _server.Addresses[0];

    public static async Task<RunningServer> StartAsync(DiscoveryOptions? options = null, MemoryRegistryStore? stored = null)
    {
        var time = new FakeTime();
        MemoryRegistryStore store = stored ?? new MemoryRegistryStore();
        var warnings = new List<string>();
        void Warn(string text)
        {
            lock (warnings) warnings.Add(text);
        }

        options = (options ?? new DiscoveryOptions { Port = 0 }) with { Warn = Warn };
        return new RunningServer(await DiscoveryServer.StartAsync(options, store, time), time, store, warnings);
    }

    public Task<RawReply> GetAsync(string target, params string[] headers) => RawHttp.GetAsync(Url, target, headers);

    public Task<RawReply> RegisterAsync(string json, string source = "127.0.0.1", params string[] headers) =>
        RegisterAsync(System.Text.Encoding.UTF8.GetBytes(json), source, headers);

    public Task<RawReply> RegisterAsync(byte[] body, string source = "127.0.0.1", params string[] headers)
    {
        string lines = string.Concat(headers.Select(header => header + "\r\n"));
        string head = $"POST /api/v1/register HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{lines}\r\n";
        return RawHttp.SendAsync(Url, [.. System.Text.Encoding.Latin1.GetBytes(head), .. body], source, isHead: false);
    }

    /// <summary>Lets time pass up to so many seconds after the start, and waits for what the minutes' rounds publish.</summary>
    public async Task PassUntilAsync(double secondsAfterStart)
    {
        Time.Pass(TimeSpan.FromSeconds(Math.Max(0, secondsAfterStart - _passed)));
        _passed = Math.Max(_passed, secondsAfterStart);
        double round = Math.Floor(_passed / 60) * 60;
        for (int i = 0; round > 0 && i < 3000 && await UptimeAsync() < round; i++) await Task.Delay(10);
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task<double> UptimeAsync()
    {
        using var figures = JsonDocument.Parse((await GetAsync("/metrics")).Body);
        return figures.RootElement.TryGetProperty("uptime", out JsonElement uptime) ? uptime.GetDouble() : 0;
    }
}
