using Llama.Mesh.Reading;

namespace Llama.Mesh.Yaml;

/// <summary>A key of a mapping and its value.</summary>
/// <param name="Name">The key's text; null reads as empty.</param>
/// <param name="Line">The key's line.</param>
/// <param name="Value">The value, aliases followed.</param>
internal readonly record struct YamlField(string Name, int Line, YamlNode Value);

/// <summary>
/// A mapping's keys, each once, in order of first appearance. As in Go's yaml.v2 a merge key acts where it stands, so a key
/// before it yields to it, and of a list of mappings the first wins; a repeated key's last value counts.
/// </summary>
internal static class YamlFields
{
    /// <summary>Reads a mapping's keys, and warns of repeated ones.</summary>
    /// <param name="mapping">The mapping.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="findings">Takes mistakes and warnings.</param>
    /// <param name="joinRepeated">
    /// What yaml.v2 does where a mapping's keys are fixed by a type: mappings under a repeated key become one.
    /// </param>
    public static OrderedDictionary<string, YamlField> Of(YamlMapping mapping, KeyPath path, Findings findings, bool joinRepeated = false)
    {
        var fields = new OrderedDictionary<string, YamlField>(StringComparer.Ordinal);
        var own = new HashSet<string>(StringComparer.Ordinal);
        Dictionary<string, YamlMapping>? joined = null;
        Add(mapping, merged: false);
        return fields;

        void Add(YamlMapping from, bool merged)
        {
            foreach ((YamlNode key, YamlNode value) in from.Entries)
            {
                if (key is not YamlScalar scalar)
                    findings.Error(key.Line, path, "has a list or a mapping for a key: write a plain text");
                else if (scalar.IsMergeKey)
                    Merge(scalar, value);
                else
                    Set(new YamlField(scalar.IsNull ? "" : scalar.Text, key.Line, value), merged);
            }
        }

        void Merge(YamlScalar key, YamlNode value)
        {
            if (value is YamlMapping one)
            {
                Add(one, merged: true);
            }
            else if (value is YamlSequence { Items: var items } && items.TrueForAll(item => item is YamlMapping))
            {
                for (int i = items.Count - 1; i >= 0; i--)
                    Add((YamlMapping)items[i], merged: true);
            }
            else
            {
                findings.Error(key.Line, path.Key("<<"), "merges something else than a mapping: give it *alias of one, or a list of them");
            }
        }

        void Set(YamlField field, bool merged)
        {
            bool known = fields.TryGetValue(field.Name, out YamlField before);
            bool join = known && joinRepeated && before.Value is YamlMapping && field.Value is YamlMapping;
            bool isOwn = merged ? own.Contains(field.Name) : !own.Add(field.Name);
            if (isOwn && !join && merged)
                findings.Warning(before.Line, path.Key(field.Name), "is replaced by the merge key after it: put << first");
            else if (isOwn && !merged)
                findings.Warning(field.Line, path.Key(field.Name), $"is given again, first in line {before.Line}: {(join ? "the two are joined" : "the last one counts")}");

            fields[field.Name] = join ? field with { Value = Join(before, field) } : field;
        }

        // Grows one mapping for each key, so that many repetitions cost no more than their length.
        YamlMapping Join(YamlField before, YamlField field)
        {
            joined ??= new Dictionary<string, YamlMapping>(StringComparer.Ordinal);
            if (!joined.TryGetValue(field.Name, out YamlMapping? all) || before.Value != all)
            {
                joined[field.Name] = all = new YamlMapping(before.Value.Line);
                all.Entries.AddRange(((YamlMapping)before.Value).Entries);
            }

            all.Entries.AddRange(((YamlMapping)field.Value).Entries);
            return all;
        }
    }
}
