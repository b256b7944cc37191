using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>
/// A socket that datagrams leave from, with the datagrams that left it. Made by the thread that applies a plan, then the loop's.
/// </summary>
internal sealed class SourceSocket(IDatagramSocket socket, SourcePort settings, int ringCapacity)
{
    /// <summary>Oldest first; more than one only while a plan that needed more room is new.</summary>
    private readonly List<SlotRing> _rings = [new(ringCapacity, 0)];
    private long _takenDrops;

    /// <summary>The socket.</summary>
    public IDatagramSocket Socket => socket;

    /// <summary>The port that the kernel gave it.</summary>
    public int LocalPort { get; } = socket.LocalEndPoint.Port;

    /// <summary>How datagrams look, by the plan in force.</summary>
    public SourcePort Settings { get; private set; } = settings;

    /// <summary>How long a reply may take, in nanoseconds.</summary>
    public long TimeoutNanos { get; private set; } = (long)settings.Timeout.TotalNanoseconds;

    /// <summary>Datagrams that left since transmit times were last taken, and whose time follows.</summary>
    public int TransmitTimesAhead { get; set; }

    /// <summary>True when no plan wants it any longer: it is closed once everything it sent has been judged.</summary>
    public bool IsRetired { get; set; }

    /// <summary>True when everything it sent has been judged.</summary>
    public bool IsDrained => OldestRing.IsEmpty;

    /// <summary>The ring that new datagrams go into.</summary>
    public SlotRing Ring => _rings[^1];

    /// <summary>The ring with the oldest datagrams that may not have been judged.</summary>
    public SlotRing OldestRing
    {
        get
        {
            foreach (SlotRing ring in _rings)
                if (!ring.IsEmpty) return ring;
            return Ring;
        }
    }

    /// <summary>Takes the settings of another plan. A ring that is too small for it is followed by a larger one.</summary>
    public void Configure(SourcePort settings, int ringCapacity)
    {
        Settings = settings;
        TimeoutNanos = (long)settings.Timeout.TotalNanoseconds;
        if (ringCapacity <= Ring.Capacity) return;
        var larger = new SlotRing(ringCapacity, Ring.EndIndex);
        _rings.RemoveAll(ring => ring != Ring && ring.IsEmpty);
        _rings.Add(larger);
    }

    /// <summary>Replies that the kernel dropped for want of buffer since the last call.</summary>
    public long TakeDrops()
    {
        long drops = socket.ReceiveDrops - _takenDrops;
        _takenDrops += drops;
        return drops;
    }

    /// <summary>The ring that holds an index from a signature; null when none does.</summary>
    public SlotRing? RingOf(uint index)
    {
        foreach (SlotRing ring in _rings)
            if (ring.Holds(index)) return ring;
        return null;
    }
}
