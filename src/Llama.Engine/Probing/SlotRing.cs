using System.Numerics;
using Llama.Wire.Clocks;

namespace Llama.Engine.Probing;

/// <summary>What has become of a datagram.</summary>
internal enum SlotState : byte
{
    /// <summary>Nothing: never used, or not sent after all.</summary>
    Free,

    /// <summary>On its way.</summary>
    InFlight,

    /// <summary>Answered in time.</summary>
    Received,

    /// <summary>Not answered in time.</summary>
    Lost,

    /// <summary>Answered, but too late.</summary>
    Late,
}

/// <summary>What is known of the time at which a datagram left.</summary>
internal enum SendTime : byte
{
    /// <summary>It was read around a send call that was quick.</summary>
    Read,

    /// <summary>The send call took so long that nobody knows.</summary>
    Unknown,

    /// <summary>The kernel noted it.</summary>
    Noted,
}

/// <summary>One datagram that was sent, until its place is needed for another.</summary>
internal struct Slot
{
    /// <summary>When it left, by the clock read around the send call.</summary>
    public MonotonicTime Sent;

    /// <summary>The same on the other clock, or what the kernel noted.</summary>
    public WallTime SentWall;

    public int Flow;
    public uint Sequence;
    public uint SessionReceives;
    public byte Book;
    public byte BookTurn;
    public byte ClockEpoch;
    public SlotState State;
    public SendTime SendTime;

    /// <summary>True until the time that the kernel notes has been taken.</summary>
    public bool TransmitTimeFollows;

    private ushort _nonceHigh;
    private uint _nonceLow;

    /// <summary>48 bits that nobody can guess.</summary>
    public ulong Nonce
    {
        readonly get => ((ulong)_nonceHigh << 32) | _nonceLow;
        set => (_nonceHigh, _nonceLow) = ((ushort)(value >> 32), (uint)value);
    }
}

/// <summary>
/// The datagrams that left one socket, in the order they left. A datagram's signature begins with its index here, so a reply
/// finds it without a search; it stays for a while after it was judged, so that late and second replies find it too.
/// </summary>
/// <param name="capacity">At least this many datagrams; rounded up to a power of two.</param>
/// <param name="firstIndex">Index of the first slot: rings of one socket that follow each other do not overlap.</param>
internal sealed class SlotRing(int capacity, uint firstIndex)
{
    private readonly Slot[] _slots = new Slot[BitOperations.RoundUpToPowerOf2((uint)capacity)];
    private uint _head;
    private uint _tail;

    /// <summary>How many datagrams fit.</summary>
    public int Capacity => _slots.Length;

    /// <summary>One past the index of the last slot.</summary>
    public uint EndIndex => firstIndex + (uint)_slots.Length;

    /// <summary>True when the next place still holds a datagram that has not been judged.</summary>
    public bool IsFull => _head - _tail == (uint)_slots.Length;

    /// <summary>True when all datagrams have been judged.</summary>
    public bool IsEmpty => _head == _tail;

    /// <summary>The oldest datagram that has not been passed over. Only when not <see cref="IsEmpty"/>.</summary>
    public ref Slot Oldest => ref _slots[_tail & (_slots.Length - 1)];

    /// <summary>Passes over <see cref="Oldest"/>: it has been judged.</summary>
    public void Advance() => _tail++;

    /// <summary>Takes the next place. Only when not <see cref="IsFull"/>.</summary>
    /// <param name="index">Its index, for the signature.</param>
    public ref Slot Take(out uint index)
    {
        uint place = _head++ & (uint)(_slots.Length - 1);
        index = firstIndex + place;
        return ref _slots[place];
    }

    /// <summary>True when an index from a signature is one of this ring's.</summary>
    public bool Holds(uint index) => index - firstIndex < (uint)_slots.Length;

    /// <summary>The slot of an index. Only when the ring <see cref="Holds"/> it.</summary>
    public ref Slot this[uint index] => ref _slots[index - firstIndex];
}
