using System.Net;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Lab;

/// <summary>A host of a lab, on which programs run.</summary>
internal sealed class LabHost(NetworkNamespace space, LabRouter router, int site) : IAsyncDisposable
{
    private const int FirstApiPort = 5000;
    private const int FirstUdpPort = 8100;
    private readonly List<IAsyncDisposable> _running = [];
    private int _apis;
    private int _udpPorts;

    /// <summary>Its number, from 0.</summary>
    public int Site => site;

    /// <summary>Where its programs run.</summary>
    public NetworkNamespace Space => space;

    /// <summary>The router in front of it.</summary>
    public LabRouter Router => router;

    public IPAddress V4 { get; } = IPAddress.Parse(LabAddress.Host(site, six: false));

    public IPAddress V6 { get; } = IPAddress.Parse(LabAddress.Host(site, six: true));

    /// <summary>NAME=VALUE for the environment of programs that are started from now on.</summary>
    public IList<string> Variables { get; } = [];

    /// <summary>What a site is called in the names of namespaces and links.</summary>
    public static char Letter(int site) => (char)('a' + site);

    /// <summary>Starts `llama reflector` without rate limits, and waits until it listens.</summary>
    public async Task<LabReflector> StartReflectorAsync(params string[] arguments)
    {
        int port = FirstUdpPort + _udpPorts++;
        var metrics = new IPEndPoint(IPAddress.Loopback, port);
        LlamaProcess process = await StartAsync("serves /metrics", [
            "reflector", "--port", $"{port}", "--max-pps", "unlimited", "--max-pps-per-source", "unlimited", "--metrics", $"{metrics}", .. arguments]);
        return new LabReflector(process, this, port);
    }

    /// <summary>Starts `llama relay` on this host, in front of a reflector, and waits until it listens.</summary>
    /// <returns>Where collectors send to.</returns>
    public async Task<IPEndPoint> StartRelayAsync(IPEndPoint reflector, params string[] arguments)
    {
        var listen = new IPEndPoint(reflector.Address.AddressFamily == V4.AddressFamily ? V4 : V6, FirstUdpPort + _udpPorts++);
        await StartAsync("relays UDP", ["relay", "--listen", $"{listen}", "--to", $"{reflector}", .. arguments]);
        return listen;
    }

    /// <summary>Starts `llama server` for everybody in the lab, with intervals of two seconds, and waits until it listens.</summary>
    /// <returns>Its address.</returns>
    public async Task<string> StartServerAsync(TemporaryDirectory state, params string[] arguments)
    {
        const int port = 5555;
        await StartAsync("serves http", ["server", "--host", "0.0.0.0", "--port", $"{port}", "--interval", "2", "--data", Path.Combine(state.FullName, "server"), .. arguments]);
        return $"http://{V4}:{port}";
    }

    /// <summary>Starts `llama probe`, named after this host, and waits until it has joined.</summary>
    public Task<LlamaProcess> StartProbeAsync(string server, TemporaryDirectory state, params string[] arguments)
    {
        string name = $"{Letter(site)}";
        return StartAsync("joined group", ["probe", "--server", server, "--shortname", name, "--data", Path.Combine(state.FullName, name), .. arguments]);
    }

    /// <summary>Starts `llama collector` with as many flows to one target.</summary>
    public Task<LabCollector> StartCollectorAsync(IPEndPoint target, int flows = 16, double cps = 50) =>
        StartCollectorAsync([target], cps, new FlowGroup(flows));

    /// <summary>Starts `llama collector`, which sends <paramref name="cps"/> datagrams a second on each flow of each group to each target.</summary>
    public async Task<LabCollector> StartCollectorAsync(IEnumerable<IPEndPoint> targets, double cps, params FlowGroup[] groups)
    {
        var api = new IPEndPoint(IPAddress.Loopback, FirstApiPort + _apis++);
        var directory = new TemporaryDirectory();
        string file = directory.Write("llama.yaml", FlowGroup.Configuration(targets, cps, groups));
        LlamaProcess process = await StartAsync("", ["collector", "--config", file, "--api", $"{api}"]);
        var collector = new LabCollector(process, directory, space, api);
        _running.Add(collector);
        return collector;
    }

    /// <summary>Ends what runs on it.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable program in Enumerable.Reverse(_running)) await program.DisposeAsync();
        _running.Clear();
    }

    private async Task<LlamaProcess> StartAsync(string ready, IEnumerable<string> arguments)
    {
        string[] line = space.CommandLine("env", [.. Variables, Repository.Executable, .. arguments]);
        LlamaProcess process = LlamaProcess.StartAt(line[0], line[1..]);
        _running.Add(process);
        await Eventually.Holds(
            () => process.HasExited ? throw new InvalidOperationException(process.Transcript) : process.Error.Contains(ready, StringComparison.Ordinal),
            TimeSpan.FromSeconds(20),
            ready,
            () => process.Transcript);
        return process;
    }
}
