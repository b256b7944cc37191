using Llama.Mesh.Plans;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>Reads the server's file: groups, tests between them, and the server's own settings.</summary>
internal sealed class ServerForm(IReadOnlyCollection<string> settings, SecretFiles secrets, TimeSpan? interval, Findings findings)
{
    private static readonly string[] Sections = ["defaults", "groups", "between"];
    private static readonly string[] CrossKeys = ["from", "to", "degree"];

    private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);

    /// <summary>The server's own settings that the file gives.</summary>
    public IReadOnlyDictionary<string, string> Given => _given;

    /// <summary>Reads a document.</summary>
    public ServerConfiguration Read(YamlMapping document)
    {
        Findings own = findings.Part();
        Settings top = Settings.Of(WithNamesOfFlags(document), KeyPath.Root, 0, [.. Sections, .. settings], own)!;
        ReadGiven(top, own);
        GroupSettings defaults = Defaults(top, own);
        Dictionary<string, GroupSettings> groups = Groups(top.Field("groups"), defaults, own);
        CrossTest[] between = [.. Between(top.Value("between"), groups.Keys, own)];
        findings.Take(own, inUse: true);
        return new ServerConfiguration { Defaults = defaults, Groups = groups, Between = between };
    }

    // The original's file may write a setting as its flag, with dashes before it, and its value in quotes, whatever it is; people
    // write underscores for the dashes within.
    private YamlMapping WithNamesOfFlags(YamlMapping document)
    {
        var named = new YamlMapping(document.Line);
        foreach ((YamlNode key, YamlNode value) in document.Entries)
        {
            string name = key is YamlScalar scalar ? scalar.Text.TrimStart('-').Replace('_', '-') : "";
            if (!settings.Contains(name))
                named.Entries.Add(new(key, value));
            else
                named.Entries.Add(new(new YamlScalar(key.Line, name, isPlain: false, ""), value is YamlScalar { Text: not "" } text ? text.Unquoted() : value));
        }

        return named;
    }

    private void ReadGiven(Settings top, Findings own)
    {
        foreach (string name in settings)
        {
            switch (top.Value(name))
            {
                case null:
                    break;
                case YamlScalar scalar:
                    _given[name] = scalar.Text;
                    break;
                case YamlSequence sequence when sequence.Items.TrueForAll(item => item is YamlScalar { IsNull: false }):
                    _given[name] = string.Join('\n', sequence.Items.Select(item => ((YamlScalar)item).Text));
                    break;
                case var other:
                    own.Error(other.Line, top.PathOf(name), $"is {Settings.Kind(other)}: write a plain text, or a list of them");
                    break;
            }
        }
    }

    private GroupSettings Defaults(Settings top, Findings own)
    {
        GroupSettings basis = GroupSettings.Default;
        if (settings.Contains("interval") && top.Value("interval") is not null)
            basis = basis with { Interval = GroupForm.Interval(top, own) ?? basis.Interval };
        YamlField? field = top.Field("defaults");
        KeyPath path = KeyPath.Root.Key("defaults");
        GroupSettings read = GroupForm.Read(field?.Value, field?.Line ?? 0, path, basis, secrets, own, out Settings? section);
        if (settings.Contains("interval") && top.Value("interval") is not null && section?.Value("interval") is { } twice)
            own.Error(twice.Line, path.Key("interval"), $"is given beside interval in line {top.LineOf("interval")}: keep one of the two");
        return interval is { } other ? read with { Interval = other } : read;
    }

    private Dictionary<string, GroupSettings> Groups(YamlField? field, GroupSettings defaults, Findings own)
    {
        var groups = new Dictionary<string, GroupSettings>(StringComparer.Ordinal);
        KeyPath root = KeyPath.Root.Key("groups");
        if (field?.Value is YamlMapping mapping)
        {
            foreach ((string name, YamlField group) in YamlFields.Of(mapping, root, own))
            {
                KeyPath path = root.Key(name);
                if (ProblemOfName(name) is { } problem)
                    own.Error(group.Line, path, problem);
                groups[name] = GroupForm.Read(group.Value, group.Line, path, defaults, secrets, own, out _);
            }
        }
        else if (field?.Value is not null and not YamlScalar { IsNull: true })
        {
            own.Error(field.Value.Value.Line, root, $"is {Settings.Kind(field.Value.Value)}: write a mapping of names to groups");
        }

        return groups;
    }

    private static IEnumerable<CrossTest> Between(YamlNode? node, ICollection<string> groups, Findings own)
    {
        const string Advice = "write a list of tests, each with from and to";
        var lines = new Dictionary<(string, string), int>();
        foreach ((YamlNode item, KeyPath path) in Settings.Items(node, KeyPath.Root.Key("between"), Advice, own) ?? [])
        {
            Settings? test = Settings.Of(item, path, item.Line, CrossKeys, own);
            string? from = Group(test, "from", "name the group that sends", groups, own);
            string? to = Group(test, "to", "name the group that is tested", groups, own);
            int? degree = test?.Value("degree") is null ? null : PlanForm.Degree(test);
            if (from is null || to is null)
                continue;
            if (from == to)
                own.Error(item.Line, path, $"tests {Excerpt.Of(from)} with itself, which its plan does: name another group");
            else if (!lines.TryAdd((from, to), item.Line))
                own.Error(item.Line, path, $"is from {Excerpt.Of(from)} to {Excerpt.Of(to)} again, first in line {lines[(from, to)]}: keep one of the two");
            else
                yield return new CrossTest(from, to, degree);
        }
    }

    // Groups need no entry, so a name without one is as likely right as wrong.
    private static string? Group(Settings? test, string key, string advice, ICollection<string> groups, Findings own)
    {
        string? name = test?.RequiredText(key, advice);
        if (name is null)
            return null;
        if (ProblemOfName(name) is { } problem)
            own.Error(test!.LineOf(key), test.PathOf(key), problem);
        else if (!groups.Contains(name) && groups.Count <= 100 && Misspelling.Of(name, groups) is { } meant)
            own.Warning(test!.LineOf(key), test.PathOf(key), $"is {Excerpt.Of(name)}, which groups does not have: did you mean {Excerpt.OfKey(meant)}?");
        return name;
    }

    private static string? ProblemOfName(string name) =>
        name.Length == 0 ? "is empty: give the group a name"
        : name.Length > Limits.MaxNameLength ? $"has a name of more than {Limits.MaxNameLength} characters: shorten it"
        : name.Any(char.IsControl) ? "has a control character in its name: take it out"
        : null;
}
