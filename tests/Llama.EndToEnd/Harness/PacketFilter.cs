using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Llama.EndToEnd.Harness;

/// <summary>Keeps a packet socket's buffer free of the traffic of others: a classic BPF program (socket(7), SO_ATTACH_FILTER).</summary>
internal static class PacketFilter
{
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;
    private const ushort LoadHalf = 0x28, LoadByte = 0x30, JumpIfEqual = 0x15, Return = 0x06;
    private const int InstructionLength = 8;

    /// <summary>Lets through what leaves this UDP port, over IPv4 without options or IPv6, in Ethernet frames.</summary>
    public static void Attach(Socket socket, int sourcePort)
    {
        (ushort Code, byte IfTrue, byte IfFalse, uint Operand)[] program =
        [
            (LoadHalf, 0, 0, 12),
            (JumpIfEqual, 4, 0, 0x86DD),
            (LoadByte, 0, 0, 23),
            (JumpIfEqual, 0, 7, (uint)ProtocolType.Udp),
            (LoadHalf, 0, 0, 34),
            (JumpIfEqual, 4, 5, (uint)sourcePort),
            (LoadByte, 0, 0, 20),
            (JumpIfEqual, 0, 3, (uint)ProtocolType.Udp),
            (LoadHalf, 0, 0, 54),
            (JumpIfEqual, 0, 1, (uint)sourcePort),
            (Return, 0, 0, ushort.MaxValue),
            (Return, 0, 0, 0),
        ];
        byte[] code = new byte[program.Length * InstructionLength];
        foreach ((int index, (ushort Code, byte IfTrue, byte IfFalse, uint Operand) instruction) in program.Index())
        {
            Span<byte> at = code.AsSpan(index * InstructionLength);
            BinaryPrimitives.WriteUInt16LittleEndian(at, instruction.Code);
            at[2] = instruction.IfTrue;
            at[3] = instruction.IfFalse;
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], instruction.Operand);
        }

        // struct sock_fprog: how many instructions, and where they are.
        var pinned = GCHandle.Alloc(code, GCHandleType.Pinned);
        try
        {
            byte[] programHeader = new byte[16];
            BinaryPrimitives.WriteUInt16LittleEndian(programHeader, (ushort)program.Length);
            BinaryPrimitives.WriteInt64LittleEndian(programHeader.AsSpan(8), pinned.AddrOfPinnedObject());
            socket.SetRawSocketOption(SocketLevel, AttachFilter, programHeader);
        }
        finally
        {
            pinned.Free();
        }
    }
}
