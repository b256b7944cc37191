namespace Llama.Server.Sinks.Delivery;

/// <summary>A sink's text as it may be shown: without the password of its URL, and without what tokens and passwords are set to. Pure.</summary>
internal static class SinkText
{
    private const string Stars = "***";

    private static readonly string[] Secrets = ["token", "password", "pass"];

    /// <summary>The text without its secrets.</summary>
    public static string Shown(string text)
    {
        if (PasswordOf(text) is { } range) text = $"{text[..range.Start]}{Stars}{text[range.End..]}";
        int question = text.IndexOf('?', StringComparison.Ordinal);
        if (question < 0) return text;
        IEnumerable<string> parameters = text[(question + 1)..].Split('&').Select(
            parameter => Secrets.FirstOrDefault(secret => parameter.StartsWith($"{secret}=", StringComparison.OrdinalIgnoreCase)) is { } secret
                ? $"{parameter[..secret.Length]}={Stars}"
                : parameter);
        return $"{text[..question]}?{string.Join('&', parameters)}";
    }

    /// <summary>A problem with a text, without the secrets that are in the text.</summary>
    public static string Scrubbed(string problem, string text)
    {
        // Whole first, then what is left of the password where a text was cut in its middle.
        foreach (string piece in PiecesOf(text).OrderByDescending(piece => piece.Length)) problem = problem.Replace(piece, Stars, StringComparison.Ordinal);
        return problem;
    }

    private static IEnumerable<string> PiecesOf(string text)
    {
        if (PasswordOf(text) is { } range)
        {
            string password = text[range];
            yield return $":{password}@";
            foreach (string piece in password.Split('?', '&')) yield return $":{piece}";
            foreach (string piece in password.Split('?', '&')) yield return $"{piece}@";
        }

        int question = text.IndexOf('?', StringComparison.Ordinal);
        foreach (string parameter in question < 0 ? [] : text[(question + 1)..].Split('&'))
        {
            if (Secrets.FirstOrDefault(secret => parameter.StartsWith($"{secret}=", StringComparison.OrdinalIgnoreCase)) is { } secret
                && parameter.Length > secret.Length + 1)
                yield return parameter[(secret.Length + 1)..];
        }
    }

    /// <summary>From the colon of <c>//USER:PASSWORD@</c> to the last at sign: a password may hold both.</summary>
    private static Range? PasswordOf(string text)
    {
        int slashes = text.IndexOf("//", StringComparison.Ordinal);
        int at = text.LastIndexOf('@');
        if (slashes < 0 || at < slashes) return null;
        int colon = text.IndexOf(':', slashes);
        return colon < 0 || colon > at || colon + 1 == at ? null : (colon + 1)..at;
    }
}
