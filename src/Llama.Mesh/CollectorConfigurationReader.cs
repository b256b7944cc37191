using System.Net;
using Llama.Mesh.Reading;
using Llama.Mesh.Yaml;

namespace Llama.Mesh;

/// <summary>A mistake in a configuration: what is wrong, where, and what to do.</summary>
/// <param name="File">Name of the file, as the user gave it.</param>
/// <param name="Line">Line, from 1; 0 where the whole file is meant.</param>
/// <param name="Path">The key, as in <c>ports.plain.timeout</c>; empty where the whole file is meant.</param>
/// <param name="Message">One line.</param>
public sealed record ConfigurationError(string File, int Line, string Path, string Message)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{File}{(Line > 0 ? $":{Line}" : "")}: {(Path.Length > 0 ? $"{Path}: " : "")}{Message}";
}

/// <summary>A configuration, or why there is none. Warnings come with either.</summary>
/// <param name="Configuration">The configuration; null when there are errors.</param>
/// <param name="Errors">All mistakes of the file at once.</param>
/// <param name="Warnings">What is accepted and most likely not meant.</param>
public sealed record ConfigurationResult(
    CollectorConfiguration? Configuration,
    IReadOnlyList<ConfigurationError> Errors,
    IReadOnlyList<ConfigurationError> Warnings);

/// <summary>Reads the collector's YAML, in full and in legacy form. Pure but for <see cref="ReadFile"/>; any thread may call it.</summary>
public static class CollectorConfigurationReader
{
    private const string TooLongAdvice = "split it among several collectors";

    /// <summary>Reads a configuration. Whatever the text holds, no exception is thrown.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="fileName">How errors name the file.</param>
    /// <param name="destinationPort">The port of targets that have none of their own: those of the legacy form and the built-in one.</param>
    /// <param name="isOwnAddress">
    /// Tells whether an address is this host's, so that a source address that is not is reported with its line; null to leave that to the
    /// sockets.
    /// </param>
    public static ConfigurationResult Read(
        string text, string fileName, int destinationPort = 8100, Func<IPAddress, bool>? isOwnAddress = null)
    {
        var findings = new Findings(fileName);
        var document = YamlDocument.Parse(text, TooLongAdvice);
        if (document.FurtherDocumentLine is { } line)
            findings.Warning(line, KeyPath.Root, "starts a second document, which is ignored: a configuration is one document");

        CollectorConfiguration? configuration = null;
        if (document.Error is { } error)
            findings.Error(error.Line, KeyPath.Root, error.Message);
        else if (document.Root is null or YamlScalar { IsNull: true } or YamlMapping { Entries.Count: 0 })
            findings.Error(0, KeyPath.Root, "is empty, so nothing is measured: add tests, or an address for each target");
        else if (document.Root is not YamlMapping mapping)
            findings.Error(document.Root.Line, KeyPath.Root, $"is {Settings.Kind(document.Root)}: a configuration is a mapping, of sections or of addresses");
        else if (LegacyForm.Is(mapping))
            configuration = LegacyForm.Read(mapping, destinationPort, findings);
        else
            configuration = FullForm.Read(mapping, isOwnAddress ?? (_ => true), findings);

        return new ConfigurationResult(findings.HasErrors ? null : configuration, findings.Errors, findings.Warnings);
    }

    /// <summary>Reads a file. One that is missing, not readable, too large or not Unicode text is an error of the result, too.</summary>
    /// <param name="path">The file, and how errors name it.</param>
    /// <param name="destinationPort">As for <see cref="Read"/>.</param>
    /// <param name="isOwnAddress">As for <see cref="Read"/>.</param>
    public static ConfigurationResult ReadFile(string path, int destinationPort = 8100, Func<IPAddress, bool>? isOwnAddress = null) =>
        FileText.Read(path, TooLongAdvice, out string problem) is { } text
            ? Read(text, path, destinationPort, isOwnAddress)
            : new ConfigurationResult(null, [new ConfigurationError(path, 0, "", problem)], []);

    /// <summary>What a collector without a file does: the target 127.0.0.1, four ports, four cycles per second.</summary>
    public static CollectorConfiguration Default(int destinationPort = 8100) =>
        LegacyForm.Configuration([new TargetSettings { Host = "127.0.0.1", Address = IPAddress.Loopback, Port = destinationPort }]);
}
