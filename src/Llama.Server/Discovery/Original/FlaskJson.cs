using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Llama.Server.Collecting;

namespace Llama.Server.Discovery.Original;

/// <summary>JSON to the octet as Flask's jsonify writes it: compact, ASCII alone, keys in the order of their code points.</summary>
internal static class FlaskJson
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x10000).Select(c => (char)c).Where(c => c is '"' or '\\' or < ' ' or > '~')]);

    /// <summary>Orders keys.</summary>
    public static Comparer<string> KeyOrder { get; } = Comparer<string>.Create(GoJson.CompareOctets);

    /// <summary>A value. Numbers stay as they were written; of equal keys the last counts.</summary>
    public static void WriteValue(IBufferWriter<byte> output, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var sorted = new SortedDictionary<string, JsonElement>(KeyOrder);
                foreach (JsonProperty property in value.EnumerateObject()) sorted[property.Name] = property.Value;
                output.Write("{"u8);
                bool first = true;
                foreach ((string key, JsonElement member) in sorted)
                {
                    WriteKey(output, key, ref first);
                    WriteValue(output, member);
                }

                output.Write("}"u8);
                break;
            case JsonValueKind.Array:
                output.Write("["u8);
                bool separate = false;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    if (separate) output.Write(","u8);
                    separate = true;
                    WriteValue(output, item);
                }

                output.Write("]"u8);
                break;
            case JsonValueKind.String:
                WriteString(output, value.GetString());
                break;
            default:
                Encoding.UTF8.GetBytes(value.GetRawText(), output);
                break;
        }
    }

    /// <summary>A key and its colon, behind a comma where it is not the first.</summary>
    public static void WriteKey(IBufferWriter<byte> output, string key, ref bool first)
    {
        if (!first) output.Write(","u8);
        first = false;
        WriteString(output, key);
        output.Write(":"u8);
    }

    /// <summary>A quoted string.</summary>
    public static void WriteString(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        output.Write("\""u8);
        while (!text.IsEmpty)
        {
            int plain = text.IndexOfAny(Escaped);
            if (plain < 0) plain = text.Length;
            Encoding.ASCII.GetBytes(text[..plain], output);
            if (plain == text.Length) break;
            WriteEscape(output, text[plain]);
            text = text[(plain + 1)..];
        }

        output.Write("\""u8);
    }

    /// <summary>A number, a whole one without a fraction.</summary>
    public static void WriteNumber(IBufferWriter<byte> output, double value)
    {
        value.TryFormat(output.GetSpan(32), out int written, "R", CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    private static void WriteEscape(IBufferWriter<byte> output, char c)
    {
        switch (c)
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
            case '\f':
                output.Write("\\f"u8);
                break;
            case '\b':
                output.Write("\\b"u8);
                break;
            default:
                output.Write("\\u"u8);
                ((int)c).TryFormat(output.GetSpan(4), out int written, "x4", CultureInfo.InvariantCulture);
                output.Advance(written);
                break;
        }
    }
}
