using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets.Linux;

namespace Llama.Wire.Sockets;

/// <summary>What is known of a datagram besides its bytes, or what is wanted for it when it is sent.</summary>
[Flags]
public enum DatagramMarks : byte
{
    /// <summary>Nothing besides bytes and peer.</summary>
    None = 0,

    /// <summary><see cref="Datagram.Received"/> was taken by the kernel, not after the receive call returned.</summary>
    KernelTime = 1,

    /// <summary><see cref="Datagram.Tos"/> holds what the IP header said (received), or what it shall say (to send).</summary>
    HasTos = 2,

    /// <summary><see cref="Datagram.Ttl"/> holds what the IP header said.</summary>
    HasTtl = 4,

    /// <summary><see cref="Datagram.Local"/> holds the address it was sent to (received), or shall be sent from (to send).</summary>
    HasLocal = 8,

    /// <summary>It was longer than the room for it; the rest is gone.</summary>
    Truncated = 16,

    /// <summary>Set by a send: the kernel tells when it left; see <see cref="IDatagramSocket.TakeTransmitTimes"/>.</summary>
    TransmitTimeFollows = 32,
}

/// <summary>One datagram of a <see cref="DatagramBatch"/>, besides its bytes.</summary>
public struct Datagram
{
    /// <summary>Where it came from (received), or where it goes (to send).</summary>
    public UdpEndpoint Remote;

    /// <summary>The address of this host that it was sent to, or shall be sent from; port 0. Needs <see cref="DatagramMarks.HasLocal"/>.</summary>
    public UdpEndpoint Local;

    /// <summary>When it was received. See <see cref="DatagramMarks.KernelTime"/>.</summary>
    public WallTime Received;

    /// <summary>Bytes of payload. A datagram to send with length 0 is passed over.</summary>
    public int Length;

    /// <summary>Why it was not sent: an errno of sendmsg(2), or 0.</summary>
    public int Error;

    /// <summary>What its sender knows it by: comes back with the time at which it left.</summary>
    public uint Token;

    /// <summary>The ToS or traffic class octet. Needs <see cref="DatagramMarks.HasTos"/>.</summary>
    public byte Tos;

    /// <summary>The TTL or hop limit on arrival. Needs <see cref="DatagramMarks.HasTtl"/>.</summary>
    public byte Ttl;

    /// <summary>Which of the fields hold something.</summary>
    public DatagramMarks Marks;

    /// <summary>True where <paramref name="marks"/> are all set.</summary>
    public readonly bool Has(DatagramMarks marks) => (Marks & marks) == marks;
}

/// <summary>
/// Room for a number of datagrams that are received or sent with one call. All memory is taken at construction and pinned, so
/// that the kernel can work on it and a received datagram can be patched and sent back where it lies. Belongs to one thread at a time.
/// </summary>
public sealed class DatagramBatch
{
    private readonly byte[] _bytes;
    private readonly Datagram[] _datagrams;

    /// <summary>Takes the memory.</summary>
    /// <param name="capacity">How many datagrams at the most; 1 to 1024 (UIO_MAXIOV).</param>
    /// <param name="maxLength">Room for each one's payload, in bytes; longer ones are cut and marked.</param>
    public DatagramBatch(int capacity, int maxLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);
        Capacity = capacity;
        MaxLength = maxLength;
        _bytes = GC.AllocateArray<byte>(capacity * maxLength, pinned: true);
        _datagrams = GC.AllocateArray<Datagram>(capacity, pinned: true);
    }

    /// <summary>How many datagrams fit.</summary>
    public int Capacity { get; }

    /// <summary>Room for each one's payload, in bytes.</summary>
    public int MaxLength { get; }

    /// <summary>How many of them are in use: set by a receive, and by whoever fills it to send.</summary>
    public int Count
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, (uint)Capacity, nameof(value));
            field = value;
        }
    }

    /// <summary>The kernel's headers for receiving into this batch, made by the Linux socket at its first receive.</summary>
    internal MessageVector? ReceiveVector { get; set; }

    /// <summary>The kernel's headers for sending this batch, made by the Linux socket at its first send.</summary>
    internal MessageVector? SendVector { get; set; }

    /// <summary>What is known of datagram <paramref name="index"/> besides its bytes.</summary>
    public ref Datagram this[int index] => ref _datagrams[index];

    /// <summary>All the room of datagram <paramref name="index"/>.</summary>
    public Span<byte> Room(int index) => _bytes.AsSpan(index * MaxLength, MaxLength);

    /// <summary>Where the room of datagram <paramref name="index"/> lies; it never moves while the batch is alive.</summary>
    internal unsafe byte* RoomAddress(int index) =>
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bytes)) + (nint)index * MaxLength;

    /// <summary>The bytes of datagram <paramref name="index"/>, <see cref="Datagram.Length"/> of them.</summary>
    public Span<byte> Payload(int index) => _bytes.AsSpan(index * MaxLength, _datagrams[index].Length);
}
