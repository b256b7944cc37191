using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Llama.Mesh.Yaml;

/// <summary>
/// The first document of a YAML text as nodes that know their lines. Whatever the text holds, reading it ends, in time and
/// memory in proportion to its length, with a document or with one <see cref="Error"/>.
/// </summary>
internal sealed class YamlDocument
{
    /// <summary>Longest text that is read, in UTF-16 code units.</summary>
    public const int MaxLength = 64 << 20;

    /// <summary>Most nodes of a document, every alias written out.</summary>
    public const int MaxNodes = 5_000_000;

    /// <summary>Deepest nesting, every alias written out.</summary>
    public const int MaxDepth = 64;

    private readonly Dictionary<string, YamlNode> _anchors = [];
    private readonly Scanner _scanner;
    private readonly Parser _parser;
    private readonly string _advice;
    private long _nodes;

    private YamlDocument(string text, string advice)
    {
        _advice = advice;
        _scanner = new Scanner(new StringReader(text));
        _parser = new Parser(_scanner);
    }

    /// <summary>The document's value; null when there is none (an empty text), or an error.</summary>
    public YamlNode? Root { get; private set; }

    /// <summary>Why the text can't be read, and in which line (0 where all of it is meant).</summary>
    public (int Line, string Message)? Error { get; private set; }

    /// <summary>The line where a further document starts, which nobody reads; null if none does.</summary>
    public int? FurtherDocumentLine { get; private set; }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="advice">What to do with one that is too long.</param>
    public static YamlDocument Parse(string text, string advice)
    {
        var document = new YamlDocument(text, advice);
        document.Error = text.Length > MaxLength
            ? (0, $"is longer than {MaxLength >> 20} MiB: {advice}")
            : FindIllegalCharacter(text);
        if (document.Error is null)
            document.Read();
        return document;
    }

    private void Read()
    {
        try
        {
            while (_parser.MoveNext() && _parser.Current is StreamStart or DocumentStart)
            {
                // The first node comes after these.
            }

            if (_parser.Current is NodeEvent or AnchorAlias)
                Root = Node(1);
        }
        catch (IllegalDocumentException e)
        {
            Error = (e.Line, e.Message);
        }
        catch (YamlException e)
        {
            Error = (LineOf(e.Start), $"is not YAML: {Lowered(e.Message)}");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Some texts take the parser to exceptions of the runtime's: "- " between brackets, an escape beyond Unicode, an empty tag.
            Error = (LineOf(_scanner.CurrentPosition), "is not YAML: a dash, a tag, an escape or a document marker is out of place");
        }

        if (Error is not null)
            Root = null;
        else
            LookFurther();
    }

    private void LookFurther()
    {
        try
        {
            while (_parser.MoveNext())
            {
                if (_parser.Current is DocumentStart start)
                {
                    FurtherDocumentLine = LineOf(start.Start);
                    return;
                }
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Error = (e is YamlException y ? LineOf(y.Start) : 0, "is not YAML after the end of its first document");
            Root = null;
        }
    }

    private YamlNode Node(int depth)
    {
        ParsingEvent current = _parser.Current!;
        int line = LineOf(current.Start);
        if (++_nodes > MaxNodes)
            throw TooMany(line);
        if (depth > MaxDepth)
            throw TooDeep(line);

        long weight = 1;
        int deepest = 0;
        switch (current)
        {
            case Scalar scalar:
                var value = new YamlScalar(line, scalar.Value, scalar.Style == ScalarStyle.Plain, scalar.Tag.IsEmpty ? "" : scalar.Tag.Value);
                Anchor(scalar, value);
                return Closed(value, weight, deepest);

            case SequenceStart start:
                var sequence = new YamlSequence(line);
                Anchor(start, sequence);
                while (Next() is not SequenceEnd)
                    sequence.Items.Add(Child(depth, ref weight, ref deepest));
                return Closed(sequence, weight, deepest);

            case MappingStart start:
                var mapping = new YamlMapping(line);
                Anchor(start, mapping);
                while (Next() is not MappingEnd)
                {
                    YamlNode key = Child(depth, ref weight, ref deepest);
                    Next();
                    mapping.Entries.Add(new(key, Child(depth, ref weight, ref deepest)));
                }

                return Closed(mapping, weight, deepest);

            case AnchorAlias alias:
                string name = alias.Value.Value;
                if (!_anchors.TryGetValue(name, out YamlNode? anchored))
                    throw new IllegalDocumentException(line, $"has the alias {Excerpt.Of("*" + name)} but no anchor {Excerpt.Of("&" + name)} before it");
                if (anchored.Weight == 0)
                    throw new IllegalDocumentException(line, $"has the alias {Excerpt.Of("*" + name)} inside what it stands for");
                return depth + anchored.Depth - 1 > MaxDepth ? throw TooDeep(line) : anchored;

            default:
                throw new IllegalDocumentException(line, "is not YAML: a value is missing");
        }
    }

    private YamlNode Child(int depth, ref long weight, ref int deepest)
    {
        int line = LineOf(_parser.Current!.Start);
        YamlNode child = Node(depth + 1);
        weight += child.Weight;
        deepest = Math.Max(deepest, child.Depth);
        return weight > MaxNodes ? throw TooMany(line) : child;
    }

    private static YamlNode Closed(YamlNode node, long weight, int deepest)
    {
        node.Weight = weight;
        node.Depth = deepest + 1;
        return node;
    }

    private ParsingEvent Next() =>
        _parser.MoveNext() ? _parser.Current! : throw new IllegalDocumentException(0, "is not YAML: it ends too early");

    // An anchor holds from where its node starts, so the last one of a name before an alias is meant, as in libyaml.
    private void Anchor(NodeEvent start, YamlNode node)
    {
        if (!start.Anchor.IsEmpty)
            _anchors[start.Anchor.Value] = node;
    }

    private static int LineOf(in Mark mark) => (int)Math.Clamp(mark.Line, 0, int.MaxValue);

    private IllegalDocumentException TooMany(int line) => new(line, $"has more than {MaxNodes:N0} values, aliases written out: {_advice}");

    private static IllegalDocumentException TooDeep(int line) => new(line, $"nests deeper than {MaxDepth} levels");

    private static string Lowered(string message)
    {
        string line = message.ReplaceLineEndings(" ").TrimEnd('.');
        return line.Length == 0 ? "syntax error" : char.ToLowerInvariant(line[0]) + line[1..];
    }

    // YAML 1.2 section 5.1; the parser takes NUL for the end of the text.
    private static (int Line, string Message)? FindIllegalCharacter(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (c is < ' ' and not ('\t' or '\n' or '\r') or '\x7F' or > '\x7F' and < '\xA0' and not '\x85' or '\uFFFE' or '\uFFFF' || char.IsSurrogate(c))
                return (LineAt(text, i), $"holds the character U+{(int)c:X4}, which YAML does not allow: remove it, or write it as an escape in double quotes");
        }

        return null;
    }

    private static int LineAt(string text, int index)
    {
        int line = 1;
        for (int i = 0; i < index; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n'))
                line++;
        }

        return line;
    }

    private sealed class IllegalDocumentException(int line, string message) : Exception(message)
    {
        public int Line { get; } = line;
    }
}
