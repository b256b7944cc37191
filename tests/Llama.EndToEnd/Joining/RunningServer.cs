using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Joining;

/// <summary>A `llama server` that answers.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private RunningServer(LlamaProcess process, int port)
    {
        Process = process;
        Port = port;
    }

    public LlamaProcess Process { get; }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    public static Task<RunningServer> Start(TemporaryDirectory state, int? port = null, params string[] arguments) =>
        StartAt(Path.Combine(state.FullName, "server"), port, arguments);

    /// <summary>Starts one whose registrations are kept in this directory.</summary>
    public static async Task<RunningServer> StartAt(string data, int? port = null, params string[] arguments)
    {
        int own = port ?? Ports.Free();
        LlamaProcess process = LlamaProcess.Start(
            ["server", "--host", "127.0.0.1", "--port", $"{own}", "--interval", "1", "--data", data, .. arguments]);
        try
        {
            await Web.GetWhenUp(own, "/healthz", process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return new RunningServer(process, own);
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
