using System.Buffers.Binary;
using System.Numerics;

namespace Llama.Storage.History.Blocks;

/// <summary>Puts bits into octets, the highest first. <see cref="BitReader"/> reads them, and its remarks say what a code is.</summary>
internal sealed class BitWriter
{
    private const int WordBits = 64;

    private byte[] _octets = new byte[1024];
    private int _length;
    private ulong _word;
    private int _free = WordBits;

    /// <summary>How many bits were written.</summary>
    public int Bits => 8 * _length + WordBits - _free;

    /// <summary>Writes a number in so many bits, 0 to 64; it has no more.</summary>
    public void Write(ulong value, int count)
    {
        if (count < _free)
        {
            _free -= count;
            _word |= value << _free;
            return;
        }

        int left = count - _free;
        _word |= value >> left;
        Flush();
        if (left == 0) return;
        _free = WordBits - left;
        _word = value << _free;
    }

    /// <summary>Writes a number as a code of an order, 0 to 63: the fewer bits, the closer it is to or the further it is below two to the power of it.</summary>
    public void WriteCode(ulong value, int order)
    {
        if (value >= 1UL << (WordBits - 1))
        {
            Write(0, WordBits - order);
            Write(value, WordBits);
            return;
        }

        ulong shifted = value + (1UL << order);
        int length = WordBits - BitOperations.LeadingZeroCount(shifted);
        int zeros = length - 1 - order;
        if (zeros + length <= WordBits)
        {
            Write(shifted, zeros + length);
            return;
        }

        Write(0, zeros);
        Write(shifted, length);
    }

    /// <summary>Writes a number with its length before it: for what is written once.</summary>
    public void WriteSized(ulong value)
    {
        int length = WordBits - BitOperations.LeadingZeroCount(value);
        Write((ulong)length, BitReader.SizeBits);
        Write(value, length);
    }

    /// <summary>All that was written, with zero bits up to a whole octet. It is valid until more is written.</summary>
    public ReadOnlySpan<byte> Octets()
    {
        int rest = (WordBits - _free + 7) / 8;
        Reserve();
        BinaryPrimitives.WriteUInt64BigEndian(_octets.AsSpan(_length), _word);
        return _octets.AsSpan(0, _length + rest);
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => (_length, _word, _free) = (0, 0, WordBits);

    private void Flush()
    {
        Reserve();
        BinaryPrimitives.WriteUInt64BigEndian(_octets.AsSpan(_length), _word);
        _length += sizeof(ulong);
        (_word, _free) = (0, WordBits);
    }

    private void Reserve()
    {
        if (_octets.Length - _length < sizeof(ulong)) Array.Resize(ref _octets, 2 * _octets.Length);
    }
}
