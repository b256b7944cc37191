using Llama.Wire.Clocks;
using static Llama.Wire.Sockets.Linux.PollCalls;

namespace Llama.Wire.Sockets.Linux;

/// <summary>
/// Waits on its sockets with ppoll(2), to the nanosecond, and is woken through an eventfd(2) among them. The waiting thread asks
/// for the least timer slack (PR_SET_TIMERSLACK), for the default of 50 us would show up as lateness of every send.
/// </summary>
/// <remarks>
/// Not epoll: a socket that epoll watches costs a callback for each datagram that arrives, some 200 ns, wanted or not; ppoll
/// costs some 50 ns a socket, and only when there is nothing to do.
/// </remarks>
internal sealed unsafe class LinuxDatagramNetwork : IDatagramNetwork
{
    private const long NanosPerSecond = 1_000_000_000;

    [ThreadStatic]
    private static bool _slackIsSet;

    private readonly Lock _gate = new();
    private readonly FileDescriptor _wake;
    private volatile LinuxDatagramSocket[] _sockets = [];
    private volatile bool _disposed;

    /// <summary>The sockets that <see cref="_polled"/> was laid out for: it begins with the eventfd. The waiting thread's own.</summary>
    private LinuxDatagramSocket[]? _laidOutFor;
    private PollDescriptor[] _polled = [];

    /// <summary>Opens the eventfd.</summary>
    internal LinuxDatagramNetwork()
    {
        _wake = new FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (_wake.IsInvalid) throw Errno.ToException(Errno.Last, "cannot open an eventfd");
    }

    public IDatagramSocket Open(DatagramSocketOptions options)
    {
        LinuxDatagramSocket socket = LinuxDatagramSocket.Open(options);
        lock (_gate)
        {
            if (!_disposed)
            {
                _sockets = [.. _sockets, socket];
                socket.Closed = Forget;

                // Whoever waits already does not wait for this one yet.
                Wake();
                return socket;
            }
        }

        socket.Dispose();
        throw new ObjectDisposedException(GetType().FullName);
    }

    public int Wait(Span<IDatagramSocket?> ready, long timeoutNanos)
    {
        LinuxDatagramSocket[] sockets = _sockets;
        if (_laidOutFor != sockets) LayOut(sockets);
        if (Poll(_polled.Length, timeoutNanos) == 0) return 0;
        int filled = 0;
        for (int i = 0; i < sockets.Length && filled < ready.Length; i++)
            if (sockets[i].IsReady(_polled[i + 1].Returned)) ready[filled++] = sockets[i];
        return filled;
    }

    public void Sleep(long timeoutNanos)
    {
        if (_laidOutFor is null) LayOut(_sockets);
        Poll(1, timeoutNanos);
    }

    public void Wake()
    {
        ulong one = 1;
        try
        {
            _ = write(_wake, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
        }

        Wake();
        foreach (LinuxDatagramSocket socket in _sockets) socket.Dispose();
        _wake.Dispose();
    }

    /// <summary>Polls the first <paramref name="count"/> descriptors, the eventfd being the first of them.</summary>
    /// <returns>How many of them are ready.</returns>
    private int Poll(int count, long timeoutNanos)
    {
        SetTimerSlack();

        // Holding the eventfd open keeps Dispose's wake-up in it until it has been seen here.
        bool held = false;
        try
        {
            _wake.DangerousAddRef(ref held);
            ObjectDisposedException.ThrowIf(_disposed, this);
            int ready = PollUninterrupted(count, timeoutNanos);
            if (_polled[0].Returned != 0)
            {
                ulong wakes;
                _ = read(_wake, &wakes, sizeof(ulong));
            }

            return ready;
        }
        finally
        {
            if (held) _wake.DangerousRelease();
        }
    }

    private int PollUninterrupted(int count, long timeoutNanos)
    {
        MonotonicTime start = timeoutNanos > 0 ? Clock.System.Monotonic : default;
        long left = timeoutNanos;
        while (true)
        {
            LinuxNative.Timespec time;
            time.Seconds = left / NanosPerSecond;
            time.Nanos = left % NanosPerSecond;
            int ready;
            fixed (PollDescriptor* polled = _polled) ready = ppoll(polled, (nuint)count, timeoutNanos < 0 ? null : &time, null);
            if (ready >= 0) return ready;
            if (Errno.Last != Errno.EINTR) throw Errno.ToException(Errno.Last, "cannot wait for datagrams");
            if (timeoutNanos > 0) left = Math.Max(0, timeoutNanos - (Clock.System.Monotonic - start));
        }
    }

    private static void SetTimerSlack()
    {
        if (_slackIsSet) return;
        _slackIsSet = true;
        _ = prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    }

    private void LayOut(LinuxDatagramSocket[] sockets)
    {
        _polled =
        [
            Watched(_wake),
            .. sockets.Select(socket => Watched(socket.Descriptor)),
        ];
        _laidOutFor = sockets;
    }

    private static PollDescriptor Watched(FileDescriptor descriptor) =>
        new() { Descriptor = (int)descriptor.DangerousGetHandle(), Events = POLLIN };

    private void Forget(LinuxDatagramSocket socket)
    {
        lock (_gate) _sockets = [.. _sockets.Where(other => other != socket)];
    }
}
