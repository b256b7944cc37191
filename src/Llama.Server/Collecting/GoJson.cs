using System.Buffers;
using System.Globalization;
using System.Text;

namespace Llama.Server.Collecting;

/// <summary>JSON strings and numbers to the octet as the Go collector writes them (encoding/json of Go 1.19, fmt's %f).</summary>
internal static class GoJson
{
    /// <summary>A quoted string. Text outside ASCII stays as it is, save what HTML or JavaScript would stumble over.</summary>
    public static void WriteString(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        output.Write("\""u8);
        Span<byte> octets = stackalloc byte[4];
        while (!text.IsEmpty)
        {
            bool valid = Rune.DecodeFromUtf16(text, out Rune rune, out int used) == OperationStatus.Done;
            text = text[used..];
            switch (rune.Value)
            {
                case '"':
                    output.Write("\\\""u8);
                    break;
                case '\\':
                    output.Write("\\\\"u8);
                    break;
                case '\n':
                    output.Write("\\n"u8);
                    break;
                case '\r':
                    output.Write("\\r"u8);
                    break;
                case '\t':
                    output.Write("\\t"u8);
                    break;
                case < 0x20 or '<' or '>' or '&' or 0x2028 or 0x2029:
                    WriteEscape(output, rune.Value);
                    break;
                default:
                    if (valid) output.Write(octets[..rune.EncodeToUtf8(octets)]);
                    else WriteEscape(output, Rune.ReplacementChar.Value);
                    break;
            }
        }

        output.Write("\""u8);
    }

    /// <summary>A number with six decimals, the exact value rounded half to even.</summary>
    public static void WriteNumber(IBufferWriter<byte> output, double value)
    {
        // Room for the longest: 309 digits before the point, sign, point, six behind it.
        value.TryFormat(output.GetSpan(320), out int written, "F6", CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    /// <summary>Orders texts as their UTF-8 octets are ordered, which is how Go sorts a map's keys.</summary>
    public static int CompareOctets(string left, string right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[same]).CompareTo(Rank(right[same]));

        // UTF-16 has the supplementary planes, as surrogates, before the last of the basic one; UTF-8 behind it.
        static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
    }

    private static void WriteEscape(IBufferWriter<byte> output, int value)
    {
        const string hex = "0123456789abcdef";
        output.Write([(byte)'\\', (byte)'u', Digit(12), Digit(8), Digit(4), Digit(0)]);
        byte Digit(int shift) => (byte)hex[(value >> shift) & 15];
    }
}
