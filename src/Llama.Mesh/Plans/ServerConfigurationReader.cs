using Llama.Mesh.Reading;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Plans;

/// <summary>A server's file, or why there is none. Warnings come with either.</summary>
/// <param name="Configuration">What it says of groups; null when there are errors.</param>
/// <param name="Settings">The server's own settings that it gives, names as of flags without dashes, values as text.</param>
/// <param name="Errors">All mistakes of the file at once.</param>
/// <param name="Warnings">What is accepted and most likely not meant.</param>
public sealed record ServerConfigurationResult(
    ServerConfiguration? Configuration,
    IReadOnlyDictionary<string, string> Settings,
    IReadOnlyList<ConfigurationError> Errors,
    IReadOnlyList<ConfigurationError> Warnings);

/// <summary>
/// Reads the server's file: YAML, or the lines of <c>key = value</c> that the original's file is made of. Pure but for
/// <see cref="ReadFile"/>; any thread may call it.
/// </summary>
public static class ServerConfigurationReader
{
    private const string TooLongAdvice = "shorten it";

    /// <summary>Reads a file's text. Whatever it holds, no exception is thrown but those of <paramref name="readSecret"/> that tell no mistake.</summary>
    /// <param name="text">The text.</param>
    /// <param name="fileName">How errors name the file; files that it names are looked for beside it.</param>
    /// <param name="settings">The server's own settings that the file may give, names as of flags without dashes.</param>
    /// <param name="readSecret">
    /// The bytes of a file with a token or a key; one that can't be read is told by <see cref="IOException"/> or
    /// <see cref="UnauthorizedAccessException"/>.
    /// </param>
    /// <param name="interval">
    /// The interval of groups that have none of their own, in place of what the file says under <c>interval</c> and <c>defaults</c>.
    /// </param>
    public static ServerConfigurationResult Read(
        string text, string fileName, IReadOnlyCollection<string> settings, Func<string, byte[]> readSecret, TimeSpan? interval = null)
    {
        var findings = new Findings(fileName);
        var form = new ServerForm(settings, new SecretFiles(fileName, readSecret), interval, findings);
        var document = YamlDocument.Parse(text, TooLongAdvice);
        YamlMapping? lines = document.Root is YamlMapping ? null : LinesForm.Read(text);
        if (lines is null && document.FurtherDocumentLine is { } line)
            findings.Warning(line, KeyPath.Root, "starts a second document, which is ignored: a configuration is one document");

        ServerConfiguration? configuration = null;
        if (lines is not null)
            configuration = form.Read(lines);
        else if (document.Error is { } error)
            findings.Error(error.Line, KeyPath.Root, error.Message);
        else if (document.Root is null or YamlScalar { IsNull: true })
            configuration = form.Read(new YamlMapping(0));
        else if (document.Root is YamlMapping mapping)
            configuration = form.Read(mapping);
        else
            findings.Error(document.Root.Line, KeyPath.Root, $"is {Reading.Settings.Kind(document.Root)}: write a mapping with groups, or lines of key = value");

        return new ServerConfigurationResult(findings.HasErrors ? null : configuration, form.Given, findings.Errors, findings.Warnings);
    }

    /// <summary>Reads a file. One that is missing, not readable, too large or not Unicode text is an error of the result, too.</summary>
    /// <param name="path">The file, and how errors name it.</param>
    /// <param name="settings">As for <see cref="Read"/>.</param>
    /// <param name="interval">As for <see cref="Read"/>.</param>
    public static ServerConfigurationResult ReadFile(string path, IReadOnlyCollection<string> settings, TimeSpan? interval = null) =>
        FileText.Read(path, TooLongAdvice, out string problem) is { } text
            ? Read(text, path, settings, File.ReadAllBytes, interval)
            : new ServerConfigurationResult(null, new Dictionary<string, string>(), [new ConfigurationError(path, 0, "", problem)], []);
}
