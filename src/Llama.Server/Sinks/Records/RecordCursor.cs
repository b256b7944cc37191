using System.Buffers.Binary;
using Llama.Engine.Summaries;

namespace Llama.Server.Sinks.Records;

/// <summary>A place in a record, and the pieces that are read there. Throws <see cref="InvalidDataException"/> where there is no such piece.</summary>
internal ref struct RecordCursor(ReadOnlySpan<byte> octets)
{
    private ReadOnlySpan<byte> _rest = octets;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>What a record ends in that is none.</summary>
    public static InvalidDataException Malformed() => new("The record of a report is damaged.");

    public byte Octet() => Take(1)[0];

    public ReadOnlySpan<byte> Take(int length)
    {
        if ((uint)length > (uint)_rest.Length) throw Malformed();
        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    public ulong Varint()
    {
        ulong value = 0;
        for (int i = 0; i < _rest.Length && i < 10; i++)
        {
            byte octet = _rest[i];
            value |= (ulong)(octet & 0x7F) << (7 * i);
            if (octet >= 0x80) continue;
            _rest = _rest[(i + 1)..];
            return value;
        }

        throw Malformed();
    }

    public ReadOnlySpan<byte> Text() => Varint() is var length && length <= (ulong)_rest.Length ? Take((int)length) : throw Malformed();

    public double Number() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    public TextPairs Pairs()
    {
        int count = Length();
        ReadOnlySpan<byte> from = _rest;
        for (int i = 0; i < 2 * count; i++) Text();
        return new TextPairs(from[..(from.Length - _rest.Length)], count);
    }

    public BucketList Buckets()
    {
        int count = Length();
        ReadOnlySpan<byte> from = _rest;
        for (int i = 0; i < 2 * count; i++) Varint();
        return new BucketList(from[..(from.Length - _rest.Length)], count);
    }

    public FieldList Fields()
    {
        int count = Length();
        ReadOnlySpan<byte> from = _rest;
        for (int i = 0; i < count; i++)
        {
            Text();
            Number();
        }

        return new FieldList(from[..(from.Length - _rest.Length)], count);
    }

    /// <summary>A count of pieces, each of which takes an octet at least.</summary>
    private int Length() => Varint() is var count && count <= (ulong)_rest.Length ? (int)count : throw Malformed();
}

/// <summary>Keys and values, UTF-8, in the order they were written; <c>foreach</c> reads them.</summary>
internal readonly ref struct TextPairs(ReadOnlySpan<byte> octets, int count)
{
    public int Count { get; } = count;

    /// <summary>All of them as they stand in the record: what tells one set of them from another.</summary>
    public ReadOnlySpan<byte> Octets { get; } = octets;

    public Enumerator GetEnumerator() => new(Octets);

    /// <summary>The value of a key; empty when it is not there.</summary>
    public ReadOnlySpan<byte> Find(ReadOnlySpan<byte> key)
    {
        foreach (TextPair pair in this)
            if (pair.Key.SequenceEqual(key)) return pair.Value;
        return [];
    }

    /// <summary>Goes through them.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> octets)
    {
        private RecordCursor _rest = new(octets);

        public TextPair Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsAtEnd) return false;
            ReadOnlySpan<byte> key = _rest.Text();
            Current = new TextPair(key, _rest.Text());
            return true;
        }
    }
}

/// <summary>A key and its value.</summary>
internal readonly ref struct TextPair(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
{
    public ReadOnlySpan<byte> Key { get; } = key;

    public ReadOnlySpan<byte> Value { get; } = value;
}

/// <summary>Buckets by index, lowest first; <c>foreach</c> reads them.</summary>
internal readonly ref struct BucketList(ReadOnlySpan<byte> octets, int count)
{
    private readonly ReadOnlySpan<byte> _octets = octets;

    public int Count { get; } = count;

    public Enumerator GetEnumerator() => new(_octets);

    /// <summary>Goes through them.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> octets)
    {
        private RecordCursor _rest = new(octets);

        public LatencyBucket Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsAtEnd) return false;
            int index = Current.Index + (int)_rest.Varint();
            Current = new LatencyBucket(index, (long)_rest.Varint());
            return true;
        }
    }
}

/// <summary>The fields of a point; <c>foreach</c> reads them.</summary>
internal readonly ref struct FieldList(ReadOnlySpan<byte> octets, int count)
{
    private readonly ReadOnlySpan<byte> _octets = octets;

    public int Count { get; } = count;

    public Enumerator GetEnumerator() => new(_octets);

    /// <summary>Goes through them.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> octets)
    {
        private RecordCursor _rest = new(octets);

        public Field Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsAtEnd) return false;
            ReadOnlySpan<byte> name = _rest.Text();
            Current = new Field(name, _rest.Number());
            return true;
        }
    }
}

/// <summary>A field's name and value.</summary>
internal readonly ref struct Field(ReadOnlySpan<byte> name, double value)
{
    public ReadOnlySpan<byte> Name { get; } = name;

    public double Value { get; } = value;
}
