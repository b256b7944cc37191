using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>
/// Where a page of a list ended, as text that clients hand back: the last entry's name. Entries that come and go between two pages
/// neither repeat nor hide others.
/// </summary>
/// <param name="Group">The last group; null at the beginning.</param>
/// <param name="Name">The last probe of it; null in a list of groups.</param>
internal readonly record struct Cursor(string? Group, string? Name = null)
{
    // Names have no control characters.
    private const char Separator = '\0';

    /// <summary>Reads the parameter <c>cursor</c>.</summary>
    /// <returns>Null when it is one, or missing; else what it should be.</returns>
    public static string? Read(HttpContext context, out Cursor cursor)
    {
        cursor = default;
        string text = context.Request.Query["cursor"].ToString();
        if (text.Length == 0) return null;
        const string wanted = "what the last page gave as next, unchanged";
        if (!Base64Url.IsValid(text)) return wanted;
        string[] names = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(Separator);
        if (names.Length != 2) return wanted;
        cursor = new Cursor(names[0], names[1]);
        return null;
    }

    /// <summary>Writes <c>next</c>; null when there is nothing further.</summary>
    public static void Write(Utf8JsonWriter json, Cursor? next)
    {
        if (next is { } more) json.WriteString("next"u8, Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{more.Group}{Separator}{more.Name}")));
        else json.WriteNull("next"u8);
    }

    /// <summary>True when a group comes behind this place.</summary>
    public bool IsBefore(string group) => string.CompareOrdinal(Group, group) < 0;
}
