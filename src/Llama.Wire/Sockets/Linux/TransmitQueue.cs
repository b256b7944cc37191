using Llama.Wire.Clocks;

namespace Llama.Wire.Sockets.Linux;

/// <summary>
/// The times at which a socket's datagrams were handed to the network device, and which datagram each belongs to
/// (Documentation/networking/timestamping.rst of the kernel). They come through the error queue, without the datagrams
/// (SOF_TIMESTAMPING_OPT_TSONLY) but with a number (SOF_TIMESTAMPING_OPT_ID): the kernel counts what is sent, and so does this.
/// </summary>
/// <remarks>
/// Whether a datagram that could not be sent was counted depends on the kernel's version and on how far it got. So after a failure
/// nobody knows the numbers of what follows: those datagrams get no time, until what was noted before has been taken and the
/// kernel's counter has been set to 0, which turning the option off and on again does.
/// </remarks>
internal sealed unsafe class TransmitQueue(FileDescriptor descriptor)
{
    private const int WantedFlags =
        SocketCalls.SOF_TIMESTAMPING_TX_SOFTWARE
        | SocketCalls.SOF_TIMESTAMPING_SOFTWARE
        | SocketCalls.SOF_TIMESTAMPING_OPT_ID
        | SocketCalls.SOF_TIMESTAMPING_OPT_TSONLY;

    /// <summary>Times taken with one call.</summary>
    private const int Capacity = 32;

    /// <summary>A time that comes after this many more datagrams is nobody's. A power of two.</summary>
    private const int Remembered = 1024;

    private readonly MessageVector _entries = MessageVector.ToReceiveErrors(Capacity);
    private readonly uint[] _tokens = new uint[Remembered];

    /// <summary>The number that the kernel gives to the next datagram.</summary>
    private uint _next;

    /// <summary>How many of the last numbers have their tokens remembered.</summary>
    private uint _known;

    private bool _hasLostCount;

    /// <summary>True while the kernel notes times.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Turns it on, which leaves it off where the kernel refuses, or off.</summary>
    public void Turn(bool on)
    {
        bool isSet = SetFlags(0) && (!on || SetFlags(WantedFlags));
        IsOn = on && isSet;
        _hasLostCount = false;
        _next = _known = 0;
    }

    /// <summary>Counts datagrams that were sent.</summary>
    /// <param name="batch">Where they are.</param>
    /// <param name="places">Their places in it, in the order they were sent.</param>
    public void Note(DatagramBatch batch, ReadOnlySpan<int> places)
    {
        if (!IsOn || _hasLostCount) return;
        foreach (int place in places)
        {
            ref Datagram datagram = ref batch[place];
            datagram.Marks |= DatagramMarks.TransmitTimeFollows;
            _tokens[_next++ & (Remembered - 1)] = datagram.Token;
            if (_known < Remembered) _known++;
        }
    }

    /// <summary>Says that a datagram could not be sent.</summary>
    public void LoseCount() => _hasLostCount = true;

    /// <summary>Takes what has been noted, as much as fits.</summary>
    public int Take(Span<TransmitTime> times)
    {
        int filled = 0;
        while (filled < times.Length)
        {
            int wanted = Math.Min(Capacity, times.Length - filled);
            int count = SocketCalls.recvmmsg(
                descriptor, _entries.Messages, (uint)wanted, SocketCalls.MSG_ERRQUEUE | SocketCalls.MSG_DONTWAIT, null);
            if (count < 0 && Errno.Last == Errno.EINTR) continue;
            for (int i = 0; i < count; i++)
            {
                ref MultiMessage entry = ref _entries.Messages[i];
                if (ControlMessages.TryReadTransmitTime(entry, out uint id, out WallTime time) && _next - 1 - id < _known)
                    times[filled++] = new TransmitTime(_tokens[id & (Remembered - 1)], time);
                entry.NameLength = SocketAddresses.Room;
                entry.ControlLength = ControlMessages.ErrorRoom;
            }

            if (count < wanted)
            {
                if (_hasLostCount && IsOn) Turn(true);
                break;
            }
        }

        return filled;
    }

    private bool SetFlags(int flags) =>
        SocketCalls.setsockopt(descriptor, SocketCalls.SOL_SOCKET, SocketCalls.SO_TIMESTAMPING, &flags, sizeof(int)) == 0;
}
