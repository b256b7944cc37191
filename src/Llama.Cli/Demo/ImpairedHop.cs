using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Demo;

/// <summary>
/// A UDP relay that delays and loses datagrams as told, each way by itself. It stands at an address in front of a reflector;
/// every flow gets a socket of its own towards the reflector, so that flows stay flows, and ToS goes through. Delays are counted
/// from the kernel's receive time and kept to some tens of microseconds. One thread runs it.
/// </summary>
internal sealed class ImpairedHop(IDatagramNetwork network, Clock clock, int seed) : IDisposable
{
    private const int MaxFlows = 4096;
    private const int MaxDatagram = 9216;
    private const long LongestBacklogNanos = 10_000_000;

    private readonly DatagramBatch _incoming = new(64, MaxDatagram);
    private readonly DatagramBatch _outgoing = new(1, MaxDatagram);
    private readonly IDatagramSocket?[] _ready = new IDatagramSocket?[64];
    private readonly Dictionary<IDatagramSocket, Route> _routes = [];
    private readonly Dictionary<IDatagramSocket, Flow> _flows = [];
    private readonly PriorityQueue<Held, (long DueNanos, long Order)> _held = new();
    private long _order;

    /// <summary>Opens a way through the hop. Only before <see cref="Run"/>.</summary>
    /// <param name="listen">Where senders send to; port 0 lets the kernel choose.</param>
    /// <param name="reflector">Where their datagrams go on to.</param>
    /// <param name="there">What happens to them on the way there.</param>
    /// <param name="back">What happens to the replies.</param>
    /// <returns>Where it listens.</returns>
    /// <exception cref="SocketException">The address can't be bound.</exception>
    public IPEndPoint Open(IPEndPoint listen, IPEndPoint reflector, Impairment there, Impairment back)
    {
        IDatagramSocket socket = network.Open(new DatagramSocketOptions { Bind = listen });
        _routes.Add(socket, new Route(_routes.Count, socket, UdpEndpoint.From(reflector), there, back));
        return socket.LocalEndPoint;
    }

    /// <summary>Relays until cancelled.</summary>
    public void Run(CancellationToken cancellation)
    {
        using CancellationTokenRegistration wake = cancellation.Register(network.Wake);
        while (!cancellation.IsCancellationRequested) Step(long.MaxValue);
    }

    /// <summary>Waits for a datagram or for one that is due, and handles what there is.</summary>
    /// <param name="longestWaitNanos">How long at the most.</param>
    internal void Step(long longestWaitNanos)
    {
        long wait = _held.TryPeek(out _, out var next) ? Math.Max(0, next.DueNanos - clock.Monotonic.Nanos) : long.MaxValue;
        wait = Math.Min(wait, longestWaitNanos);
        int count = network.Wait(_ready, wait == long.MaxValue ? -1 : wait);
        for (int i = 0; i < count; i++) TakeFrom(_ready[i]!);
        SendDue();
    }

    /// <summary>Closes its sockets; what is held is gone.</summary>
    public void Dispose()
    {
        foreach (IDatagramSocket socket in _routes.Keys.Concat(_flows.Keys)) socket.Dispose();
        network.Dispose();
    }

    private void TakeFrom(IDatagramSocket socket)
    {
        socket.Receive(_incoming);
        long now = clock.Monotonic.Nanos;
        WallTime wallNow = clock.Wall;
        for (int i = 0; i < _incoming.Count; i++)
        {
            ref Datagram datagram = ref _incoming[i];
            if (datagram.Has(DatagramMarks.Truncated)) continue;
            long waited = datagram.Has(DatagramMarks.KernelTime) ? Math.Clamp(wallNow - datagram.Received, 0, LongestBacklogNanos) : 0;
            if (_flows.TryGetValue(socket, out Flow? flow))
                Hold(flow.Back.Pass(now - waited), flow.Route.Socket, flow.Client, i);
            else if (_routes.TryGetValue(socket, out Route? route) && FlowOf(route, datagram.Remote) is { } there)
                Hold(there.There.Pass(now - waited), there.Socket, route.Reflector, i);
        }
    }

    private void Hold(long? due, IDatagramSocket via, UdpEndpoint remote, int index)
    {
        if (due is not { } dueNanos) return;
        ReadOnlySpan<byte> payload = _incoming.Payload(index);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Math.Max(1, payload.Length));
        payload.CopyTo(bytes);
        byte? tos = _incoming[index].Has(DatagramMarks.HasTos) ? _incoming[index].Tos : null;
        _held.Enqueue(new Held(via, remote, bytes, payload.Length, tos), (dueNanos, _order++));
    }

    private void SendDue()
    {
        while (_held.TryPeek(out Held held, out var priority) && priority.DueNanos <= clock.Monotonic.Nanos)
        {
            _held.Dequeue();
            held.Bytes.AsSpan(0, held.Length).CopyTo(_outgoing.Room(0));
            _outgoing[0] = new Datagram
            {
                Remote = held.Remote,
                Length = held.Length,
                Tos = held.Tos ?? 0,
                Marks = held.Tos is null ? DatagramMarks.None : DatagramMarks.HasTos,
            };
            _outgoing.Count = 1;
            held.Via.Send(_outgoing);
            ArrayPool<byte>.Shared.Return(held.Bytes);
        }
    }

    private Flow? FlowOf(Route route, UdpEndpoint client)
    {
        if (route.Flows.TryGetValue(client, out Flow? flow)) return flow;
        if (_flows.Count >= MaxFlows) return null;
        IDatagramSocket socket;
        try
        {
            socket = network.Open(new DatagramSocketOptions { Bind = new IPEndPoint(route.Socket.LocalEndPoint.Address, 0) });
        }
        catch (SocketException)
        {
            return null;
        }

        IPAddress source = client.ToIPAddress();
        int number = route.Flows.Keys.Count(other => other.High == client.High && other.Low == client.Low);
        int flowSeed = seed + (route.Number * MaxFlows + route.Flows.Count) * 2;
        flow = new Flow(
            route,
            client,
            socket,
            new ImpairedPath(route.There, source, number, flowSeed),
            new ImpairedPath(route.Back, source, number, flowSeed + 1));
        route.Flows.Add(client, flow);
        _flows.Add(socket, flow);
        return flow;
    }

    /// <summary>A way through the hop: where senders send to, and where it leads.</summary>
    private sealed record Route(int Number, IDatagramSocket Socket, UdpEndpoint Reflector, Impairment There, Impairment Back)
    {
        public Dictionary<UdpEndpoint, Flow> Flows { get; } = [];
    }

    /// <summary>A sender's port on a route, with the socket that stands for it towards the reflector.</summary>
    private sealed record Flow(Route Route, UdpEndpoint Client, IDatagramSocket Socket, ImpairedPath There, ImpairedPath Back);

    /// <summary>A datagram on its way.</summary>
    private readonly record struct Held(IDatagramSocket Via, UdpEndpoint Remote, byte[] Bytes, int Length, byte? Tos);
}
