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

    public static async Task<RunningServer> Start(TemporaryDirectory state, int? port = null, params string[] arguments)
    {
        int own = port ?? Ports.Free();
        LlamaProcess process = LlamaProcess.Start(
            ["server", "--host", "127.0.0.1", "--port", $"{own}", "--interval", "1", "--data", Path.Combine(state.FullName, "server"), .. arguments]);
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
