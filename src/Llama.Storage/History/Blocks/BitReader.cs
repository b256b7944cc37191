using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Llama.Storage.History.Blocks;

/// <summary>Takes bits out of octets, the highest first. Throws <see cref="InvalidDataException"/> where there are none.</summary>
/// <remarks>
/// A code stands for a number of 64 bits; its order n is known from elsewhere. These are Exp-Golomb codes: one bit more than the order
/// for the 2^n smallest numbers, two bits more for each doubling beyond.
/// <code>
/// below 2^63    z zeros     value + 2^n, which begins with a one    1 + z + n bits
/// from there    64 - n zeros     value    64 bits
/// sized number  length   7 bits     value   as many bits
/// </code>
/// </remarks>
internal ref struct BitReader
{
    /// <summary>Bits of the length of a sized number.</summary>
    public const int SizeBits = 7;

    private const int WordBits = 64;

    // What is left of a word when the first bit is anywhere in its first octet.
    private const int SafeBits = WordBits - 7;

    private readonly ReadOnlySpan<byte> _octets;
    private readonly int _end;
    private int _position;

    /// <summary>A reader of octets, at their first bit.</summary>
    public BitReader(ReadOnlySpan<byte> octets)
    {
        if (octets.Length > int.MaxValue / 8) throw Damaged();
        _octets = octets;
        _end = 8 * octets.Length;
    }

    /// <summary>Where it stands, in bits.</summary>
    public int Position
    {
        readonly get => _position;
        set => _position = (uint)value <= (uint)_end ? value : throw Damaged();
    }

    /// <summary>What reading something ends in that is no block.</summary>
    public static InvalidDataException Damaged() => new("A block of the history is damaged.");

    /// <summary>Reads a number of so many bits, 0 to 64.</summary>
    public ulong Bits(int count)
    {
        if (count > SafeBits)
        {
            ulong high = Bits(count - 32);
            return (high << 32) | Bits(32);
        }

        ulong window = Window();
        Advance(count);
        return count == 0 ? 0 : window >> (WordBits - count);
    }

    /// <summary>Reads a code of an order, 0 to 63.</summary>
    public ulong Code(int order)
    {
        ulong window = Window();
        int length = 2 * BitOperations.LeadingZeroCount(window) + 1 + order;
        if (length > SafeBits) return LongCode(order);
        Advance(length);
        return (window >> (WordBits - length)) - (1UL << order);
    }

    /// <summary>How many ones come next; there may be more of them.</summary>
    public readonly int OnesAhead(int most) => Math.Min(Math.Min(most, SafeBits), BitOperations.LeadingZeroCount(~Window()));

    /// <summary>
    /// Goes past numbers, each with a code of how often it is there, less 1, and between two of them a code of what they differ by; the
    /// last one's is not there when one is left. Nothing but their lengths is looked at, and no bit twice.
    /// </summary>
    /// <param name="left">How many they are together, above 0.</param>
    /// <param name="countMode">Mode of the codes of how often, as <see cref="CodeModes"/> has them.</param>
    /// <param name="gapMode">Mode of the codes between.</param>
    /// <param name="most">How many numbers there are at most.</param>
    /// <returns>How many numbers there are.</returns>
    public int PassCounted(long left, int countMode, int gapMode, int most)
    {
        ulong window = Window();
        int fresh = SafeBits;
        for (int numbers = 1; numbers <= most; numbers++)
        {
            if (left == 1) return numbers;
            left -= 1 + (long)Next(countMode, ref window, ref fresh);
            if (left == 0) return numbers;
            if (left < 0) break;
            Next(gapMode, ref window, ref fresh);
        }

        throw Damaged();
    }

    /// <summary>Reads a sized number.</summary>
    public ulong Sized() => Bits(SizeBits) is var length and <= WordBits ? Bits((int)length) : throw Damaged();

    /// <summary>Reads a sized number that says how much there is of something.</summary>
    public int Length() => Sized() is var length and <= int.MaxValue ? (int)length : throw Damaged();

    /// <summary>Reads a code of a mode out of what was taken ahead, as long as it is in there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Next(int mode, scoped ref ulong window, scoped ref int fresh)
    {
        if (mode == 0) return 0;
        int length = 2 * BitOperations.LeadingZeroCount(window) + mode;
        if (length > fresh) return NextAfresh(mode, ref window, ref fresh);
        ulong value = (window >> (WordBits - length)) - (1UL << (mode - 1));
        Advance(length);
        window <<= length;
        fresh -= length;
        return value;
    }

    private ulong NextAfresh(int mode, scoped ref ulong window, scoped ref int fresh)
    {
        ulong value = Code(mode - 1);
        (window, fresh) = (Window(), SafeBits);
        return value;
    }

    private ulong LongCode(int order)
    {
        int zeros = 0;
        while (Bits(1) == 0)
            if (++zeros == WordBits - order) return Bits(WordBits) is var value && value >> (WordBits - 1) == 1 ? value : throw Damaged();

        return Bits(zeros + order) + (1UL << (zeros + order)) - (1UL << order);
    }

    /// <summary>The bits from here on, <see cref="SafeBits"/> of them at least; zeros behind the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong Window()
    {
        int place = _position >> 3;
        return place <= _octets.Length - sizeof(ulong)
            ? BinaryPrimitives.ReadUInt64BigEndian(_octets[place..]) << (_position & 7)
            : LastWindow(place);
    }

    private readonly ulong LastWindow(int place)
    {
        ulong word = 0;
        for (int i = 0; i < sizeof(ulong); i++) word = (word << 8) | (place + i < _octets.Length ? _octets[place + i] : 0UL);
        return word << (_position & 7);
    }

    private void Advance(int count)
    {
        if (count > _end - _position) throw Damaged();
        _position += count;
    }
}
