using System.Net;
using System.Text;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.History;

/// <summary>A collector of the original's kind that answers what one of them was recorded to answer, one body after the other.</summary>
internal sealed class ScriptedOriginal : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly IReadOnlyList<string> _bodies;
    private readonly Task _answering;
    private int _answered;

    private ScriptedOriginal(int port, IReadOnlyList<string> bodies)
    {
        Port = port;
        _bodies = bodies;
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        _listener.Start();
        _answering = AnswerAsync();
    }

    public int Port { get; }

    public static ScriptedOriginal Start(params IReadOnlyList<string> bodies) => new(Ports.Free(), bodies);

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _answering;
    }

    private async Task AnswerAsync()
    {
        while (true)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                bool isPoints = context.Request.Url?.AbsolutePath == "/influxdata";
                byte[] body = Encoding.UTF8.GetBytes(isPoints ? _bodies[_answered++ % _bodies.Count] : "404 page not found\n");
                context.Response.StatusCode = isPoints ? 200 : 404;
                await context.Response.OutputStream.WriteAsync(body);
                context.Response.Close();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException)
            {
                if (!_listener.IsListening) return;
            }
        }
    }
}
