using System.Buffers.Binary;
using Llama.Wire.Clocks;

namespace Llama.Wire.Datagrams;

/// <summary>The flags of a <see cref="ProbeExtension"/>.</summary>
[Flags]
public enum ProbeMarks : byte
{
    /// <summary>As it left its sender.</summary>
    None = 0,

    /// <summary>A reflector has sent it back.</summary>
    Reflected = 1,

    /// <summary>The tag was made with a key.</summary>
    Authenticated = 2,

    /// <summary>The receive time was taken by the reflector's kernel.</summary>
    KernelReceiveTime = 4,
}

/// <summary>What a reflector adds to a datagram.</summary>
/// <param name="ReceivedTos">ToS or traffic class octet as it arrived.</param>
/// <param name="ReceivedTtl">TTL or hop limit as it arrived; 0 when the reflector can't tell that and the ToS.</param>
/// <param name="Received">When it arrived, on the reflector's clock.</param>
/// <param name="Transmitted">When it was sent back, on the reflector's clock.</param>
/// <param name="SessionReceives">How many datagrams of its session the reflector has received, this one included.</param>
/// <param name="KernelTime">True when <paramref name="Received"/> was taken by the kernel.</param>
public readonly record struct ReflectorStamps(
    byte ReceivedTos, byte ReceivedTtl, WallTime Received, WallTime Transmitted, uint SessionReceives, bool KernelTime);

/// <summary>
/// Field 15 of a datagram: reserved by the sender, patched in place by our reflector, skipped by the Go programs. Fixed layout,
/// network byte order. The members are pure; any thread may call them.
/// </summary>
/// <remarks>
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+---------------+---------------+---------------+
/// |  version = 1  |     flags     | received ToS  | received TTL  |  0
/// +---------------+---------------+---------------+---------------+
/// |                           sequence                            |  4
/// +---------------------------------------------------------------+
/// |                            session                            |  8
/// |                                                               |
/// +---------------------------------------------------------------+
/// |        reflector receive, nanoseconds since the epoch         | 16
/// |                                                               |
/// +---------------------------------------------------------------+
/// |        reflector transmit, nanoseconds since the epoch        | 24
/// |                                                               |
/// +---------------------------------------------------------------+
/// |                       session receives                        | 32
/// +---------------------------------------------------------------+
/// |        tag: HMAC-SHA-256 over all octets of the datagram      | 36
/// |        before it, cut to 128 bits; zero without a key         |
/// |                                                               |
/// |                                                               |
/// +---------------------------------------------------------------+ 52
/// </code>
/// </remarks>
public static class ProbeExtension
{
    /// <summary>Octets of the extension.</summary>
    public const int Length = 52;

    /// <summary>The version that this code knows.</summary>
    public const byte Version = 1;

    internal const int TagOffset = 36;
    internal const int TagLength = 16;

    private const int FlagsOffset = 1, TosOffset = 2, TtlOffset = 3, SequenceOffset = 4, SessionOffset = 8;
    private const int ReceivedOffset = 16, TransmittedOffset = 24, ReceivesOffset = 32;

    /// <summary>True for a field 15 with the length and version that this code knows.</summary>
    public static bool IsKnown(ReadOnlySpan<byte> extension) => extension.Length == Length && extension[0] == Version;

    /// <summary>The flags.</summary>
    public static ProbeMarks ReadMarks(ReadOnlySpan<byte> extension) => (ProbeMarks)extension[FlagsOffset];

    /// <summary>The number of the datagram in its flow.</summary>
    public static uint ReadSequence(ReadOnlySpan<byte> extension) => BinaryPrimitives.ReadUInt32BigEndian(extension[SequenceOffset..]);

    /// <summary>The flow's session.</summary>
    public static ulong ReadSession(ReadOnlySpan<byte> extension) => BinaryPrimitives.ReadUInt64BigEndian(extension[SessionOffset..]);

    /// <summary>What the reflector added. Means nothing without <see cref="ProbeMarks.Reflected"/>.</summary>
    public static ReflectorStamps ReadStamps(ReadOnlySpan<byte> extension) => new(
        extension[TosOffset],
        extension[TtlOffset],
        new WallTime(BinaryPrimitives.ReadInt64BigEndian(extension[ReceivedOffset..])),
        new WallTime(BinaryPrimitives.ReadInt64BigEndian(extension[TransmittedOffset..])),
        BinaryPrimitives.ReadUInt32BigEndian(extension[ReceivesOffset..]),
        (extension[FlagsOffset] & (byte)ProbeMarks.KernelReceiveTime) != 0);

    /// <summary>Adds what a reflector has to add, and marks the datagram as reflected. Length and all other octets stay.</summary>
    public static void Patch(Span<byte> extension, in ReflectorStamps stamps)
    {
        extension[FlagsOffset] |= (byte)(ProbeMarks.Reflected | (stamps.KernelTime ? ProbeMarks.KernelReceiveTime : ProbeMarks.None));
        extension[TosOffset] = stamps.ReceivedTos;
        extension[TtlOffset] = stamps.ReceivedTtl;
        BinaryPrimitives.WriteInt64BigEndian(extension[ReceivedOffset..], stamps.Received.Nanos);
        BinaryPrimitives.WriteInt64BigEndian(extension[TransmittedOffset..], stamps.Transmitted.Nanos);
        BinaryPrimitives.WriteUInt32BigEndian(extension[ReceivesOffset..], stamps.SessionReceives);
    }

    /// <summary>Lays out an extension as a sender reserves it: everything zero that a reflector or a key fills in.</summary>
    internal static void Write(Span<byte> extension, uint sequence, ulong session)
    {
        extension[..Length].Clear();
        extension[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(extension[SequenceOffset..], sequence);
        BinaryPrimitives.WriteUInt64BigEndian(extension[SessionOffset..], session);
    }

    /// <summary>Sets the flag that says a key was used.</summary>
    internal static void MarkAuthenticated(Span<byte> extension) => extension[FlagsOffset] |= (byte)ProbeMarks.Authenticated;
}
