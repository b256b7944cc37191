using System.Buffers.Text;
using System.Globalization;

namespace Llama.Server.Sinks.Influx;

/// <summary>
/// Numbers as line protocol gets them from the original: shortest decimals without an exponent. What is counted in whole units is
/// written from those, which is exact. Each returns how many octets it wrote. Pure; any thread may call it.
/// </summary>
internal static class LineNumbers
{
    /// <summary>The longest that a number of a duration, share or count takes.</summary>
    public const int LongestOfMeasures = 28;

    /// <summary>The longest that any number takes: the least of all, 5e-324, has 324 places, the sign and what stands before the point.</summary>
    public const int Longest = 352;

    private const uint Million = 1_000_000;

    /// <summary>Writes a whole number that is not negative.</summary>
    public static int Write(long value, Span<byte> to)
    {
        if ((ulong)value < 10)
        {
            to[0] = (byte)('0' + value);
            return 1;
        }

        Utf8Formatter.TryFormat(value, to, out int length);
        return length;
    }

    /// <summary>Writes millionths: 71418 is 0.071418. Nanoseconds become milliseconds.</summary>
    public static int WriteMillionths(long value, Span<byte> to)
    {
        long whole = value / Million;
        uint rest = (uint)(value - whole * Million);
        int length = Write(whole, to);
        if (rest == 0) return length;
        Span<byte> places = to.Slice(length, 7);
        places[0] = (byte)'.';
        for (int i = 6; i > 0; i--)
        {
            (rest, uint digit) = Math.DivRem(rest, 10);
            places[i] = (byte)('0' + digit);
        }

        int end = 7;
        while (places[end - 1] == (byte)'0') end--;
        return length + end;
    }

    /// <summary>Writes which part of a whole something is, in percent, rounded to six places.</summary>
    public static int WritePercent(long part, long whole, Span<byte> to)
    {
        const long millionthsOfPercent = 100L * Million;
        if (part == 0) return Write(0, to);
        if (part == whole) return Write(100, to);
        return WriteMillionths((long)(((Int128)part * millionthsOfPercent + whole / 2) / whole), to);
    }

    /// <summary>Writes any number that is finite, as short as it can be read back exactly.</summary>
    public static int Write(double value, Span<byte> to)
    {
        value.TryFormat(to, out int length, "R", CultureInfo.InvariantCulture);
        int mark = to[..length].IndexOf((byte)'E');
        return mark < 0 ? length : WithoutExponent(to, length, mark);
    }

    /// <summary>Moves the point of D.DDDE+NN to where it belongs.</summary>
    private static int WithoutExponent(Span<byte> to, int length, int mark)
    {
        Span<byte> digits = stackalloc byte[24];
        int exponent = int.Parse(to[(mark + 1)..length], CultureInfo.InvariantCulture);
        int start = to[0] == (byte)'-' ? 1 : 0, count = 0;
        foreach (byte octet in to[start..mark])
            if (octet != (byte)'.') digits[count++] = octet;

        // Where the point belongs, counted in digits: behind the first of them and the exponent further.
        int point = exponent + 1, at = start;
        if (point <= 0)
        {
            to[at++] = (byte)'0';
            to[at++] = (byte)'.';
            to.Slice(at, -point).Fill((byte)'0');
            at -= point;
        }

        for (int i = 0; i < count; i++)
        {
            if (i == point && point > 0) to[at++] = (byte)'.';
            to[at++] = digits[i];
        }

        for (; count < point; count++) to[at++] = (byte)'0';
        return at;
    }
}
