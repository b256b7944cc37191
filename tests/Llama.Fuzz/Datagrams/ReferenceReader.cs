using Llama.Wire.Datagrams;

namespace Llama.Fuzz.Datagrams;

/// <summary>
/// The rules of a Probe once more, written to be checked by eye and not to be fast: a recursive reader over a cursor, after the
/// protobuf encoding document and what the Go programs were seen to do (docs/protocol.md). It shares nothing with the reader it is
/// compared to. Groups nest as deep as a datagram is long, so it wants <see cref="StackBytes"/> of stack.
/// </summary>
internal ref struct ReferenceReader
{
    /// <summary>Enough for 65,507 groups in one another.</summary>
    public const int StackBytes = 64 << 20;

    private const int MaxVarintOctets = 10;

    private ReadOnlySpan<byte> _rest;
    private readonly int _total;
    private ProbeFields _fields;

    private ReferenceReader(ReadOnlySpan<byte> datagram)
    {
        _rest = datagram;
        _total = datagram.Length;
    }

    public static ProbeError Read(ReadOnlySpan<byte> datagram, out ProbeFields fields)
    {
        var reader = new ReferenceReader(datagram);
        ProbeError error = ProbeError.None;
        while (error == ProbeError.None && !reader._rest.IsEmpty) error = reader.ReadField();
        fields = reader._fields;
        return error;
    }

    /// <summary>The raw fields of a datagram, up to the first that is broken.</summary>
    public static List<byte[]> TopLevelFields(byte[] datagram)
    {
        var fields = new List<byte[]>();
        var reader = new ReferenceReader(datagram);
        while (!reader._rest.IsEmpty)
        {
            int start = reader.Position;
            if (reader.ReadField() != ProbeError.None) break;
            fields.Add(datagram[start..reader.Position]);
        }

        return fields;
    }

    private readonly int Position => _total - _rest.Length;

    private ProbeError ReadField()
    {
        ProbeError error = ReadVarint(out ulong tag);
        if (error != ProbeError.None) return error;

        // The Go decoder keeps 32 bits of the number, and those have a sign.
        int number = unchecked((int)(uint)(tag >> 3));
        int type = (int)(tag & 7);
        bool isEndGroup = type == 4;
        if (number < 1 || isEndGroup) return ProbeError.IllegalTag;

        bool wantsBytes = number is 1 or 2 or 7;
        bool wantsVarint = number is 3 or 4 or 5 or 6;
        if ((wantsBytes && type != 2) || (wantsVarint && type != 0)) return ProbeError.WrongWireType;
        if (type != 2) return SkipValue(type);

        error = ReadBytes(out int start, out ReadOnlySpan<byte> value);
        if (error != ProbeError.None) return error;
        if (number == 1)
        {
            _fields.SignatureOffset = start;
            _fields.SignatureLength = value.Length;
        }

        if (number == 2)
        {
            _fields.HasTos = value.Length > 0;
            _fields.Tos = value.Length > 0 ? value[0] : (byte)0;
        }

        bool isKnownExtension = number == 15 && value.Length == 52 && value[0] == 1;
        if (isKnownExtension) _fields.ExtensionOffset = start;
        return ProbeError.None;
    }

    private ProbeError SkipValue(int type) => type switch
    {
        0 => ReadVarint(out _),
        1 => SkipOctets(8),
        2 => ReadBytes(out _, out _),
        3 => SkipGroup(),
        5 => SkipOctets(4),
        _ => ProbeError.WrongWireType,
    };

    /// <summary>Numbers in a group mean nothing, also that of the tag which ends it.</summary>
    private ProbeError SkipGroup()
    {
        while (true)
        {
            ProbeError error = ReadVarint(out ulong tag);
            if (error != ProbeError.None) return error;
            int type = (int)(tag & 7);
            if (type == 4) return ProbeError.None;
            error = SkipValue(type);
            if (error != ProbeError.None) return error;
        }
    }

    private ProbeError SkipOctets(int count)
    {
        if (_rest.Length < count) return ProbeError.Truncated;
        _rest = _rest[count..];
        return ProbeError.None;
    }

    private ProbeError ReadBytes(out int start, out ReadOnlySpan<byte> value)
    {
        start = 0;
        value = default;
        ProbeError error = ReadVarint(out ulong length);
        if (error != ProbeError.None) return error;

        // A length of 64 bits is negative to the Go decoder, which survives that. One of 63 bits takes its position past them: it dies.
        bool isNegative = length > long.MaxValue;
        if (!isNegative && (UInt128)length + (UInt128)Position > long.MaxValue) return ProbeError.LengthOverflow;
        if (length > (ulong)_rest.Length) return ProbeError.Truncated;
        start = Position;
        value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return ProbeError.None;
    }

    /// <summary>Seven bits an octet, the lowest first; what does not fit into 64 bits falls off the end.</summary>
    private ProbeError ReadVarint(out ulong value)
    {
        UInt128 wide = 0;
        value = 0;
        for (int i = 0; i < MaxVarintOctets; i++)
        {
            if (_rest.IsEmpty) return ProbeError.Truncated;
            byte octet = _rest[0];
            _rest = _rest[1..];
            wide |= (UInt128)(octet & 0x7F) << (7 * i);
            bool isLast = (octet & 0x80) == 0;
            if (!isLast) continue;
            value = unchecked((ulong)wide);
            return ProbeError.None;
        }

        return ProbeError.VarintOverflow;
    }
}
