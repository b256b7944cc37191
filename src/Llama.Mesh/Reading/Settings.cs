using System.Globalization;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>A mapping whose keys are fixed, such as an entry of <c>ports</c>: knows its keys, reads their values, tells what is wrong with them.</summary>
internal sealed class Settings
{
    private readonly OrderedDictionary<string, YamlField> _fields;
    private readonly KeyPath _path;
    private readonly int _line;
    private readonly Findings _findings;

    private Settings(OrderedDictionary<string, YamlField> fields, KeyPath path, int line, Findings findings)
    {
        _fields = fields;
        _path = path;
        _line = line;
        _findings = findings;
    }

    /// <summary>Reads a mapping's keys. Null, like a key that is not there, is a mapping without any.</summary>
    /// <param name="node">The value; null where its key is not there.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="line">Where a missing key is reported: the line of the mapping's own key.</param>
    /// <param name="known">The keys it may have.</param>
    /// <param name="findings">Takes mistakes and warnings.</param>
    /// <returns>Null when it is no mapping, which is then reported.</returns>
    public static Settings? Of(YamlNode? node, KeyPath path, int line, string[] known, Findings findings)
    {
        if (node is null or YamlScalar { IsNull: true })
            return new Settings([], path, line, findings);
        if (node is not YamlMapping mapping)
        {
            findings.Error(node.Line, path, $"is {Kind(node)}: write a mapping with the keys {string.Join(", ", known)}");
            return null;
        }

        OrderedDictionary<string, YamlField> fields = YamlFields.Of(mapping, path, findings, joinRepeated: true);
        foreach ((string name, YamlField field) in fields)
        {
            if (!known.Contains(name))
                ReportUnknown(field, path, known.Where(key => !fields.ContainsKey(key)), known, findings);
        }

        return new Settings(fields, path, line, findings);
    }

    /// <summary>Where a key stands, or would.</summary>
    public KeyPath PathOf(string name) => _path.Key(name);

    /// <summary>The line of a key's value, or where it would be missing.</summary>
    public int LineOf(string name) => Value(name)?.Line ?? _line;

    /// <summary>A key's value; null where it is missing or null.</summary>
    public YamlNode? Value(string name) =>
        _fields.TryGetValue(name, out YamlField field) && field.Value is not YamlScalar { IsNull: true } ? field.Value : null;

    /// <summary>A key and its value, null or not.</summary>
    public YamlField? Field(string name) => _fields.TryGetValue(name, out YamlField field) ? field : null;

    /// <summary>A text; null where it is missing or (then reported) no plain text.</summary>
    public string? Text(string name)
    {
        YamlNode? value = Value(name);
        if (value is null or YamlScalar)
            return (value as YamlScalar)?.Text;
        _findings.Error(value.Line, PathOf(name), $"is {Kind(value)}: write a plain text");
        return null;
    }

    /// <summary>A text that must be there; null where it is not, which is then reported.</summary>
    public string? RequiredText(string name, string advice)
    {
        if (Value(name) is null)
            _findings.Unfit(_line, PathOf(name), $"is missing: {advice}");
        return Text(name);
    }

    /// <summary>A whole number; a fraction is cut off with a warning, as in Go.</summary>
    /// <param name="name">The key.</param>
    /// <param name="min">Smallest that fits.</param>
    /// <param name="max">Largest that fits.</param>
    /// <param name="missing">What it is where the key is missing; null where it must be there.</param>
    /// <param name="advice">What to write instead.</param>
    /// <returns>Null when there is none that fits, which is then reported.</returns>
    public long? Whole(string name, long min, long max, long? missing, string advice)
    {
        if (Number(name, missing, advice) is not { } number)
            return null;
        if (number.HasFraction && number.Whole >= min && number.Whole <= max)
            _findings.Warning(LineOf(name), PathOf(name), $"is {Text(number)} and taken as {number.Whole}: it is a whole number");
        if (number.Whole >= min && number.Whole <= max && !double.IsNaN(number.Value))
            return number.Whole;
        _findings.Unfit(LineOf(name), PathOf(name), $"is {Text(number)}: {advice}");
        return null;
    }

    /// <summary>A number, with a fraction or not.</summary>
    /// <returns>Null when there is none that fits, which is then reported.</returns>
    public double? Real(string name, double min, double max, string advice)
    {
        if (Number(name, null, advice) is not { } number)
            return null;
        if (number.Value >= min && number.Value <= max)
            return number.Value;
        _findings.Unfit(LineOf(name), PathOf(name), $"is {Text(number)}: {advice}");
        return null;
    }

    /// <summary>Yes or no; null where it is missing or (then reported) neither.</summary>
    public bool? Flag(string name, string advice)
    {
        YamlNode? value = Value(name);
        if (value is null)
            return null;
        if (value is YamlScalar scalar && scalar.TryGetBoolean(out bool flag))
            return flag;
        _findings.Error(value.Line, PathOf(name), $"is {Shown(value)}: {advice}");
        return null;
    }

    /// <summary>A list's items with their paths; none where it is missing.</summary>
    /// <returns>Null when it is no list, which is then reported.</returns>
    public static IReadOnlyList<(YamlNode Node, KeyPath Path)>? Items(YamlNode? node, KeyPath path, string advice, Findings findings)
    {
        switch (node)
        {
            case null or YamlScalar { IsNull: true }:
                return [];
            case YamlSequence sequence:
                return [.. sequence.Items.Select((item, i) => (item, path.Item(i)))];
            default:
                findings.Error(node.Line, path, $"is {Kind(node)}: {advice}");
                return null;
        }
    }

    /// <summary>What a value is, in a message.</summary>
    public static string Kind(YamlNode node) => node switch
    {
        YamlMapping => "a mapping",
        YamlSequence => "a list",
        YamlScalar { IsNull: true } => "empty",
        YamlScalar scalar => $"the text {Excerpt.Of(scalar.Text)}",
        _ => "something else",
    };

    private YamlNumber? Number(string name, long? missing, string advice)
    {
        YamlNode? value = Value(name);
        if (value is null)
        {
            if (missing is { } number)
                return YamlNumber.FromInteger(number);
            _findings.Unfit(_line, PathOf(name), $"is missing: {advice}");
            return null;
        }

        if (value is YamlScalar scalar && scalar.TryGetNumber(out YamlNumber read))
            return read;
        _findings.Error(value.Line, PathOf(name), $"is {Shown(value)}, not a number: {advice}");
        return null;
    }

    // A quoted number is a text to the original too.
    private static string Shown(YamlNode value) =>
        value is YamlScalar { IsText: true } text && new YamlScalar(0, text.Text, true, "").TryGetNumber(out _)
            ? $"{Kind(value)} (in quotes)"
            : Kind(value);

    private static string Text(YamlNumber number) => number.Value.ToString("0.######", CultureInfo.InvariantCulture);

    private static void ReportUnknown(YamlField field, KeyPath path, IEnumerable<string> missing, string[] known, Findings findings)
    {
        if (Misspelling.Of(field.Name, missing) is { } meant)
            findings.Error(field.Line, path.Key(field.Name), $"is not a key: did you mean {meant}?");
        else if (Misspelling.Of(field.Name, known) is { } similar)
            findings.Warning(field.Line, path.Key(field.Name), $"is not a key and is ignored: {similar} is there as well");
        else
            findings.Warning(field.Line, path.Key(field.Name), $"is not a key and is ignored; the keys here are {string.Join(", ", known)}");
    }
}
