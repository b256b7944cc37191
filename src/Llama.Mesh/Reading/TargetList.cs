using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>An entry of <c>targets</c>.</summary>
internal sealed record TargetList(IReadOnlyList<TargetSettings> Targets)
{
    private static readonly string[] TargetKeys = ["ip", "host", "port", "tags"];

    /// <summary>Reads an entry.</summary>
    public static TargetList? Read(string name, YamlNode value, int line, KeyPath path, Findings findings)
    {
        IReadOnlyList<(YamlNode, KeyPath)>? items = Settings.Items(value, path, "write a list of targets, each with ip and port", findings);
        if (items is null)
            return null;
        if (items.Count == 0)
            findings.Unfit(line, path, "has no targets, so its tests measure nothing: add a target");

        var targets = new TargetSet();
        foreach ((YamlNode item, KeyPath at) in items)
        {
            if (Target(item, at, findings) is { } target)
                targets.Add(target, item.Line, at, findings);
        }

        return new TargetList(targets.Targets);
    }

    /// <summary>Reads a target's tags: names and plain texts.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Tags(YamlNode? node, KeyPath path, Findings findings)
    {
        if (node is null or YamlScalar { IsNull: true })
            return [];
        if (node is not YamlMapping mapping)
        {
            findings.Error(node.Line, path, $"is {Settings.Kind(node)}: write tags as a mapping of names to texts");
            return [];
        }

        var tags = new List<KeyValuePair<string, string>>();
        foreach ((string name, YamlField field) in YamlFields.Of(mapping, path, findings))
        {
            if (field.Value is YamlScalar text)
                tags.Add(new(name, text.IsNull ? "" : text.Text));
            else
                findings.Error(field.Value.Line, path.Key(name), $"is {Settings.Kind(field.Value)}: a tag's value is a plain text");
        }

        return tags;
    }

    private static TargetSettings? Target(YamlNode node, KeyPath path, Findings findings)
    {
        Settings? settings = Settings.Of(node, path, node.Line, TargetKeys, findings);
        if (settings is null)
            return null;

        string key = settings.Value("host") is not null && settings.Value("ip") is null ? "host" : "ip";
        if (key == "ip" && settings.Value("host") is { } both)
            findings.Error(both.Line, settings.PathOf("host"), "is given beside ip: keep one of the two");
        string? text = settings.RequiredText(key, "give the target's address or name");
        string host = "";
        System.Net.IPAddress? address = null;
        bool valid = text is not null;
        if (text is not null && !HostText.TryParse(text, out host, out address, out string? problem))
        {
            findings.Unfit(settings.LineOf(key), settings.PathOf(key), $"is {Excerpt.Of(text)}, which {problem}");
            valid = false;
        }

        long? port = settings.Whole("port", 1, ushort.MaxValue, null, "give the reflector's port, 1 to 65535");
        IReadOnlyList<KeyValuePair<string, string>> tags = Tags(settings.Value("tags"), settings.PathOf("tags"), findings);
        return valid && port is not null
            ? new TargetSettings { Host = host, Address = address, Port = (int)port, Tags = tags }
            : null;
    }
}
