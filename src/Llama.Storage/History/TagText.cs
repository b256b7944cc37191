using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Llama.Storage.History;

/// <summary>Tags as they are stored: a JSON object in their order. Pure.</summary>
internal static class TagText
{
    public static string Write(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        if (tags.Count == 0) return "{}";
        var octets = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(octets))
        {
            writer.WriteStartObject();
            foreach ((string key, string value) in tags) writer.WriteString(key, value);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(octets.WrittenSpan);
    }

    /// <summary>The tags of a text; none where it is not understood, since measurements are worth more than what they are labelled with.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(string text)
    {
        if (text == "{}") return [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateObject().Select(tag => KeyValuePair.Create(tag.Name, tag.Value.GetString() ?? ""))];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    /// <summary>True when both are the same tags in the same order.</summary>
    public static bool AreEqual(IReadOnlyList<KeyValuePair<string, string>> left, IReadOnlyList<KeyValuePair<string, string>> right)
    {
        if (ReferenceEquals(left, right)) return true;
        if (left.Count != right.Count) return false;
        for (int i = 0; i < left.Count; i++)
            if (left[i].Key != right[i].Key || left[i].Value != right[i].Value) return false;
        return true;
    }
}
