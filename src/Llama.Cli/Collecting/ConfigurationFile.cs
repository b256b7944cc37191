using Llama.Mesh;

namespace Llama.Cli.Collecting;

/// <summary>
/// The collector's configuration file: read, and watched for changes by looking at it now and then, which also sees renames,
/// symbolic links that are turned (Kubernetes) and network file systems. Belongs to one caller.
/// </summary>
/// <param name="path">The file; null for the built-in configuration, which never changes.</param>
/// <param name="destinationPort">The port of targets that have none of their own.</param>
internal sealed class ConfigurationFile(string? path, int destinationPort)
{
    private string? _text;
    private Stamp? _seen;
    private bool _settling;

    /// <summary>How messages name it.</summary>
    public string Name => path ?? "the built-in configuration";

    /// <summary>True where there is a file that can be read again.</summary>
    public bool IsReloadable => path is not null;

    /// <summary>Reads it, whether it has changed or not.</summary>
    public ConfigurationResult Read()
    {
        if (path is null) return new ConfigurationResult(CollectorConfigurationReader.Default(destinationPort), [], []);
        _settling = false;
        _seen = Stamp.Of(path);
        try
        {
            _text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _text = null;
            return new ConfigurationResult(null, [new ConfigurationError(path, 0, "", $"can't be read: {Reason(error)}")], []);
        }

        return CollectorConfigurationReader.Read(_text, path, destinationPort);
    }

    /// <summary>
    /// Looks whether the file is another one than was read, and has stopped changing since the last look, so that a file that
    /// is just being written is left alone. Touching it without changing its content is no change.
    /// </summary>
    public bool HasChanged()
    {
        if (path is null) return false;
        Stamp? now = Stamp.Of(path);
        if (now != _seen)
        {
            _seen = now;
            _settling = true;
            return false;
        }

        if (!_settling) return false;
        _settling = false;
        try
        {
            return File.ReadAllText(path) != _text;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return _text is not null;
        }
    }

    private static string Reason(Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException => "no permission, or not a file",
        _ => error.Message,
    };

    /// <summary>What tells that a file was written to, or that another one stands in its place; null where there is none.</summary>
    private sealed record Stamp(DateTimeOffset Written, long Length, string Target)
    {
        public static Stamp? Of(string path)
        {
            try
            {
                var file = new FileInfo(path);
                if (file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) file = target;
                return file.Exists ? new Stamp(file.LastWriteTimeUtc, file.Length, file.FullName) : null;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }
}
