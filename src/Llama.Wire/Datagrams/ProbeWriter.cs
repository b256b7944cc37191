using System.Buffers.Binary;
using Llama.Wire.Clocks;

namespace Llama.Wire.Datagrams;

/// <summary>What a collector puts into a datagram.</summary>
/// <param name="Slot">The sender's own number for the datagram: first half of the signature.</param>
/// <param name="Nonce">48 unguessable bits: second half of the signature.</param>
/// <param name="Tos">The class octet that the reply is asked to carry.</param>
/// <param name="Sent">When it is sent.</param>
/// <param name="Sequence">Its number in its flow, from 0.</param>
/// <param name="Session">What tells the flow, and this start of it, from all others.</param>
public readonly record struct ProbeHeader(uint Slot, ulong Nonce, byte Tos, WallTime Sent, uint Sequence, ulong Session);

/// <summary>
/// Writes the datagram: protobuf, wire-compatible with dropbox/llama's <c>llama.Probe</c> in both directions. Pure; any thread may call it.
/// </summary>
/// <remarks>
/// Our sender writes the fields always in this order and with these lengths, so a datagram of ours is recognised at a glance and
/// patched where it lies. The Go programs skip field 15.
/// <code>
/// offset  octets
///      0  0A 0A                 field 1, bytes, length 10: signature
///      2  s s s s               slot, network byte order
///      6  n n n n n n           nonce
///     12  12 01 t               field 2, bytes, length 1: tos
///     15  18 v v v v v v v v v  field 3, varint of nine octets: sent, nanoseconds since the Unix epoch
///     25  7A 34                 field 15, bytes, length 52
///     27  extension             see ProbeExtension
///     79  3A l [l] 0 ...        field 7, bytes: padding, zeros up to the end of the datagram
/// </code>
/// </remarks>
public static class ProbeWriter
{
    /// <summary>Octets of a signature.</summary>
    public const int SignatureLength = 10;

    /// <summary>The shortest datagram there is: one octet of padding more than its header needs.</summary>
    public const int MinLength = 84;

    internal const int SignatureField = 1, TosField = 2, SentField = 3, ReceivedField = 4, RttField = 5, LostField = 6;
    internal const int PaddingField = 7, ExtensionField = 15;

    internal const int SignatureOffset = 2;
    internal const int TosOffset = 14;
    internal const int ExtensionOffset = 27;
    internal const int PaddingOffset = ExtensionOffset + ProbeExtension.Length;

    private const int SentOffset = 16;
    private const int SentLength = 9;
    private const byte PaddingTag = 0x3A;

    /// <summary>Fills a datagram from its first octet to its last.</summary>
    /// <param name="datagram">Its length is the datagram's: at least <see cref="MinLength"/>, at most 16 KiB.</param>
    /// <param name="header">What to put in.</param>
    /// <param name="clean">
    /// True when everything behind offset 84 is known to be zero already, as it is after an earlier call on the same memory.
    /// </param>
    public static void Write(Span<byte> datagram, in ProbeHeader header, bool clean = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(datagram.Length, MinLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(datagram.Length, 1 << 14);
        datagram[0] = 0x0A;
        datagram[1] = SignatureLength;
        BinaryPrimitives.WriteUInt32BigEndian(datagram[2..], header.Slot);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[6..], (ushort)(header.Nonce >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(datagram[8..], (uint)header.Nonce);
        datagram[12] = 0x12;
        datagram[13] = 1;
        datagram[TosOffset] = header.Tos;
        datagram[15] = 0x18;

        // Nine octets hold 63 bits: every moment from 1970 to 2262, and always the same length.
        ulong sent = (ulong)header.Sent.Nanos & long.MaxValue;
        for (int i = 0; i < SentLength - 1; i++, sent >>= 7) datagram[SentOffset + i] = (byte)(sent | 0x80);
        datagram[SentOffset + SentLength - 1] = (byte)(sent & 0x7F);

        datagram[25] = 0x7A;
        datagram[26] = ProbeExtension.Length;
        ProbeExtension.Write(datagram[ExtensionOffset..], header.Sequence, header.Session);

        Span<byte> padding = datagram[PaddingOffset..];
        padding[0] = PaddingTag;
        if (padding.Length - 2 < 0x80)
        {
            padding[1] = (byte)(padding.Length - 2);
            padding[2] = 0;
        }
        else
        {
            // 127 octets get the two-octet form as well, which is over-long and legal: there is no other way to fill 130.
            int length = padding.Length - 3;
            padding[1] = (byte)(length | 0x80);
            padding[2] = (byte)(length >> 7);
        }

        padding[3] = 0;
        padding[4] = 0;
        if (!clean) padding[5..].Clear();
    }

    /// <summary>The slot number in a signature.</summary>
    public static uint ReadSlot(ReadOnlySpan<byte> signature) => BinaryPrimitives.ReadUInt32BigEndian(signature);

    /// <summary>The 48 unguessable bits in a signature.</summary>
    public static ulong ReadNonce(ReadOnlySpan<byte> signature) =>
        ((ulong)BinaryPrimitives.ReadUInt16BigEndian(signature[4..]) << 32) | BinaryPrimitives.ReadUInt32BigEndian(signature[6..]);

    /// <summary>
    /// True for a datagram laid out as <see cref="Write"/> does. Wants more than <see cref="PaddingOffset"/> + 2 octets.
    /// </summary>
    internal static bool HasOwnLayout(ReadOnlySpan<byte> datagram)
    {
        bool tags = (BinaryPrimitives.ReadUInt16BigEndian(datagram) ^ 0x0A0A)
            + (BinaryPrimitives.ReadUInt16BigEndian(datagram[12..]) ^ 0x1201)
            + (BinaryPrimitives.ReadUInt16BigEndian(datagram[25..]) ^ 0x7A34)
            + (datagram[15] ^ 0x18)
            + (datagram[ExtensionOffset] ^ ProbeExtension.Version)
            + (datagram[PaddingOffset] ^ PaddingTag) == 0;
        const ulong ContinuationBits = 0x8080_8080_8080_8080;
        bool nineOctets = (BinaryPrimitives.ReadUInt64BigEndian(datagram[SentOffset..]) & ContinuationBits) == ContinuationBits
            && datagram[SentOffset + SentLength - 1] < 0x80;
        return tags && nineOctets && PaddingReachesTheEnd(datagram[PaddingOffset..]);
    }

    private static bool PaddingReachesTheEnd(ReadOnlySpan<byte> padding) =>
        padding[1] < 0x80
            ? padding.Length == padding[1] + 2
            : padding[2] < 0x80 && padding.Length == (padding[1] & 0x7F) + (padding[2] << 7) + 3;
}
