using System.Text.Json;
using Llama.EndToEnd.Collecting;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Joining;

/// <summary>A `llama probe` whose API answers, with a state directory that outlives it.</summary>
internal sealed class RunningProbe : IAsyncDisposable
{
    private RunningProbe(LlamaProcess process, string name, int port)
    {
        Process = process;
        Name = name;
        Port = port;
    }

    public LlamaProcess Process { get; }

    public string Name { get; }

    /// <summary>UDP port of its reflector and TCP port of its API.</summary>
    public int Port { get; }

    public static async Task<RunningProbe> Start(string server, string name, TemporaryDirectory state, int? port = null, params string[] arguments)
    {
        int own = port ?? Ports.Free();
        LlamaProcess process = LlamaProcess.Start(
        [
            "probe", "--server", server, "--shortname", name, "--name", $"{name}.example", "--port", $"{own}",
            "--data", Path.Combine(state.FullName, name), "--tags", $"[ site: {name} town ]", .. arguments,
        ]);
        try
        {
            await Web.GetWhenUp(own, "/status", process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return new RunningProbe(process, name, own);
    }

    /// <summary>Its newest report once it holds clean summaries of these ports.</summary>
    public async Task<JsonElement> Measures(IEnumerable<int> ports, TimeSpan deadline)
    {
        int[] wanted = [.. ports];
        JsonDocument report = await Eventually.Get(
            async () =>
            {
                JsonDocument document = JsonDocument.Parse(await Web.Get(Port, "/api/v2/summaries?buckets=false"));
                return Array.TrueForAll(wanted, port => document.RootElement.Summary("127.0.0.1", port).IsClean()) ? document : null;
            },
            deadline,
            $"clean summaries of {string.Join(", ", wanted)} at {Name}",
            () => Process.Transcript);
        return report.RootElement;
    }

    /// <summary>The ports of its flows to a target, from a report that has all four of them: the first one after a start may not.</summary>
    public Task<string> SourcePorts(int port, TimeSpan deadline) => Eventually.Get(
        async () =>
        {
            using JsonDocument report = JsonDocument.Parse(await Web.Get(Port, "/api/v2/summaries?buckets=false"));
            if (report.RootElement.Summary("127.0.0.1", port) is not { } summary) return null;
            int[] ports = [.. summary.GetProperty("flows").EnumerateArray().Select(flow => flow.GetProperty("source_port").GetInt32())];
            return ports.Length == 4 ? string.Join(',', ports) : null;
        },
        deadline,
        $"four flows of {Name} to {port}",
        () => Process.Transcript);

    public Task Says(string text, TimeSpan deadline) => Eventually.Holds(
        () => Process.Error.Contains(text, StringComparison.Ordinal), deadline, $"'{text}' of {Name}", () => Process.Transcript);

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
