using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>What the JSON answers of /api/v2 have in common.</summary>
internal static class JsonReplies
{
    /// <summary>The media type.</summary>
    public const string Type = "application/json";

    /// <summary>Answers with an object that is small enough to be held whole.</summary>
    public static Task ReplyObjectAsync(this HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        context.Response.Headers.CacheControl = "no-cache";
        return context.ReplyAsync(status, Type, body.WrittenMemory);
    }

    /// <summary>A date and time, RFC 3339 in UTC.</summary>
    public static void WriteTime(this Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset time) =>
        json.WriteString(name, time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));

    /// <summary>Tags, in the order they were given.</summary>
    public static void WriteTags(this Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        json.WriteStartObject("tags"u8);
        foreach ((string key, string value) in tags) json.WriteString(key, value);
        json.WriteEndObject();
    }
}
