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

/// <summary>Reads the collector's YAML, in full and in legacy form. Pure: any thread may call it.</summary>
public static class CollectorConfigurationReader
{
    /// <summary>Reads a configuration.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="fileName">How errors name the file.</param>
    /// <param name="destinationPort">The port of targets that have none of their own: those of the legacy form and the built-in one.</param>
    public static ConfigurationResult Read(string text, string fileName, int destinationPort = 8100) =>
        new(null, [new ConfigurationError(fileName, 0, "", $"is not read yet ({text.Length} characters, port {destinationPort})")], []);

    /// <summary>What a collector without a file does: the target 127.0.0.1, four ports, four cycles per second.</summary>
    public static CollectorConfiguration Default(int destinationPort = 8100) =>
        throw new NotSupportedException($"port {destinationPort}");
}
