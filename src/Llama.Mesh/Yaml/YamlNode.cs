namespace Llama.Mesh.Yaml;

/// <summary>A value of a YAML document, with the line it starts at. What an alias stands for is the anchored node itself.</summary>
internal abstract class YamlNode(int line)
{
    /// <summary>From 1.</summary>
    public int Line { get; } = line;

    /// <summary>How many nodes this is when every alias is written out; 0 while the node is still being read.</summary>
    public long Weight { get; set; }

    /// <summary>How deep it nests when every alias is written out: 1 for a scalar.</summary>
    public int Depth { get; set; }
}

/// <summary>A list.</summary>
internal sealed class YamlSequence(int line) : YamlNode(line)
{
    public List<YamlNode> Items { get; } = [];
}

/// <summary>A mapping as it is written: in order, with repeated keys and merge keys still in it. See <see cref="YamlFields"/>.</summary>
internal sealed class YamlMapping(int line) : YamlNode(line)
{
    public List<KeyValuePair<YamlNode, YamlNode>> Entries { get; } = [];
}
