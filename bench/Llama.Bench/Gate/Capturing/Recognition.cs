using System.Buffers.Binary;
using Llama.Wire.Datagrams;

namespace Llama.Benchmarks.Gate.Capturing;

/// <summary>How the packets of each program are told from others, and a reply found to its request.</summary>
internal static class Recognition
{
    private const byte EchoRequest = 8, EchoReply = 0;
    private const int IcmpKeyOffset = 4, IcmpKeyLength = 4;
    private const int IrttFlagsOffset = 3, IrttKeyOffset = 4, IrttKeyLength = 12;
    private const byte IrttReplyFlag = 2;

    /// <summary>Datagrams of ours to and from a port: the signature is the key, and the reflector's times tell the dwell.</summary>
    public static Func<CapturedPacket, ExchangeMark?> Ours(int port) => packet =>
    {
        if (packet.Protocol != CapturedPacket.Udp || (packet.SourcePort != port && packet.DestinationPort != port)) return null;

        // The capture keeps the head of a datagram, so reading it ends in an error; what stands before that is all we want.
        ReadOnlySpan<byte> payload = packet.Payload.Span;
        ProbeReader.Read(payload, out ProbeFields fields);
        if (!fields.HasSignature) return null;
        UInt128 key = Key(payload.Slice(fields.SignatureOffset, fields.SignatureLength));
        if (packet.DestinationPort == port) return new ExchangeMark(false, key);
        if (!fields.HasExtension) return new ExchangeMark(true, key);
        ReadOnlySpan<byte> extension = payload[fields.ExtensionOffset..];
        bool isStamped = (ProbeExtension.ReadMarks(extension) & ProbeMarks.Reflected) != 0;
        ReflectorStamps stamps = ProbeExtension.ReadStamps(extension);
        return new ExchangeMark(true, key, isStamped ? stamps.Transmitted - stamps.Received : null);
    };

    /// <summary>ICMP echoes of any size (RFC 792): identifier and sequence number are the key.</summary>
    public static ExchangeMark? Ping(CapturedPacket packet)
    {
        ReadOnlySpan<byte> payload = packet.Payload.Span;
        if (packet.Protocol != CapturedPacket.Icmp || payload.Length < IcmpKeyOffset + IcmpKeyLength) return null;
        if (payload[0] is not (EchoRequest or EchoReply)) return null;
        return new ExchangeMark(payload[0] == EchoReply, Key(payload.Slice(IcmpKeyOffset, IcmpKeyLength)));
    }

    /// <summary>Packets of irtt to and from a port: its connection token and sequence number are the key.</summary>
    public static Func<CapturedPacket, ExchangeMark?> Irtt(int port) => packet =>
    {
        ReadOnlySpan<byte> payload = packet.Payload.Span;
        if (packet.Protocol != CapturedPacket.Udp || payload.Length < IrttKeyOffset + IrttKeyLength) return null;
        if (packet.SourcePort != port && packet.DestinationPort != port) return null;
        bool isReply = (payload[IrttFlagsOffset] & IrttReplyFlag) != 0;
        return new ExchangeMark(isReply, Key(payload.Slice(IrttKeyOffset, IrttKeyLength)));
    };

    private static UInt128 Key(ReadOnlySpan<byte> octets)
    {
        Span<byte> whole = stackalloc byte[16];
        whole.Clear();
        octets.CopyTo(whole);
        return BinaryPrimitives.ReadUInt128BigEndian(whole);
    }
}
