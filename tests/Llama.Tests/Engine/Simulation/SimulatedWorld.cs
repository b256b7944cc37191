using System.Net;
using System.Net.Sockets;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Tests.Engine.Simulation;

/// <summary>A datagram on its way from one simulated host to another.</summary>
internal sealed record Packet(UdpEndpoint From, UdpEndpoint To, byte[] Payload, byte Tos, byte Ttl);

/// <summary>What a link does to one packet: each item is a copy that arrives, after so many nanoseconds.</summary>
internal delegate IEnumerable<(long DelayNanos, Packet Packet)> Link(Packet packet);

/// <summary>
/// Hosts with sockets and clocks, and a network between them that does what it is told. Time passes only while somebody waits,
/// and then in jumps from event to event: hours take milliseconds, and every run is the same.
/// </summary>
internal sealed class SimulatedWorld
{
    private readonly PriorityQueue<(SimulatedSocket Socket, Packet Packet), (long At, long Order)> _events = new();
    private readonly Dictionary<(ulong, ulong, ushort), SimulatedSocket> _sockets = [];
    private long _order;
    private ushort _nextPort = 40000;

    /// <summary>Time since the world began.</summary>
    public long NowNanos { get; set; } = 1_000_000_000;

    /// <summary>What the network does; by default everything arrives after 100 us.</summary>
    public Link Link { get; set; } = packet => [(100_000, packet)];

    /// <summary>A host's clocks.</summary>
    public SimulatedClock NewClock(long wallOffsetNanos = 1_800_000_000_000_000_000) => new(this, wallOffsetNanos);

    public SimulatedNetwork NewNetwork(SimulatedClock clock) => new(this, clock);

    internal SimulatedSocket Bind(IPEndPoint bind, SimulatedClock clock)
    {
        var endpoint = UdpEndpoint.From(bind.Port == 0 ? new IPEndPoint(bind.Address, _nextPort++) : bind);
        var key = (endpoint.High, endpoint.Low, endpoint.Port);
        if (_sockets.ContainsKey(key)) throw new SocketException((int)SocketError.AddressAlreadyInUse);
        return _sockets[key] = new SimulatedSocket(this, endpoint, clock);
    }

    internal void Release(UdpEndpoint endpoint) => _sockets.Remove((endpoint.High, endpoint.Low, endpoint.Port));

    internal void Send(Packet packet)
    {
        foreach ((long delay, Packet copy) in Link(packet))
        {
            if (_sockets.TryGetValue((copy.To.High, copy.To.Low, copy.To.Port), out SimulatedSocket? socket))
                _events.Enqueue((socket, copy), (NowNanos + delay, _order++));
        }
    }

    /// <summary>Lets time pass until something arrives somewhere, but not beyond a moment.</summary>
    internal void PassUntil(long nanos)
    {
        if (_events.TryPeek(out var next, out (long At, long Order) when) && when.At <= nanos)
        {
            _events.Dequeue();
            NowNanos = Math.Max(NowNanos, when.At);
            next.Socket.Deliver(next.Packet);
        }
        else
        {
            NowNanos = Math.Max(NowNanos, nanos);
        }
    }
}

/// <summary>Clocks of a host; its wall clock can be wrong, and stepped.</summary>
internal sealed class SimulatedClock(SimulatedWorld world, long wallOffsetNanos) : Clock
{
    public long WallOffsetNanos { get; set; } = wallOffsetNanos;

    public override MonotonicTime Monotonic => new(world.NowNanos);

    public override WallTime Wall => new(world.NowNanos + WallOffsetNanos);
}

internal sealed class SimulatedNetwork(SimulatedWorld world, SimulatedClock clock) : IDatagramNetwork
{
    private readonly List<SimulatedSocket> _sockets = [];
    private bool _woken;

    public IReadOnlyList<SimulatedSocket> Sockets => _sockets;

    public IDatagramSocket Open(DatagramSocketOptions options)
    {
        SimulatedSocket socket = world.Bind(options.Bind, clock);
        _sockets.Add(socket);
        return socket;
    }

    public int Wait(Span<IDatagramSocket?> ready, long timeoutNanos)
    {
        long until = timeoutNanos < 0 ? long.MaxValue : world.NowNanos + timeoutNanos;
        while (true)
        {
            int count = 0;
            foreach (SimulatedSocket socket in _sockets)
                if (socket.HasArrivals && count < ready.Length) ready[count++] = socket;
            if (count > 0 || _woken || world.NowNanos >= until)
            {
                _woken = false;
                return count;
            }

            world.PassUntil(until);
        }
    }

    public void Sleep(long timeoutNanos)
    {
        long until = world.NowNanos + timeoutNanos;
        while (!_woken && world.NowNanos < until) world.PassUntil(until);
        _woken = false;
    }

    public void Wake() => _woken = true;

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());
}

internal sealed class SimulatedSocket(SimulatedWorld world, UdpEndpoint local, SimulatedClock clock) : IDatagramSocket
{
    private const int MessageTooLong = 90;

    private readonly Queue<(Packet Packet, WallTime At)> _arrivals = [];
    private readonly Queue<TransmitTime> _transmitTimes = [];

    public IPEndPoint LocalEndPoint => local.ToIPEndPoint();

    public int ReceiveBufferBytes => 1 << 22;

    public long ReceiveDrops { get; set; }

    public bool HasArrivals => _arrivals.Count > 0;

    public bool IsDisposed { get; private set; }

    /// <summary>Called when something arrives, for hosts that answer at once.</summary>
    public Action? Arrived { get; set; }

    /// <summary>An errno for each datagram to be sent; 0 sends it.</summary>
    public Func<UdpEndpoint, int> SendError { get; set; } = _ => 0;

    /// <summary>Longer datagrams are refused, as the kernel does with those that don't fit the interface.</summary>
    public int MaxLength { get; set; } = int.MaxValue;

    /// <summary>What the kernel notes of when a datagram leaves: null has no such times. Takes the time at which it really left.</summary>
    public Func<TransmitTime, IEnumerable<TransmitTime>>? Noting { get; set; }

    public bool NotesTransmitTimes
    {
        get;
        set => field = value && Noting is not null;
    }

    /// <summary>How long a send call takes before the datagram leaves; the sender may have lost its core.</summary>
    public Func<long> NanosBeforeSend { get; set; } = () => 0;

    /// <summary>How long a send call takes besides, for the way into the kernel and out of it.</summary>
    public long NanosOfCall { get; set; }

    /// <summary>Times that were asked for and nobody has taken.</summary>
    public int TransmitTimesWaiting => _transmitTimes.Count;

    public void Deliver(Packet packet)
    {
        if (IsDisposed) return;
        _arrivals.Enqueue((packet, clock.Wall));
        Arrived?.Invoke();
    }

    public int Receive(DatagramBatch batch)
    {
        batch.Count = 0;
        while (batch.Count < batch.Capacity && _arrivals.TryDequeue(out (Packet Packet, WallTime At) arrival))
        {
            Packet packet = arrival.Packet;
            int length = Math.Min(packet.Payload.Length, batch.MaxLength);
            packet.Payload.AsSpan(0, length).CopyTo(batch.Room(batch.Count));
            batch[batch.Count++] = new Datagram
            {
                Remote = packet.From,
                Local = local with { Port = 0 },
                Received = arrival.At,
                Length = length,
                Tos = packet.Tos,
                Ttl = packet.Ttl,
                Marks = DatagramMarks.KernelTime | DatagramMarks.HasTos | DatagramMarks.HasTtl | DatagramMarks.HasLocal,
            };
        }

        return batch.Count;
    }

    public int Send(DatagramBatch batch)
    {
        int sent = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            ref Datagram datagram = ref batch[i];
            if (datagram.Length == 0) continue;
            datagram.Error = datagram.Length > MaxLength ? MessageTooLong : SendError(datagram.Remote);
            if (datagram.Error != 0) continue;
            sent++;
            world.NowNanos += NanosBeforeSend();
            datagram.Marks &= ~DatagramMarks.TransmitTimeFollows;
            if (NotesTransmitTimes)
            {
                datagram.Marks |= DatagramMarks.TransmitTimeFollows;
                foreach (TransmitTime time in Noting!(new TransmitTime(datagram.Token, clock.Wall))) _transmitTimes.Enqueue(time);
            }

            world.Send(new Packet(local, datagram.Remote, batch.Payload(i).ToArray(), datagram.Tos, 64));
        }

        world.NowNanos += NanosOfCall;
        return sent;
    }

    public int TakeTransmitTimes(Span<TransmitTime> times)
    {
        int count = 0;
        while (count < times.Length && _transmitTimes.TryDequeue(out TransmitTime time)) times[count++] = time;
        return count;
    }

    public void Dispose()
    {
        if (IsDisposed) return;
        IsDisposed = true;
        world.Release(local);
    }
}
