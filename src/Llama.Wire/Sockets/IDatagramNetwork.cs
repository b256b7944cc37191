using System.Net;
using Llama.Wire.Clocks;

namespace Llama.Wire.Sockets;

/// <summary>
/// Where the sockets of one loop come from, and what it waits on. The kernel's batched calls on Linux, System.Net.Sockets
/// elsewhere, and a scripted network in tests stand behind it.
/// </summary>
public interface IDatagramNetwork : IDisposable
{
    /// <summary>Opens and binds a socket. Any thread may call it; the socket then belongs to the thread that waits.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The address is not this host's, the port is taken, or it is not permitted.</exception>
    IDatagramSocket Open(DatagramSocketOptions options);

    /// <summary>
    /// Blocks until a socket of this network can be read, <see cref="Wake"/> is called, or the time has passed. One thread at a time.
    /// </summary>
    /// <param name="ready">Takes the sockets that can be read, as many as fit.</param>
    /// <param name="timeoutNanos">How long at the most, in nanoseconds; 0 only looks, negative waits without a limit.</param>
    /// <returns>How many of <paramref name="ready"/> were filled.</returns>
    int Wait(Span<IDatagramSocket?> ready, long timeoutNanos);

    /// <summary>
    /// Blocks until <see cref="Wake"/> is called or the time has passed. Where the kernel notes when datagrams arrive, they do not
    /// disturb it and stay in their sockets; elsewhere the first of them ends it. The thread that waits may call it.
    /// </summary>
    /// <param name="timeoutNanos">How long at the most, in nanoseconds, 0 or more.</param>
    void Sleep(long timeoutNanos);

    /// <summary>Ends the current, or else the next, <see cref="Wait"/> or <see cref="Sleep"/> at once. Any thread may call it.</summary>
    void Wake();
}

/// <summary>A bound UDP socket that moves datagrams in batches and never blocks. Belongs to one thread at a time.</summary>
public interface IDatagramSocket : IDisposable
{
    /// <summary>The address and port it is bound to.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>
    /// Bytes of receive buffer that the kernel granted, as it counts them: Linux tells twice what it grants, for its own overhead
    /// (socket(7)), so less than twice what was asked for means that net.core.rmem_max cut it down.
    /// </summary>
    int ReceiveBufferBytes { get; }

    /// <summary>
    /// Datagrams that the kernel dropped because this socket's receive buffer was full, since it was opened. The kernel
    /// tells it with the next datagram it can keep (SO_RXQ_OVFL), so it is known after the receive that follows. Any thread may read it.
    /// </summary>
    long ReceiveDrops { get; }

    /// <summary>Takes what has arrived, up to the batch's capacity, and sets its <see cref="DatagramBatch.Count"/>.</summary>
    /// <returns>How many; 0 when nothing is there.</returns>
    int Receive(DatagramBatch batch);

    /// <summary>
    /// Sends the first <see cref="DatagramBatch.Count"/> datagrams of the batch, passing over those of length 0. One that
    /// can't be sent has its <see cref="Datagram.Error"/> set and does not stop the others.
    /// </summary>
    /// <returns>How many were sent.</returns>
    int Send(DatagramBatch batch);

    /// <summary>
    /// Whether the kernel is asked to note when each datagram leaves. Stays false where there is no such time. It costs about as
    /// much as a third of a send, so it is for low rates. Whoever turns it on takes the times, or they fill the receive buffer.
    /// </summary>
    bool NotesTransmitTimes { get; set; }

    /// <summary>
    /// Takes times that the kernel has noted by now. One may be missing for good, though its datagram was marked
    /// <see cref="DatagramMarks.TransmitTimeFollows"/>: a queue dropped it, or a driver does not tell.
    /// </summary>
    /// <param name="times">Takes them, as many as fit.</param>
    /// <returns>How many; fewer than fit when there are no more.</returns>
    int TakeTransmitTimes(Span<TransmitTime> times);
}

/// <summary>When a datagram was handed to the network device: it can be closer to the wire only by the device's own clock.</summary>
/// <param name="Token">The datagram's <see cref="Datagram.Token"/>.</param>
/// <param name="Time">The time.</param>
public readonly record struct TransmitTime(uint Token, WallTime Time);

/// <summary>How to open a socket.</summary>
public sealed record DatagramSocketOptions
{
    /// <summary>The address and port to bind; port 0 lets the kernel choose. The IPv6 wildcard takes IPv4 too.</summary>
    public required IPEndPoint Bind { get; init; }

    /// <summary>Lets several sockets share the port, the kernel spreading flows over them (SO_REUSEPORT). Default: no.</summary>
    public bool ReusePort { get; init; }

    /// <summary>Receive buffer to ask for, in bytes. Default: 4 MiB.</summary>
    public int ReceiveBufferBytes { get; init; } = 4 << 20;

    /// <summary>Send buffer to ask for, in bytes. Default: 4 MiB.</summary>
    public int SendBufferBytes { get; init; } = 4 << 20;

    /// <summary>
    /// True sets don't-fragment and ignores what the kernel believes of the path's MTU; false clears it; null, the default,
    /// leaves it to the kernel (ip(7), IP_MTU_DISCOVER).
    /// </summary>
    public bool? DontFragment { get; init; }

    /// <summary>TTL or hop limit of what is sent. Default: 64.</summary>
    public byte Ttl { get; init; } = 64;
}
