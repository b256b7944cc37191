using System.Runtime.CompilerServices;

namespace Llama.Wire.Datagrams;

/// <summary>Why a datagram is not a well-formed Probe.</summary>
public enum ProbeError : byte
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>It ends in the middle of a field.</summary>
    Truncated,

    /// <summary>A tag with field number 0, or an end-group tag without its group.</summary>
    IllegalTag,

    /// <summary>A wire type that protobuf does not have, or another one than the field's.</summary>
    WrongWireType,

    /// <summary>A varint of more than ten octets.</summary>
    VarintOverflow,

    /// <summary>A length so large that position and length together leave 63 bits: only malice writes one.</summary>
    LengthOverflow,
}

/// <summary>Where the fields of a Probe stand. Offsets are into the datagram; the datagram itself is not kept.</summary>
public struct ProbeFields
{
    /// <summary>First octet of the signature; 0 when there is none.</summary>
    public int SignatureOffset;

    /// <summary>Octets of the signature; 0 when there is none or an empty one.</summary>
    public int SignatureLength;

    /// <summary>First octet of the extension (<see cref="ProbeExtension"/>); 0 when there is none that we know.</summary>
    public int ExtensionOffset;

    /// <summary>First octet of the last tos field. Needs <see cref="HasTos"/>.</summary>
    public byte Tos;

    /// <summary>True when the last tos field holds an octet at least.</summary>
    public bool HasTos;

    /// <summary>True when there is an extension that we know.</summary>
    public readonly bool HasExtension => ExtensionOffset > 0;

    /// <summary>True when the signature has the length that a collector writes.</summary>
    public readonly bool HasSignature => SignatureLength == ProbeWriter.SignatureLength;
}

/// <summary>
/// Finds the fields of a Probe (see <see cref="ProbeWriter"/> for the layout), as forgiving and as strict as the Go
/// implementation's generated decoder: any field order, repeated fields (the last one counts), over-long varints, unknown
/// fields and groups are accepted. Never throws, whatever the bytes; any thread may call it.
/// </summary>
public static class ProbeReader
{
    private const int Varint = 0, Fixed64 = 1, Bytes = 2, StartGroup = 3, EndGroup = 4, Fixed32 = 5;

    /// <summary>Finds the fields. On an error, those that stood before it are found all the same.</summary>
    public static ProbeError Read(ReadOnlySpan<byte> datagram, out ProbeFields fields)
    {
        fields = default;
        return TryReadOwn(datagram, ref fields) ? ProbeError.None : ReadAny(datagram, out fields);
    }

    /// <summary>The layout that our collector writes, recognised without walking it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReadOwn(ReadOnlySpan<byte> datagram, ref ProbeFields fields)
    {
        if (datagram.Length <= ProbeWriter.PaddingOffset + 2 || !ProbeWriter.HasOwnLayout(datagram)) return false;
        fields.SignatureOffset = ProbeWriter.SignatureOffset;
        fields.SignatureLength = ProbeWriter.SignatureLength;
        fields.Tos = datagram[ProbeWriter.TosOffset];
        fields.HasTos = true;
        fields.ExtensionOffset = ProbeWriter.ExtensionOffset;
        return true;
    }

    private static ProbeError ReadAny(ReadOnlySpan<byte> datagram, out ProbeFields fields)
    {
        fields = default;
        int position = 0;
        while (position < datagram.Length)
        {
            ProbeError error = ReadVarint(datagram, ref position, out ulong tag);
            if (error != ProbeError.None) return error;

            // The number is cut to 32 bits and compared signed, as the generated decoder does.
            int number = (int)(tag >> 3);
            int wireType = (int)(tag & 7);
            if (wireType == EndGroup || number <= 0) return ProbeError.IllegalTag;

            int start, length;
            switch (number)
            {
                case ProbeWriter.SignatureField or ProbeWriter.TosField or ProbeWriter.PaddingField:
                    if (wireType != Bytes) return ProbeError.WrongWireType;
                    error = ReadLength(datagram, ref position, out start, out length);
                    if (error != ProbeError.None) return error;
                    if (number == ProbeWriter.SignatureField)
                    {
                        fields.SignatureOffset = start;
                        fields.SignatureLength = length;
                    }
                    else if (number == ProbeWriter.TosField)
                    {
                        fields.HasTos = length > 0;
                        fields.Tos = length > 0 ? datagram[start] : default;
                    }

                    break;

                case ProbeWriter.SentField or ProbeWriter.ReceivedField or ProbeWriter.RttField or ProbeWriter.LostField:
                    if (wireType != Varint) return ProbeError.WrongWireType;
                    error = ReadVarint(datagram, ref position, out _);
                    if (error != ProbeError.None) return error;
                    break;

                case ProbeWriter.ExtensionField when wireType == Bytes:
                    error = ReadLength(datagram, ref position, out start, out length);
                    if (error != ProbeError.None) return error;
                    if (ProbeExtension.IsKnown(datagram.Slice(start, length))) fields.ExtensionOffset = start;
                    break;

                default:
                    error = Skip(datagram, ref position, wireType);
                    if (error != ProbeError.None) return error;
                    break;
            }
        }

        return ProbeError.None;
    }

    /// <summary>Passes over a field that is not ours. Groups nest as deep as the datagram is long, so depth is counted, not recursed.</summary>
    private static ProbeError Skip(ReadOnlySpan<byte> datagram, ref int position, int wireType)
    {
        int depth = 0;
        while (true)
        {
            ProbeError error = ProbeError.None;
            switch (wireType)
            {
                case Varint:
                    error = ReadVarint(datagram, ref position, out _);
                    break;
                case Fixed64:
                    position += 8;
                    break;
                case Bytes:
                    error = ReadLength(datagram, ref position, out _, out _);
                    break;
                case StartGroup:
                    depth++;
                    break;
                case EndGroup:
                    depth--;
                    break;
                case Fixed32:
                    position += 4;
                    break;
                default:
                    return ProbeError.WrongWireType;
            }

            if (error != ProbeError.None) return error;
            if (position > datagram.Length) return ProbeError.Truncated;
            if (depth == 0) return ProbeError.None;

            // The field number inside a group, and the one that ends it, are not looked at: neither does the Go decoder.
            error = ReadVarint(datagram, ref position, out ulong tag);
            if (error != ProbeError.None) return error;
            wireType = (int)(tag & 7);
        }
    }

    private static ProbeError ReadLength(ReadOnlySpan<byte> datagram, ref int position, out int start, out int length)
    {
        start = 0;
        length = 0;
        ProbeError error = ReadVarint(datagram, ref position, out ulong value);
        if (error != ProbeError.None) return error;
        if (value <= long.MaxValue && value > (ulong)(long.MaxValue - position)) return ProbeError.LengthOverflow;
        if (value > (ulong)(datagram.Length - position)) return ProbeError.Truncated;
        start = position;
        length = (int)value;
        position += length;
        return ProbeError.None;
    }

    private static ProbeError ReadVarint(ReadOnlySpan<byte> datagram, ref int position, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (position >= datagram.Length) return ProbeError.Truncated;
            byte octet = datagram[position++];
            value |= (ulong)(octet & 0x7F) << shift;
            if (octet < 0x80) return ProbeError.None;
        }

        return ProbeError.VarintOverflow;
    }
}
