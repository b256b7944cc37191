using System.Buffers.Binary;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Views;

/// <summary>
/// 64 bits that stand for what identifies a series, to be compared within this process alone. Each step is one-to-one in what came
/// before it, so two series meet by chance alone: one chance in 37 million that any two of a million do.
/// </summary>
/// <param name="seed">Two hashes with different seeds tell more series apart than one.</param>
internal struct SeriesHash(ulong seed)
{
    private const ulong FirstSpread = 0x9E37_79B9_7F4A_7C15;
    private const ulong LastSpread = 0xD6E8_FEB8_6659_FD93;

    private ulong _state = seed;

    /// <summary>The hash of all that was added.</summary>
    public readonly ulong Value
    {
        get
        {
            ulong value = (_state ^ (_state >> 29)) * LastSpread;
            return value ^ (value >> 32);
        }
    }

    /// <summary>The hash of what identifies a row that is no flow, among those of its origin.</summary>
    /// <param name="row">The row.</param>
    /// <param name="origin">The hash of its origin.</param>
    public static SeriesHash Of(in ReportReader row, ulong origin)
    {
        var hash = new SeriesHash(origin);
        hash.Add((ulong)row.Kind);
        if (row.Kind == RowKind.Pair)
        {
            hash.Add(row.Source);
            hash.Add(row.Address);
            hash.Add(((ulong)row.Port << 8) | row.Class);
        }
        else
        {
            hash.Add(row.Measurement);
        }

        hash.Add(row.Tags.Octets);
        return hash;
    }

    /// <summary>Adds a text, apart from what follows it.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        Add((ulong)text.Length);
        for (; text.Length >= sizeof(ulong); text = text[sizeof(ulong)..]) Add(BinaryPrimitives.ReadUInt64LittleEndian(text));
        if (text.IsEmpty) return;
        ulong rest = 0;
        foreach (byte octet in text) rest = (rest << 8) | octet;
        Add(rest);
    }

    /// <summary>Adds a number.</summary>
    public void Add(ulong number)
    {
        _state = (_state ^ number) * FirstSpread;
        _state ^= _state >> 32;
    }
}
