using System.Buffers;
using System.Text;

namespace Llama.Server.Sinks.Influx;

/// <summary>
/// Texts as line protocol writes them, so that none can leave its place in the line, whoever reads it. Pure; any thread may call it.
/// </summary>
/// <remarks>
/// Commas, spaces and, in keys and values of tags and in names of fields, equals signs get a backslash before them. Control characters
/// but tab become underscores. A backslash before such a character or at the end gets an underscore behind it: some readers take two
/// backslashes for one, and some the second for the separator's.
/// </remarks>
internal static class LineText
{
    /// <summary>How much longer a text can get.</summary>
    public const int LongestFactor = 3;

    private static readonly SearchValues<byte> InTags = SearchValues.Create([.. Controls(), .. " ,=\\"u8]);
    private static readonly SearchValues<byte> InMeasurements = SearchValues.Create([.. Controls(), .. "\t ,\\"u8]);

    /// <summary>Writes a key or value of a tag, or the name of a field.</summary>
    /// <returns>How many octets were written.</returns>
    public static int Write(ReadOnlySpan<byte> text, Span<byte> to)
    {
        if (text.ContainsAny(InTags)) return Escape(text, to, InTags);
        text.CopyTo(to);
        return text.Length;
    }

    /// <summary>Writes the name of a measurement: also none that is empty or begins as a comment does.</summary>
    /// <returns>How many octets were written.</returns>
    public static int WriteMeasurement(ReadOnlySpan<byte> text, Span<byte> to)
    {
        int written = Escape(text, to, InMeasurements);
        if (written == 0) written = 1;
        else if (to[0] != (byte)'#') return written;
        to[0] = (byte)'_';
        return written;
    }

    /// <summary>A tag's value on its own.</summary>
    public static string Escaped(string value)
    {
        byte[] text = Encoding.UTF8.GetBytes(value);
        byte[] escaped = new byte[text.Length * LongestFactor];
        return Encoding.UTF8.GetString(escaped, 0, Write(text, escaped));
    }

    private static int Escape(ReadOnlySpan<byte> text, Span<byte> to, SearchValues<byte> special)
    {
        int length = 0;
        bool behindBackslash = false;
        foreach (byte octet in text)
        {
            bool isBackslash = octet == (byte)'\\';
            if (isBackslash || !special.Contains(octet))
            {
                to[length++] = octet;
            }
            else if (octet is < (byte)' ' or 0x7F)
            {
                to[length++] = (byte)'_';
            }
            else
            {
                if (behindBackslash) to[length++] = (byte)'_';
                to[length++] = (byte)'\\';
                to[length++] = octet;
            }

            behindBackslash = isBackslash;
        }

        if (behindBackslash) to[length++] = (byte)'_';
        return length;
    }

    private static IEnumerable<byte> Controls() => Enumerable.Range(0, ' ').Append(0x7F).Select(octet => (byte)octet).Where(octet => octet != (byte)'\t');
}
