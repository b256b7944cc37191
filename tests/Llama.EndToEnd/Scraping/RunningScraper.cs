using System.Text.Json;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Scraping;

/// <summary>A `llama scraper` that shows how it is.</summary>
internal sealed class RunningScraper : IAsyncDisposable
{
    private RunningScraper(LlamaProcess process, int port)
    {
        Process = process;
        Port = port;
    }

    public LlamaProcess Process { get; }

    /// <summary>Where it serves /metrics and /status.</summary>
    public int Port { get; }

    public static async Task<RunningScraper> Start(TemporaryDirectory directory, params string[] arguments)
    {
        int port = Ports.Free();
        LlamaProcess process = LlamaProcess.StartAt(
            Repository.Executable,
            ["scraper", "--listen", $"127.0.0.1:{port}", "--spool", Path.Combine(directory.FullName, $"spool-{port}"), .. arguments],
            directory.FullName);
        try
        {
            await Web.GetWhenUp(port, "/healthz", process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return new RunningScraper(process, port);
    }

    /// <summary>How a collector is, once it is scraped and as wanted.</summary>
    public async Task<JsonElement> CollectorWhen(string address, Func<JsonElement, bool> wanted, TimeSpan deadline)
    {
        string status = "";
        Found found = await Eventually.Get(
            async () =>
            {
                status = await Web.Get(Port, "/status");
                using JsonDocument document = JsonDocument.Parse(status);
                foreach (JsonElement collector in document.RootElement.GetProperty("collectors").EnumerateArray())
                    if (collector.GetProperty("address").GetString() == address && wanted(collector)) return new Found(collector.Clone());
                return null;
            },
            deadline,
            $"the collector {address}",
            () => $"{status}\n{Process.Transcript}");
        return found.Collector;
    }

    /// <summary>Waits for a line of its log.</summary>
    public Task Says(string text, TimeSpan deadline) =>
        Eventually.Holds(() => Process.Error.Contains(text, StringComparison.Ordinal), deadline, $"\"{text}\"", () => Process.Transcript);

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private sealed record Found(JsonElement Collector);
}
