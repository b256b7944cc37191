using Llama.Wire.Clocks;

namespace Llama.Wire.Sockets.Linux;

/// <summary>
/// Waits on its sockets with epoll(7), and is woken through an eventfd(2) among them. epoll_pwait2(2) takes nanoseconds; where
/// the kernel lacks it (before 5.11) ppoll(2) on the epoll descriptor waits as precisely for one call more. The waiting thread
/// asks for the least timer slack (PR_SET_TIMERSLACK), for the default of 50 us would show up as lateness of every send.
/// </summary>
internal sealed unsafe class LinuxDatagramNetwork : IDatagramNetwork
{
    private const ulong WakeData = ulong.MaxValue;
    private const int MaxEvents = 256;
    private const long NanosPerSecond = 1_000_000_000;

    [ThreadStatic]
    private static bool _slackIsSet;

    private readonly Lock _gate = new();
    private readonly FileDescriptor _epoll;
    private readonly FileDescriptor _wake;
    private bool _hasPwait2;
    private volatile LinuxDatagramSocket?[] _sockets = new LinuxDatagramSocket?[8];
    private volatile bool _disposed;

    /// <summary>Opens the descriptors.</summary>
    /// <param name="tryPwait2">False does as if the kernel had no epoll_pwait2.</param>
    internal LinuxDatagramNetwork(bool tryPwait2 = true)
    {
        _hasPwait2 = tryPwait2;
        _epoll = new FileDescriptor(EpollCalls.epoll_create1(EpollCalls.EPOLL_CLOEXEC));
        _wake = new FileDescriptor(EpollCalls.eventfd(0, EpollCalls.EFD_CLOEXEC | EpollCalls.EFD_NONBLOCK));
        if (_epoll.IsInvalid || _wake.IsInvalid || EpollCalls.Add(_epoll, _wake, WakeData) != 0)
            throw Errno.ToException(Errno.Last, "cannot set up epoll");
    }

    public IDatagramSocket Open(DatagramSocketOptions options)
    {
        LinuxDatagramSocket socket = LinuxDatagramSocket.Open(options);
        try
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                int slot = Array.IndexOf(_sockets, null);
                if (slot < 0)
                {
                    slot = _sockets.Length;
                    LinuxDatagramSocket?[] larger = new LinuxDatagramSocket?[slot * 2];
                    _sockets.CopyTo(larger, 0);
                    _sockets = larger;
                }
                if (EpollCalls.Add(_epoll, socket.Descriptor, (ulong)slot) != 0)
                    throw Errno.ToException(Errno.Last, $"cannot watch the socket on {socket.LocalEndPoint}");
                _sockets[slot] = socket;
                socket.Closed = Forget;
            }
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public int Wait(Span<IDatagramSocket?> ready, long timeoutNanos)
    {
        SetTimerSlack();
        int room = Math.Clamp(ready.Length, 1, MaxEvents);
        byte* events = stackalloc byte[room * EpollCalls.EventLength];

        // Holding the eventfd open keeps Dispose's wake-up in the epoll set until it has been seen here.
        bool held = false;
        try
        {
            _wake.DangerousAddRef(ref held);
            ObjectDisposedException.ThrowIf(_disposed, this);
            int count = WaitForEvents(events, room, timeoutNanos);
            return Collect(events, count, ready);
        }
        finally
        {
            if (held)
                _wake.DangerousRelease();
        }
    }

    public void Wake()
    {
        ulong one = 1;
        try
        {
            _ = EpollCalls.write(_wake, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    public void Dispose()
    {
        LinuxDatagramSocket?[] sockets;
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            sockets = _sockets;
        }
        Wake();
        foreach (LinuxDatagramSocket? socket in sockets)
            socket?.Dispose();
        _wake.Dispose();
        _epoll.Dispose();
    }

    private static void SetTimerSlack()
    {
        if (_slackIsSet)
            return;
        _slackIsSet = true;
        _ = EpollCalls.prctl(EpollCalls.PR_SET_TIMERSLACK, 1, 0, 0, 0);
    }

    private int WaitForEvents(byte* events, int room, long timeoutNanos)
    {
        MonotonicTime start = timeoutNanos > 0 ? Clock.System.Monotonic : default;
        long left = timeoutNanos;
        while (true)
        {
            int count = WaitOnce(events, room, left);
            if (count >= 0)
                return count;
            switch (Errno.Last)
            {
                case Errno.EINTR when timeoutNanos > 0:
                    left = Math.Max(0, timeoutNanos - (Clock.System.Monotonic - start));
                    break;
                case Errno.EINTR:
                    break;
                case Errno.ENOSYS or Errno.EPERM when _hasPwait2:
                    _hasPwait2 = false;
                    break;
                default:
                    throw Errno.ToException(Errno.Last, "cannot wait on epoll");
            }
        }
    }

    private int WaitOnce(byte* events, int room, long timeoutNanos)
    {
        LinuxNative.Timespec time;
        time.Seconds = timeoutNanos / NanosPerSecond;
        time.Nanos = timeoutNanos % NanosPerSecond;
        LinuxNative.Timespec* timeout = timeoutNanos < 0 ? null : &time;
        if (_hasPwait2)
            return (int)EpollCalls.epoll_pwait2(EpollCalls.EpollPwait2Number, _epoll, events, room, timeout, null, 0);

        if (timeoutNanos != 0)
        {
            bool held = false;
            try
            {
                _epoll.DangerousAddRef(ref held);
                var polled = new EpollCalls.PollDescriptor
                {
                    Descriptor = (int)_epoll.DangerousGetHandle(),
                    Events = EpollCalls.POLLIN,
                };
                int readable = EpollCalls.ppoll(&polled, 1, timeout, null);
                if (readable <= 0)
                    return readable;
            }
            finally
            {
                if (held)
                    _epoll.DangerousRelease();
            }
        }
        return EpollCalls.epoll_wait(_epoll, events, room, 0);
    }

    private int Collect(byte* events, int count, Span<IDatagramSocket?> ready)
    {
        LinuxDatagramSocket?[] sockets = _sockets;
        int filled = 0;
        for (int i = 0; i < count; i++)
        {
            ulong data = EpollCalls.Data(events, i);
            if (data == WakeData)
            {
                ulong wakes;
                _ = EpollCalls.read(_wake, &wakes, sizeof(ulong));
            }
            else if (filled < ready.Length && data < (ulong)sockets.Length && sockets[data] is { } socket)
            {
                ready[filled++] = socket;
            }
        }
        return filled;
    }

    private void Forget(LinuxDatagramSocket socket)
    {
        lock (_gate)
        {
            int slot = Array.IndexOf(_sockets, socket);
            if (slot >= 0)
                _sockets[slot] = null;
        }
    }
}
