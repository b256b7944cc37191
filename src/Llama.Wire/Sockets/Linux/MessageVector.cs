using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Llama.Wire.Sockets.Linux;

/// <summary>struct iovec of readv(2): a piece of memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Base;
    public nuint Length;
}

/// <summary>
/// struct mmsghdr of recvmmsg(2), which is a struct msghdr of recvmsg(2) and the number of bytes moved. 64 bytes:
/// <code>
///  0 msg_name        8   where the peer's address stands
///  8 msg_namelen     4   room for it; on return, what was filled
/// 12 padding         4
/// 16 msg_iov         8   where the payload stands
/// 24 msg_iovlen      8   pieces of it: 1
/// 32 msg_control     8   where the control messages stand
/// 40 msg_controllen  8   room for them; on return, what was filled
/// 48 msg_flags       4   on return: MSG_TRUNC, ...
/// 52 padding         4
/// 56 msg_len         4   on return: bytes of payload
/// 60 padding         4
/// </code>
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MultiMessage
{
    public byte* Name;
    public uint NameLength;
    public IoVector* Vector;
    public nuint VectorLength;
    public byte* Control;
    public nuint ControlLength;
    public int Flags;
    private readonly uint _padding;
    public uint Length;
    private readonly uint _morePadding;
}

/// <summary>
/// The kernel's view of a batch: a message header for each datagram, with its iovec, address and control messages behind it.
/// It lies on the pinned heap next to the batch that owns it, is built once, and goes when the batch goes.
/// </summary>
internal sealed unsafe class MessageVector
{
    private readonly byte[] _memory;

    private MessageVector(int capacity, int controlRoom)
    {
        int slot = sizeof(IoVector) + SocketAddresses.Room + controlRoom;
        _memory = GC.AllocateArray<byte>(capacity * (sizeof(MultiMessage) + slot), pinned: true);
        byte* next = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        Messages = (MultiMessage*)next;
        next += capacity * sizeof(MultiMessage);
        for (int i = 0; i < capacity; i++, next += slot)
        {
            ref MultiMessage message = ref Messages[i];
            message.Vector = (IoVector*)next;
            message.VectorLength = 1;
            message.Name = next + sizeof(IoVector);
            message.NameLength = SocketAddresses.Room;
            message.Control = message.Name + SocketAddresses.Room;
            message.ControlLength = (nuint)controlRoom;
        }
    }

    /// <summary>The headers, one for each datagram that fits the batch.</summary>
    internal MultiMessage* Messages { get; }

    /// <summary>A vector whose headers point at the batch's rooms and have all the room there is, ready for recvmmsg(2).</summary>
    internal static MessageVector ToReceive(DatagramBatch batch)
    {
        var vector = new MessageVector(batch.Capacity, ControlMessages.ReceiveRoom);
        for (int i = 0; i < batch.Capacity; i++)
            *vector.Messages[i].Vector = new IoVector { Base = batch.RoomAddress(i), Length = (nuint)batch.MaxLength };
        return vector;
    }

    /// <summary>A vector whose headers have room for control messages alone, for what the error queue holds.</summary>
    internal static MessageVector ToReceiveErrors(int capacity) => new(capacity, ControlMessages.ErrorRoom);

    /// <summary>A vector whose headers are filled before each sendmmsg(2).</summary>
    internal static MessageVector ToSend(DatagramBatch batch) => new(batch.Capacity, ControlMessages.SendRoom);
}
