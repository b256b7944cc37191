using System.Text;
using Llama.Server.Sinks.Views;

namespace Llama.Server.Sinks.Delivery;

/// <summary>A sink as the operator asked for it, with nothing opened yet. Immutable.</summary>
/// <param name="Name">What it is called in metrics and on disk; another one for each.</param>
/// <param name="Shown">The operator's text, without secrets.</param>
/// <param name="View">What it gets to see.</param>
/// <param name="Make">Makes it.</param>
internal sealed record SinkSpec(string Name, string Shown, SinkViewOptions View, SinkMaker Make)
{
    private const int MostNameLength = 64;

    /// <summary>Reads what is asked for; each text with a mistake gives a line instead of a sink.</summary>
    /// <param name="texts">One for each sink.</param>
    /// <param name="kinds">What makes a sink of a text.</param>
    public static (IReadOnlyList<SinkSpec> Specs, IReadOnlyList<string> Problems) ReadAll(IReadOnlyList<string> texts, Func<SinkUri, SinkMaker> kinds)
    {
        var specs = new List<SinkSpec>();
        var problems = new List<string>();
        var given = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var unnamed = new List<(int At, string Kind)>();
        foreach (string text in texts)
        {
            try
            {
                SinkUri uri = SinkUri.Parse(text);
                string? name = NameOf(uri);
                SinkViewOptions view = SinkViewOptions.Of(uri);
                SinkMaker make = kinds(uri);
                if (uri.Left.Count > 0) throw new FormatException($"{uri.Kind} knows no {string.Join(", no ", uri.Left)}");
                if (name is not null && !given.Add(name)) throw new FormatException($"the name {name} is taken by another sink: give each its own");
                if (name is null) unnamed.Add((specs.Count, uri.Kind));
                specs.Add(new SinkSpec(name ?? "", SinkText.Shown(text), view, make));
            }
            catch (FormatException mistake)
            {
                problems.Add($"{SinkText.Shown(text)}: {SinkText.Scrubbed(mistake.Message, text)}");
            }
        }

        // What the operator named keeps its name, wherever it stands.
        foreach ((int at, string kind) in unnamed)
        {
            string name = kind;
            for (int number = 2; !given.Add(name); number++) name = $"{kind}-{number}";
            specs[at] = specs[at] with { Name = name };
        }

        return (specs, problems);
    }

    // It is part of a file's name and of a metric's label.
    private static string? NameOf(SinkUri uri)
    {
        if (uri.Take("name") is not { } name) return null;
        bool isName = name.Length is > 0 and <= MostNameLength && char.IsAsciiLetterOrDigit(name[0])
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        return isName
            ? name
            : throw new FormatException($"name is \"{Printable(name)}\": write up to {MostNameLength} letters, digits, dots, dashes and underscores, a letter or digit first");
    }

    private static string Printable(string text)
    {
        var printable = new StringBuilder(text.Length);
        foreach (char c in text) printable.Append(char.IsControl(c) ? '?' : c);
        return printable.ToString();
    }
}

/// <summary>Makes a sink.</summary>
/// <param name="time">What it goes by.</param>
internal delegate ISink SinkMaker(TimeProvider time);
