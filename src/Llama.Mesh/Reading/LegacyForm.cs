using System.Net;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>Reads the legacy form, addresses and their tags on top of built-in settings, and tells it from the full form.</summary>
internal static class LegacyForm
{
    private const string Name = "default";

    /// <summary>
    /// True for a document that the original takes for the legacy form, a mapping of mappings of texts, unless it then reads
    /// as the beginnings of the full form: nothing but names of sections, or a section with a key of its own.
    /// </summary>
    public static bool Is(YamlMapping document)
    {
        var scratch = new Findings("");
        OrderedDictionary<string, YamlField> fields = YamlFields.Of(document, KeyPath.Root, scratch);
        bool isShaped = !scratch.HasErrors && fields.Values.All(field => IsTags(field.Value));
        return isShaped
            ? !fields.Keys.All(FullForm.Sections.Contains)
                && !HasKeyOf(fields, "summarization", FullForm.SummarizationKeys)
                && !HasKeyOf(fields, "api", FullForm.ApiKeys)
            : !fields.Keys.Any(key => Misspelling.Of(key, FullForm.Sections) is not null);
    }

    /// <summary>Reads a document.</summary>
    /// <returns>Null when it has mistakes, which are then reported.</returns>
    public static CollectorConfiguration? Read(YamlMapping document, int destinationPort, Findings findings)
    {
        var targets = new TargetSet();
        foreach ((string key, YamlField field) in YamlFields.Of(document, KeyPath.Root, findings))
        {
            KeyPath path = KeyPath.Root.Key(key);
            IReadOnlyList<KeyValuePair<string, string>> tags = TargetList.Tags(field.Value, path, findings);
            if (HostText.TryParse(key, out string host, out IPAddress? address, out string? problem))
                targets.Add(new TargetSettings { Host = host, Address = address, Port = destinationPort, Tags = tags }, field.Line, path, findings);
            else
                findings.Error(field.Line, path, $"{problem}: each key of a file without sections is a target");
        }

        return findings.HasErrors ? null : Configuration(targets.Targets) with { IsLegacy = true };
    }

    /// <summary>The built-in settings, with these targets.</summary>
    public static CollectorConfiguration Configuration(IReadOnlyList<TargetSettings> targets) => new()
    {
        Summarization = new SummarizationSettings(),
        Api = new ApiSettings(),
        Tests =
        [
            new TestSettings
            {
                Name = $"{Name}/{Name}/{Name}",
                CyclesPerSecond = 4,
                Ports = [new PortSettings { Name = Name, Timeout = TimeSpan.FromSeconds(1), Count = 4 }],
                Targets = targets,
            },
        ],
    };

    private static bool IsTags(YamlNode value) =>
        value is YamlScalar { IsNull: true }
        || (value is YamlMapping tags && tags.Entries.TrueForAll(tag => tag.Value is YamlScalar || tag.Key is YamlScalar { IsMergeKey: true }));

    private static bool HasKeyOf(OrderedDictionary<string, YamlField> fields, string section, string[] keys) =>
        fields.TryGetValue(section, out YamlField field)
        && field.Value is YamlMapping mapping
        && mapping.Entries.Exists(entry => entry.Key is YamlScalar key && keys.Contains(key.Text));
}
