using Llama.Wire.Datagrams;

namespace Llama.Fuzz.Datagrams;

/// <summary>What a reflector must do with a datagram.</summary>
internal enum Fate
{
    /// <summary>Drop it: not a Probe, or one without a class.</summary>
    Malformed,

    /// <summary>Drop it: it carries a reflector's mark.</summary>
    AlreadyReflected,

    /// <summary>Drop it: its tag is missing or wrong.</summary>
    NotAuthenticated,

    /// <summary>Send it back, unless the same signature has come too often.</summary>
    EchoedUnlessBouncing,

    /// <summary>Stamp it and send it back.</summary>
    Stamped,
}

/// <summary>What a reflector must do with a datagram, and what must come back: docs/protocol.md once more, over the reference reader.</summary>
/// <param name="Fate">What is to become of it.</param>
/// <param name="Length">Octets of the reply.</param>
/// <param name="ExtensionOffset">Where the reply may differ from the request; 0 where nowhere.</param>
/// <param name="Tos">The class of the reply.</param>
internal readonly record struct Expectation(Fate Fate, int Length, int ExtensionOffset, byte Tos)
{
    private const int RoomLength = 9216, PlainLength = 4096;
    private const byte Reflected = 1, KernelTime = 4;

    /// <summary>What must become of a datagram.</summary>
    /// <param name="datagram">The request.</param>
    /// <param name="isAuthentic">Tells whether the tag of an extension is right; null without a key.</param>
    public static Expectation Of(ReadOnlySpan<byte> datagram, Func<byte[], int, bool>? isAuthentic = null)
    {
        ReadOnlySpan<byte> seen = datagram[..Math.Min(datagram.Length, RoomLength)];
        ProbeError error = ReferenceReader.Read(seen, out ProbeFields fields);
        bool isWhole = error == ProbeError.None && fields.HasExtension;
        if (seen.Length > PlainLength && !isWhole)
        {
            seen = seen[..PlainLength];
            error = ReferenceReader.Read(seen, out fields);
        }

        if (error != ProbeError.None || !fields.HasTos) return new(Fate.Malformed, 0, 0, 0);
        if (fields.HasExtension && (seen[fields.ExtensionOffset + 1] & Reflected) != 0) return new(Fate.AlreadyReflected, 0, 0, 0);
        if (isAuthentic is not null && !(fields.HasExtension && isAuthentic(seen.ToArray(), fields.ExtensionOffset)))
            return new(Fate.NotAuthenticated, 0, 0, 0);
        return new(fields.HasExtension ? Fate.Stamped : Fate.EchoedUnlessBouncing, seen.Length, fields.ExtensionOffset, fields.Tos);
    }

    /// <summary>True when this is a right reply to the request: its own octets, changed where a reflector stamps it and nowhere else.</summary>
    public bool Allows(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply)
    {
        if (reply.Length != Length || Fate < Fate.EchoedUnlessBouncing) return false;
        if (Fate == Fate.EchoedUnlessBouncing) return reply.SequenceEqual(request[..Length]);

        // version 1, flags 1, ToS and TTL 2; sequence and session 12; times and count 20; tag 16.
        int flags = ExtensionOffset + 1, sequence = ExtensionOffset + 4, times = ExtensionOffset + 16, tag = ExtensionOffset + 36;
        int end = tag + 16;
        return reply[..flags].SequenceEqual(request[..flags])
            && (reply[flags] | KernelTime) == (request[flags] | Reflected | KernelTime)
            && reply[sequence..times].SequenceEqual(request[sequence..times])
            && reply[tag..].SequenceEqual(request[tag..Length])
            && end <= Length;
    }
}
