using Llama.Mesh;

namespace Llama.Cli.Settings;

/// <summary>The file with the key that datagrams are authenticated with: its bytes, less one newline at the end.</summary>
internal static class KeyFile
{
    /// <summary>Reads the key; empty when no file is named.</summary>
    /// <exception cref="Failure">It can't be read, or is empty.</exception>
    public static ReadOnlyMemory<byte> Read(string? path, Log log)
    {
        if (path is null) return default;
        ReadOnlyMemory<byte> key;
        try
        {
            key = SecretFile.Content(File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Failure($"--key-file: can't read {path}: {error.Message}", error);
        }

        if (key.IsEmpty) throw new Failure($"--key-file: {path} is empty; make one with: head -c 32 /dev/urandom > {path}");
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0)
            log.Warn($"--key-file: every user of this host can read {path}; take that away with: chmod o-r {path}");
        return key;
    }
}
