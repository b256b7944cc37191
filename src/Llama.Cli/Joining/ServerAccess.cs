using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Llama.Cli.Joining;

/// <summary>What a discovery server is reached with, as the command line gives it.</summary>
internal static class ServerAccess
{
    /// <summary>A token that fits into a header; what else it holds is not shown.</summary>
    /// <exception cref="Failure">It does not.</exception>
    public static string? Token(string? token) => token is null || token.All(c => c is > ' ' and <= '~')
        ? token
        : throw new Failure("--token: holds a space or something that is not printable, so it is no token: give what the server was given");

    /// <summary>The authorities in a PEM file; null where there is no file.</summary>
    /// <exception cref="Failure">It can't be read, or holds none.</exception>
    public static X509Certificate2Collection? Authorities(string? path)
    {
        if (path is null) return null;
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new Failure($"--ca-file: can't read {path}: {error.Message}", error);
        }

        return authorities.Count > 0 ? authorities : throw new Failure($"--ca-file: {path} holds no certificate: give one in PEM form");
    }
}
