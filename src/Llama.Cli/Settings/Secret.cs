namespace Llama.Cli.Settings;

/// <summary>
/// A token that may be given as such or in a file, which keeps it out of the list of processes. Two settings: NAME and NAME-file.
/// </summary>
internal sealed class Secret(string name, string description, Func<string, string?> environment)
{
    private readonly Setting<string> _text = new(
        name, "TOKEN", $"{description}; better given as a variable or a file.", ValueParser.Text, environment);

    private readonly Setting<string> _file = new(
        $"{name}-file", "FILE", $"The file that holds --{name}.", ValueParser.Text, environment);

    /// <summary>Both settings.</summary>
    public IReadOnlyList<System.CommandLine.Option> Options => [_text, _file];

    /// <summary>The token; null where nobody gave one.</summary>
    /// <exception cref="Failure">The file can't be read, or both are given, or it is empty.</exception>
    public string? Read(System.CommandLine.ParseResult parsed)
    {
        string? text = parsed.GetValue(_text);
        if (parsed.GetValue(_file) is not { Length: > 0 } path) return string.IsNullOrEmpty(text) ? null : text;
        if (!string.IsNullOrEmpty(text)) throw new Failure($"--{name} and --{name}-file are both given: keep one of them");
        try
        {
            string token = File.ReadAllText(path).Trim();
            return token.Length > 0 ? token : throw new Failure($"--{name}-file: {path} is empty; make one with: head -c 24 /dev/urandom | base64 > {path}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Failure($"--{name}-file: can't read {path}: {error.Message}", error);
        }
    }
}
