using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Llama.Mesh.Membership;

namespace Llama.Server.Discovery.Original;

/// <summary>The tags that the original's configurations show for a target.</summary>
internal static class OriginalTags
{
    /// <summary>Stands where the tag has the full name of the probe that asks.</summary>
    public const string SourceName = "src_name";

    /// <summary>Stands where the tag has the short name of the probe that asks.</summary>
    public const string SourceShortName = "src_shortname";

    /// <summary>
    /// The tags of a target, those of the original's probes in the order they gave them, then the ones that the server adds; one that
    /// is there already keeps its place. The two that depend on who asks are there with an empty value.
    /// </summary>
    /// <remarks>Each has one line (<see cref="TagLine"/>): the Go collector hands them to the Go scraper.</remarks>
    public static OrderedDictionary<string, string> Of(Registration target)
    {
        var tags = new OrderedDictionary<string, string>();
        foreach ((string key, string value) in Own(target)) tags[TagLine.Of(key)] = TagLine.Of(value);
        tags["dst_name"] = TagLine.Of(target.FullName);
        tags["dst_shortname"] = target.Name;
        tags[SourceName] = "";
        tags[SourceShortName] = "";
        tags["group"] = target.Group;
        return tags;
    }

    /// <summary>What a probe says of itself: its tags with its version and names, as the original's probes send them.</summary>
    public static OrderedDictionary<string, string> Own(Registration probe)
    {
        if (probe.OriginalJson is { } json)
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty("tags", out JsonElement tags) ? TextsOf(tags) : [];
        }

        var own = new OrderedDictionary<string, string>();
        if (probe.Version.Length > 0) own["version"] = probe.Version;
        own["probe_shortname"] = probe.Name;
        own["probe_name"] = probe.FullName;
        foreach ((string key, string value) in probe.Tags) own[key] = value;
        return own;
    }

    /// <summary>
    /// Tags as text: numbers as they were written, true, false and null as Python and so the original writes them, lists and objects
    /// as JSON. Of equal keys the last counts, in the place of the first.
    /// </summary>
    public static OrderedDictionary<string, string> TextsOf(JsonElement tags)
    {
        var texts = new OrderedDictionary<string, string>();
        foreach (JsonProperty tag in tags.EnumerateObject())
        {
            texts[tag.Name] = tag.Value.ValueKind switch
            {
                JsonValueKind.String => tag.Value.GetString()!,
                JsonValueKind.True => "True",
                JsonValueKind.False => "False",
                JsonValueKind.Null => "None",
                JsonValueKind.Number => tag.Value.GetRawText(),
                _ => Compact(tag.Value),
            };
        }

        return texts;
    }

    private static string Compact(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) value.WriteTo(json);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
