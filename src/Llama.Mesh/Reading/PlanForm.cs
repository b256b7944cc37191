using Llama.Mesh.Plans;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>Reads the key <c>plan</c> of a group.</summary>
internal static class PlanForm
{
    private const string Advice = "write full, or one of hub: {tag: role, value: hub}, sample: {degree: 8}, tiered: {path: [region, site]}";
    private const int DefaultRepresentatives = 2;

    private static readonly string[] Kinds = ["full", "hub", "sample", "tiered"];
    private static readonly string[] HubKeys = ["tag", "value"];
    private static readonly string[] SampleKeys = ["degree"];
    private static readonly string[] TieredKeys = ["path", "representatives"];

    /// <summary>Reads a group's plan; null where it is missing or (then reported) of no use.</summary>
    public static MeshPlan? Read(Settings group, Findings findings)
    {
        KeyPath path = group.PathOf("plan");
        switch (group.Value("plan"))
        {
            case null:
                return null;
            case YamlScalar { Text: "full" }:
                return new FullPlan();
            case YamlMapping mapping:
                return Read(mapping, path, findings);
            case var other:
                findings.Error(other.Line, path, $"is {Settings.Kind(other)}: {Advice}");
                return null;
        }
    }

    /// <summary>The key <c>degree</c>; null when there is none that fits, which is then reported.</summary>
    public static int? Degree(Settings settings) =>
        (int?)settings.Whole("degree", 1, Limits.MaxDegree, null, $"give how many each probe tests, 1 to {Limits.MaxDegree}");

    private static MeshPlan? Read(YamlMapping mapping, KeyPath path, Findings findings)
    {
        Settings kinds = Settings.Of(mapping, path, mapping.Line, Kinds, findings)!;
        YamlField[] given = [.. Kinds.Select(kind => kinds.Field(kind)).OfType<YamlField>()];
        if (given is not [var one])
        {
            findings.Error(mapping.Line, path, given.Length == 0 ? $"names no plan: {Advice}" : $"has both {given[0].Name} and {given[1].Name}: keep one of the two");
            return null;
        }

        KeyPath at = path.Key(one.Name);
        return one.Name switch
        {
            "hub" => Hub(Settings.Of(one.Value, at, one.Line, HubKeys, findings)),
            "sample" => Sample(Settings.Of(one.Value, at, one.Line, SampleKeys, findings)),
            "tiered" => Tiered(Settings.Of(one.Value, at, one.Line, TieredKeys, findings), findings),
            _ => Full(one, at, findings),
        };
    }

    private static FullPlan Full(YamlField field, KeyPath path, Findings findings)
    {
        Settings.Of(field.Value, path, field.Line, [], findings);
        return new FullPlan();
    }

    private static HubPlan? Hub(Settings? settings)
    {
        string? tag = settings?.RequiredText("tag", "name the tag that tells a hub");
        string? value = settings?.RequiredText("value", "give the value that the tag has at a hub");
        return tag is null || value is null ? null : new HubPlan(tag, value);
    }

    private static SamplePlan? Sample(Settings? settings) =>
        settings is not null && Degree(settings) is { } degree ? new SamplePlan(degree) : null;

    private static TieredPlan? Tiered(Settings? settings, Findings findings)
    {
        if (settings is null)
            return null;
        long? representatives = settings.Whole(
            "representatives", 1, Limits.MaxRepresentatives, DefaultRepresentatives, $"give how many of a tier test each sibling, 1 to {Limits.MaxRepresentatives}");
        IReadOnlyList<string>? tags = Path(settings, findings);
        return representatives is null || tags is null ? null : new TieredPlan(tags, (int)representatives);
    }

    private static List<string>? Path(Settings settings, Findings findings)
    {
        const string Wanted = "list the tags from the highest tier to the lowest, as in [region, site, rack]";
        KeyPath path = settings.PathOf("path");
        YamlNode? node = settings.Value("path");
        if (node is YamlScalar single)
            return [single.Text];
        IReadOnlyList<(YamlNode Node, KeyPath Path)>? items = Settings.Items(node, path, Wanted, findings);
        if (items is null)
            return null;
        if (items.Count is 0 or > Limits.MaxTiers)
        {
            findings.Error(settings.LineOf("path"), path, $"has {items.Count} tags, not 1 to {Limits.MaxTiers}: {Wanted}");
            return null;
        }

        var tags = new List<string>();
        foreach ((YamlNode item, KeyPath at) in items)
        {
            if (item is not YamlScalar { IsNull: false } tag)
                findings.Error(item.Line, at, $"is {Settings.Kind(item)}: {Wanted}");
            else if (tags.Contains(tag.Text))
                findings.Error(item.Line, at, $"is {Excerpt.OfKey(tag.Text)} again: each tier has a tag of its own");
            else
                tags.Add(tag.Text);
        }

        return tags.Count == items.Count ? tags : null;
    }
}
