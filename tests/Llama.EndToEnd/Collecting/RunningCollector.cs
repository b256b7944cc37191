using System.Text.Json;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Collecting;

/// <summary>A `llama collector` whose API answers.</summary>
internal sealed class RunningCollector : IAsyncDisposable
{
    private RunningCollector(LlamaProcess process, int apiPort)
    {
        Process = process;
        ApiPort = apiPort;
    }

    public LlamaProcess Process { get; }

    public int ApiPort { get; }

    /// <summary>Starts it with a file that leaves the API's address to the flag.</summary>
    public static Task<RunningCollector> Start(string? configuration, params string[] arguments)
    {
        int api = Ports.Free();
        string[] file = configuration is null ? [] : ["-llama.config", configuration];
        return Up(["collector", .. file, "--api", $"127.0.0.1:{api}", .. arguments], api);
    }

    /// <summary>Starts it with a command line that makes the API listen on the port.</summary>
    public static async Task<RunningCollector> Up(string[] commandLine, int apiPort)
    {
        LlamaProcess process = LlamaProcess.Start(commandLine);
        try
        {
            await Web.GetWhenUp(apiPort, "/status", process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return new RunningCollector(process, apiPort);
    }

    /// <summary>The points of /influxdata once they are as wanted.</summary>
    public async Task<IReadOnlyList<InfluxPoint>> PointsWhen(Func<IReadOnlyList<InfluxPoint>, bool> wanted, TimeSpan deadline, string what)
    {
        string body = "";
        return await Eventually.Get(
            async () =>
            {
                if (Process.HasExited) throw new InvalidOperationException(Process.Transcript);
                body = await Web.Get(ApiPort, "/influxdata");
                IReadOnlyList<InfluxPoint> points = InfluxPoint.Parse(body);
                return wanted(points) ? points : null;
            },
            deadline,
            what,
            () => $"{body}\n{Process.Transcript}");
    }

    /// <summary>The report of /api/v2/summaries once it is as wanted.</summary>
    public async Task<JsonElement> ReportWhen(Func<JsonElement, bool> wanted, TimeSpan deadline, string what)
    {
        string body = "";
        JsonDocument report = await Eventually.Get(
            async () =>
            {
                if (Process.HasExited) throw new InvalidOperationException(Process.Transcript);
                body = await Web.Get(ApiPort, "/api/v2/summaries?buckets=false");
                JsonDocument document = JsonDocument.Parse(body);
                return wanted(document.RootElement) ? document : null;
            },
            deadline,
            what,
            () => $"{body}\n{Process.Transcript}");
        return report.RootElement;
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
