using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.History.Prometheus;

/// <summary>A PromQL instant vector selector and nothing more: <c>metric{label="x",label=~"a.*|b",label!="y"}</c>. Immutable.</summary>
/// <param name="Matchers">What has to hold of a series; the metric is the label <c>__name__</c>.</param>
internal sealed record Selector(IReadOnlyList<Matcher> Matchers)
{
    /// <summary>The label that is the metric.</summary>
    public const string NameLabel = "__name__";

    private const int LongestText = 8192;
    private const string Supported = """Only a selector can be asked for here, such as llama_loss_ratio{group="wan",source=~"ams.*"}: no functions, operators, ranges or offsets.""";

    /// <summary>True when a series with these labels is meant. A label that is not there is the empty text.</summary>
    public bool Takes(Func<string, string> labels) => Matchers.All(matcher => matcher.Takes(labels(matcher.Label)));

    /// <summary>Reads one.</summary>
    /// <exception cref="QueryRefusedException">It is something else.</exception>
    public static Selector Parse(string text)
    {
        if (text.Length > LongestText) throw Bad("");
        var matchers = new List<Matcher>();
        int at = 0;
        if (Word(text, ref at) is { Length: > 0 } name) matchers.Add(new Matcher(NameLabel, "=", name));
        if (Take(text, ref at, "{"))
        {
            while (!Take(text, ref at, "}"))
            {
                string label = Word(text, ref at);
                string operation = Take(text, ref at, "=~") ? "=~" : Take(text, ref at, "!~") ? "!~" : Take(text, ref at, "!=") ? "!=" : Take(text, ref at, "=") ? "=" : "";
                if (label.Length == 0 || operation.Length == 0) throw Bad(text[at..]);
                matchers.Add(new Matcher(label, operation, Quoted(text, ref at)));
                if (!Take(text, ref at, ",") && !Peek(text, ref at, "}")) throw Bad(text[at..]);
            }
        }

        Skip(text, ref at);
        if (at < text.Length || matchers.Count == 0) throw Bad(text[at..]);
        return new Selector(matchers);
    }

    private static QueryRefusedException Bad(string at) =>
        new(StatusCodes.Status400BadRequest, at.Length == 0 ? Supported : $"{Supported} It is not understood from here: {at[..Math.Min(40, at.Length)]}");

    private static void Skip(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
    }

    private static bool Peek(string text, ref int at, string wanted)
    {
        Skip(text, ref at);
        return text.AsSpan(at).StartsWith(wanted);
    }

    private static bool Take(string text, ref int at, string wanted)
    {
        if (!Peek(text, ref at, wanted)) return false;
        at += wanted.Length;
        return true;
    }

    private static string Word(string text, ref int at)
    {
        Skip(text, ref at);
        int first = at;
        while (at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] is '_' or ':' || (at > first && char.IsAsciiDigit(text[at])))) at++;
        return text[first..at];
    }

    private static string Quoted(string text, ref int at)
    {
        Skip(text, ref at);
        if (at >= text.Length || text[at] is not ('"' or '\'' or '`')) throw Bad(text[at..]);
        char quote = text[at++];
        var value = new StringBuilder();
        for (; at < text.Length && text[at] != quote; at++)
        {
            bool isEscaped = text[at] == '\\' && quote != '`' && at + 1 < text.Length;
            value.Append(!isEscaped ? text[at] : text[++at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', char other => other });
        }

        if (at++ >= text.Length) throw Bad("");
        return value.ToString();
    }
}

/// <summary>What has to hold of a label. Immutable.</summary>
internal sealed class Matcher
{
    private const int LongestPattern = 1000;
    private static readonly TimeSpan LongestMatch = TimeSpan.FromMilliseconds(250);

    private readonly Regex? _pattern;
    private readonly bool _isNegated;

    /// <summary>A matcher.</summary>
    /// <exception cref="QueryRefusedException">The pattern is none.</exception>
    public Matcher(string label, string operation, string value)
    {
        (Label, Value, _isNegated) = (label, value, operation[0] == '!');
        if (operation[^1] != '~') return;
        try
        {
            if (value.Length > LongestPattern) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"it is longer than {LongestPattern} characters"));
            _pattern = new Regex($"^(?:{value})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline, LongestMatch);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new QueryRefusedException(StatusCodes.Status400BadRequest, $"The pattern of {label} can't be used: {e.Message}");
        }
    }

    /// <summary>The label.</summary>
    public string Label { get; }

    /// <summary>The text, or the pattern.</summary>
    public string Value { get; }

    /// <summary>True where the label has to be the text itself.</summary>
    public bool IsExact => _pattern is null && !_isNegated;

    /// <summary>True when the value of a label will do.</summary>
    public bool Takes(string value) => (_pattern?.IsMatch(value) ?? value == Value) != _isNegated;
}
