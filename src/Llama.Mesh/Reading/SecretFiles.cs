using System.Text;

namespace Llama.Mesh.Reading;

/// <summary>Reads the files with tokens and keys that a configuration names.</summary>
/// <param name="configurationFile">The configuration's own file: paths are relative to where it stands.</param>
/// <param name="read">Gives a file's bytes.</param>
internal sealed class SecretFiles(string configurationFile, Func<string, byte[]> read)
{
    /// <summary>The secret in the file that a key names; empty where it is missing or (then reported) of no use.</summary>
    public ReadOnlyMemory<byte> Read(Settings settings, string key, Findings findings)
    {
        if (settings.Text(key) is not { } name)
            return default;
        string path = Path.Combine(Path.GetDirectoryName(configurationFile) ?? "", name);
        string problem;
        try
        {
            ReadOnlyMemory<byte> secret = SecretFile.Content(read(path));
            if (!secret.IsEmpty)
                return secret;
            problem = $"is empty; make one with: head -c 32 /dev/urandom | base64 > {path}";
        }
        catch (Exception e) when (FileText.Problem(e, path) is { } told)
        {
            problem = told;
        }

        findings.Error(settings.LineOf(key), settings.PathOf(key), $"names the file {Excerpt.Of(path)}, which {problem}");
        return default;
    }

    /// <summary>A secret that is text.</summary>
    public string? ReadText(Settings settings, string key, Findings findings) =>
        Read(settings, key, findings) is { IsEmpty: false } bytes ? Encoding.UTF8.GetString(bytes.Span) : null;
}
