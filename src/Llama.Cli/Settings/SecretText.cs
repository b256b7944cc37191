namespace Llama.Cli.Settings;

/// <summary>A secret that is given as it is or, better, in a file: its text, less white space around it.</summary>
internal static class SecretText
{
    /// <summary>Reads a secret; null where there is none.</summary>
    /// <param name="given">The secret itself, or null.</param>
    /// <param name="path">The file that holds it, or null. It counts where both are given.</param>
    /// <param name="flag">How messages name the file's setting.</param>
    /// <param name="log">Warned where everybody may read the file.</param>
    /// <exception cref="Failure">The file can't be read, or what it holds is no token.</exception>
    public static string? Read(string? given, string? path, string flag, Log log)
    {
        if (path is null) return given is null ? null : Checked(given, flag);
        string text;
        try
        {
            text = File.ReadAllText(path).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Failure($"{flag}: can't read {path}: {error.Message}", error);
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0)
            log.Warn($"{flag}: every user of this host can read {path}; take that away with: chmod o-r {path}");
        return Checked(text, $"{flag}: {path}");
    }

    // What fits into an Authorization header (RFC 6750 section 2.1, and whatever else is printable).
    private static string Checked(string text, string where) =>
        text.Length is > 0 and <= 4096 && text.All(c => c is > ' ' and <= '~')
            ? text
            : throw new Failure($"{where}: is no token: give up to 4096 printable characters without spaces, as from: openssl rand -hex 32");
}
