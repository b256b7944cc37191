using System.Net;
using System.Net.Sockets;

namespace Llama.EndToEnd.Collecting;

/// <summary>A UDP relay between collectors and one reflector that drops every n-th datagram in one direction.</summary>
internal sealed class LossyHop : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly Socket _front = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Dictionary<EndPoint, Socket> _backs = [];
    private readonly List<Task> _loops = [];
    private readonly int _dropEvery;
    private readonly bool _forward;
    private int _passed;

    public LossyHop(int port, IPEndPoint reflector, int dropEvery, bool forward)
    {
        _dropEvery = dropEvery;
        _forward = forward;
        _front.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _loops.Add(Forward(reflector));
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_loops);
        _front.Dispose();
        foreach (Socket back in _backs.Values) back.Dispose();
        _ending.Dispose();
    }

    private bool Drops(bool forward) => forward == _forward && Interlocked.Increment(ref _passed) % _dropEvery == 0;

    private Task Forward(IPEndPoint reflector) => Receive(_front, async (datagram, sender) =>
    {
        if (!_backs.TryGetValue(sender, out Socket? back))
        {
            back = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            back.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _backs.Add(sender, back);
            _loops.Add(Receive(back, async (reply, _) =>
            {
                if (!Drops(forward: false)) await _front.SendToAsync(reply, sender);
            }));
        }

        if (!Drops(forward: true)) await back.SendToAsync(datagram, reflector);
    });

    private async Task Receive(Socket socket, Func<ReadOnlyMemory<byte>, EndPoint, Task> take)
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            while (true)
            {
                SocketReceiveFromResult received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _ending.Token);
                await take(buffer.AsMemory(0, received.ReceivedBytes), received.RemoteEndPoint);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
