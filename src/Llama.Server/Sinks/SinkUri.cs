using System.Globalization;
using System.Text;
using Llama.Mesh;

namespace Llama.Server.Sinks;

/// <summary>
/// Where a sink is, as an operator writes it: <c>KIND:REST?NAME=VALUE&amp;...</c>, for instance
/// <c>influx:http://db:8086/llama?rows=flows</c>. Whoever makes a sink of it takes the parameters it knows; what is left is a mistake.
/// </summary>
internal sealed class SinkUri
{
    private readonly Dictionary<string, string> _parameters = [];

    private SinkUri(string kind, string rest)
    {
        Kind = kind;
        Rest = rest;
    }

    /// <summary>What kind of sink: <c>influx</c>, <c>postgres</c>, <c>prometheus</c>, ...</summary>
    public string Kind { get; }

    /// <summary>What stands between the kind and the parameters: a URL, a path, or nothing.</summary>
    public string Rest { get; }

    /// <summary>Parameters that nobody has taken.</summary>
    public IReadOnlyCollection<string> Left => _parameters.Keys;

    /// <summary>Takes a text apart.</summary>
    /// <exception cref="FormatException">It can't be; the message says what to write.</exception>
    public static SinkUri Parse(string text)
    {
        int question = text.IndexOf('?', StringComparison.Ordinal);
        string place = question < 0 ? text : text[..question];
        int colon = place.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? place : place[..colon];

        // postgres://... is a URL itself and needs no second scheme.
        string rest = colon < 0 ? "" : place[(colon + 1)..].StartsWith("//", StringComparison.Ordinal) ? place : place[(colon + 1)..];
        var uri = new SinkUri(kind, rest);
        foreach (string parameter in question < 0 ? [] : text[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new FormatException($"\"{parameter}\" is no parameter: write NAME=VALUE");
            if (!uri._parameters.TryAdd(parameter[..equals], Uri.UnescapeDataString(parameter[(equals + 1)..])))
                throw new FormatException($"{parameter[..equals]} is given twice");
        }

        return uri;
    }

    /// <summary>The rest as the URL of an HTTP server.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public Uri HttpUrl() =>
        Uri.TryCreate(Rest, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new FormatException($"\"{Rest}\" is no URL: write {Kind}:http://HOST:PORT/...");

    /// <summary>A parameter; null when it is not given.</summary>
    public string? Take(string name) => _parameters.Remove(name, out string? value) ? value : null;

    /// <summary>A number; null when it is not given.</summary>
    /// <exception cref="FormatException">It is not a whole number within bounds.</exception>
    public int? TakeNumber(string name, int least, int most) =>
        Take(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most ? value
        : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{name} is \"{text}\": write a number from {least} to {most}"));

    /// <summary>A secret, given as NAME or, better, in a file as NAME-file; null when it is not given.</summary>
    /// <exception cref="FormatException">The file can't be read.</exception>
    public string? TakeSecret(string name)
    {
        string? plain = Take(name);
        if (Take($"{name}-file") is not { } path) return plain;
        if (plain is not null) throw new FormatException($"{name} and {name}-file are both given");
        try
        {
            return Encoding.UTF8.GetString(SecretFile.Content(File.ReadAllBytes(path)).Span);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{name}-file: {error.Message}", error);
        }
    }
}
