using System.Net;
using System.Net.Sockets;

namespace Llama.EndToEnd.Collecting;

/// <summary>Replies to a request: each with how long it takes and whether it comes from elsewhere.</summary>
/// <param name="Payload">What comes back.</param>
/// <param name="Delay">When.</param>
/// <param name="FromElsewhere">True sends it from an address that was not asked.</param>
internal sealed record ScriptedReply(byte[] Payload, TimeSpan Delay = default, bool FromElsewhere = false);

/// <summary>A reflector that behaves differently for each address it is asked at.</summary>
internal sealed class ScriptedReflector : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Socket> _sockets = [];
    private readonly List<Task> _loops = [];
    private readonly Socket _elsewhere;

    public ScriptedReflector(int port, IReadOnlyDictionary<IPAddress, Func<byte[], int, IEnumerable<ScriptedReply>>> script)
    {
        _elsewhere = Bind(new IPEndPoint(IPAddress.Parse("127.0.0.99"), 0));
        foreach ((IPAddress address, Func<byte[], int, IEnumerable<ScriptedReply>> behaviour) in script)
            _loops.Add(Serve(Bind(new IPEndPoint(address, port)), behaviour));
    }

    /// <summary>The signature of a request: its field comes first.</summary>
    public static byte[] SignatureOf(byte[] request) => request[2..(2 + request[1])];

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_loops);
        foreach (Socket socket in _sockets) socket.Dispose();
        _ending.Dispose();
    }

    private Socket Bind(IPEndPoint endPoint)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(endPoint);
        _sockets.Add(socket);
        return socket;
    }

    private async Task Serve(Socket socket, Func<byte[], int, IEnumerable<ScriptedReply>> behaviour)
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            for (int count = 0; ; count++)
            {
                SocketReceiveFromResult request = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _ending.Token);
                foreach (ScriptedReply reply in behaviour(buffer[..request.ReceivedBytes], count))
                    _ = Answer(reply.FromElsewhere ? _elsewhere : socket, reply, request.RemoteEndPoint);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task Answer(Socket socket, ScriptedReply reply, EndPoint to)
    {
        if (reply.Delay > TimeSpan.Zero) await Task.Delay(reply.Delay);
        if (!_ending.IsCancellationRequested) await socket.SendToAsync(reply.Payload, to);
    }
}
