using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Intake;

/// <content>Single values, and what is wrong with them.</content>
internal sealed partial class PushReader
{
    /// <summary>The longest name as JSON: each of its characters may be an escape of six octets.</summary>
    private const int MaxEscapedLength = 6 * MaxNameLength;

    private void BeginObject(ref Utf8JsonReader json, string member)
    {
        json.Read();
        Expect(json.TokenType == JsonTokenType.StartObject, member, "is not an object");
    }

    private bool BeginObjectOrNull(ref Utf8JsonReader json, string member)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null) return false;
        Expect(json.TokenType == JsonTokenType.StartObject, member, "is neither an object nor null");
        return true;
    }

    private void BeginArray(ref Utf8JsonReader json, string member)
    {
        json.Read();
        Expect(json.TokenType == JsonTokenType.StartArray, member, "is not an array");
    }

    /// <summary>Moves to the name of the next member; false at the end of the object.</summary>
    private static bool NextMember(ref Utf8JsonReader json)
    {
        json.Read();
        return json.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>Moves to the next element; false at the end of the array.</summary>
    private static bool NextElement(ref Utf8JsonReader json)
    {
        json.Read();
        return json.TokenType != JsonTokenType.EndArray;
    }

    private long ReadCount(ref Utf8JsonReader json, string member, long most = long.MaxValue)
    {
        json.Read();
        return Count(ref json, member, most);
    }

    private long? ReadCountOrNull(ref Utf8JsonReader json, string member, long most = long.MaxValue)
    {
        json.Read();
        return json.TokenType == JsonTokenType.Null ? null : Count(ref json, member, most);
    }

    private long Count(ref Utf8JsonReader json, string member, long most)
    {
        if (json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long count) && count >= 0 && count <= most) return count;
        throw Wrong(member, most == long.MaxValue ? "is not a whole number from 0 on" : $"is not a whole number from 0 to {most}");
    }

    private double? ReadNumberOrNull(ref Utf8JsonReader json, string member)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null) return null;
        if (json.TokenType == JsonTokenType.Number && json.TryGetDouble(out double number) && number >= 0 && double.IsFinite(number)) return number;
        throw Wrong(member, "is not a number from 0 on");
    }

    private DateTimeOffset? ReadTime(ref Utf8JsonReader json, string member, bool mayBeNull)
    {
        json.Read();
        if (mayBeNull && json.TokenType == JsonTokenType.Null) return null;
        if (json.TokenType == JsonTokenType.String && json.ValueSpan is [.., (byte)'Z'] && json.TryGetDateTimeOffset(out DateTimeOffset time)) return time;
        throw Wrong(member, "is not a time in UTC, as in 2026-11-22T12:00:00Z");
    }

    /// <summary>A text that is no longer than names may be, or null.</summary>
    private string? ReadText(ref Utf8JsonReader json, string member)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null) return null;
        Expect(json.TokenType == JsonTokenType.String, member, "is not a text");
        Span<char> text = stackalloc char[MaxEscapedLength];
        int length = MaxEscapedLength;
        try
        {
            if (json.ValueSpan.Length <= MaxEscapedLength) length = json.CopyString(text);
        }
        catch (InvalidOperationException)
        {
            throw Wrong(member, "is not well-formed Unicode");
        }

        Expect(length <= MaxNameLength, member, "is longer than 256 characters");
        return _names.Get(text[..length]);
    }

    private void Expect([DoesNotReturnIf(false)] bool holds, string member, string otherwise)
    {
        if (!holds) throw Wrong(member, otherwise);
    }

    private PushRefusedException Wrong(string member, string what)
    {
        string report = _report < 0 ? "" : $"reports[{_report}]";
        string pair = _pair < 0 ? "" : $".summaries[{_pair}]";
        string flow = _flow < 0 ? "" : $".flows[{_flow}]";
        string place = (report + pair + flow).TrimStart('.');
        return new PushRefusedException(
            StatusCodes.Status400BadRequest, $"{place}{(place.Length > 0 && member.Length > 0 ? "." : "")}{member} {what}.");
    }
}
