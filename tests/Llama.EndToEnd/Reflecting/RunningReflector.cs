using System.Net;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Reflecting;

/// <summary>A `llama reflector` that answers, with its metrics.</summary>
internal sealed class RunningReflector : IAsyncDisposable
{
    private const int MetricsTries = 3;

    private RunningReflector(LlamaProcess process, int port, int metricsPort)
    {
        Process = process;
        Port = port;
        MetricsPort = metricsPort;
    }

    public LlamaProcess Process { get; }

    public int Port { get; }

    public int MetricsPort { get; }

    public static async Task<RunningReflector> Start(params string[] arguments)
    {
        int port = Ports.Free();
        int metrics = Ports.Free();
        LlamaProcess process = LlamaProcess.Start(
            ["reflector", "-port", $"{port}", "--metrics", $"127.0.0.1:{metrics}", .. arguments]);
        var reflector = new RunningReflector(process, port, metrics);
        try
        {
            await Web.GetWhenUp(metrics, "/readyz", process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return reflector;
    }

    public IPEndPoint At(IPAddress address) => new(address, Port);

    /// <summary>How many datagrams had this verdict, as /metrics says.</summary>
    public async Task<double> Counted(string verdict) =>
        await Web.Metric(MetricsPort, "llama_reflector_datagrams_total", $"\"{verdict}\"") ?? 0;

    /// <summary>How many datagrams arrived, as /metrics says.</summary>
    public async Task<double> Received() => await Web.Metric(MetricsPort, "llama_reflector_datagrams_received_total") ?? 0;

    /// <summary>Waits until so many had this verdict: a datagram is counted after its reply has left.</summary>
    public Task UntilCounted(string verdict, int datagrams) => Eventually.Get(
        async () => await Counted(verdict) >= datagrams ? "" : null, TimeSpan.FromSeconds(10), $"{datagrams} {verdict}", () => Process.Transcript);

    public Task UntilReceived(int datagrams) => Eventually.Get(
        async () => await Received() >= datagrams ? "" : null, TimeSpan.FromSeconds(10), $"{datagrams} datagrams at the reflector", () => Process.Transcript);

    /// <summary>Sends an ordinary datagram and waits for its reply: it lives, and it has judged whatever was sent before.</summary>
    public async Task AssertAnswers(IPAddress address)
    {
        using var client = new UdpSender(address.AddressFamily);
        byte[] request = Probes.Ordinary();
        for (int attempt = 1; ; attempt++)
        {
            client.Send(request, At(address));
            byte[]? reply = await client.Receive(TimeSpan.FromSeconds(2));
            if (reply is not null)
            {
                Assert.Equal(request, reply);
                return;
            }

            if (attempt == MetricsTries) Assert.Fail($"It does not answer any more.\n{Process.Transcript}");
        }
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
