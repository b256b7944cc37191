using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>
/// Finds out whether reflectors answer, and how their clocks stand, many at once, from one socket and one thread. Each is sent <see cref="EchoLoop.MostDatagrams"/>
/// small datagrams at the most, so that who claims somebody else's address makes nobody suffer. Any thread may call it.
/// </summary>
public sealed class EchoCheck : IDisposable
{
    private readonly IDatagramNetwork _network;
    private readonly EchoLoop _loop;
    private readonly Thread _thread;
    private readonly ConcurrentQueue<EchoQuestion> _asked = [];
    private volatile bool _stopping;

    /// <summary>Opens the socket and starts the thread.</summary>
    /// <param name="network">Where the socket comes from; disposed with this.</param>
    /// <param name="clock">What time is read from.</param>
    /// <exception cref="SocketException">No socket can be opened.</exception>
    public EchoCheck(IDatagramNetwork network, Clock clock)
    {
        _network = network;
        _loop = new EchoLoop(network, clock, Open(network));
        _thread = new Thread(Run) { IsBackground = true, Name = "echo check" };
        _thread.Start();
    }

    /// <summary>What a reflector sent back within about a second, from the address and port it was sent to; null for nothing.</summary>
    /// <param name="reflector">Where to send.</param>
    /// <param name="key">The key to authenticate with; empty for none.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<EchoReply?> AskAsync(IPEndPoint reflector, ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        var question = new EchoQuestion(UdpEndpoint.From(reflector), key);
        _asked.Enqueue(question);
        _network.Wake();
        return await question.Answer.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        _network.Wake();
        _thread.Join();
        foreach (EchoQuestion question in _asked) question.Settle(null);
        _network.Dispose();
    }

    /// <summary>A socket for both families, or for IPv4 where the host has no IPv6.</summary>
    private static IDatagramSocket Open(IDatagramNetwork network)
    {
        try
        {
            return network.Open(OptionsFor(IPAddress.IPv6Any));
        }
        catch (SocketException)
        {
            return network.Open(OptionsFor(IPAddress.Any));
        }
    }

    private static DatagramSocketOptions OptionsFor(IPAddress address) =>
        new() { Bind = new IPEndPoint(address, 0), ReceiveBufferBytes = 1 << 20, SendBufferBytes = 1 << 20 };

    private void Run()
    {
        while (!_stopping)
        {
            while (_loop.HasRoom && _asked.TryDequeue(out EchoQuestion? question)) _loop.Ask(question);
            _loop.Step();
        }

        _loop.Dispose();
    }
}
