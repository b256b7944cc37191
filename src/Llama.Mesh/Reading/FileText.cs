using System.Text;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>Reads the text of a configuration file.</summary>
internal static class FileText
{
    /// <summary>The text, cut behind the length that a document may have.</summary>
    /// <param name="path">The file.</param>
    /// <param name="advice">What to do with one that is too long.</param>
    /// <param name="problem">What is wrong with it; empty when nothing is.</param>
    /// <returns>Null when it can't be read.</returns>
    public static string? Read(string path, string advice, out string problem)
    {
        problem = "";
        try
        {
            // Four bytes are the most a code unit takes in any encoding that a byte order mark can name.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!file.CanSeek || file.Length <= 4L * YamlDocument.MaxLength)
            {
                using var reader = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
                return ReadUpTo(reader, YamlDocument.MaxLength + 1);
            }

            problem = $"is longer than {YamlDocument.MaxLength >> 20} MiB: {advice}";
        }
        catch (DecoderFallbackException)
        {
            problem = "is not UTF-8 text: save it as UTF-8";
        }
        catch (Exception e) when (Problem(e, path) is { } told)
        {
            problem = told;
        }

        return null;
    }

    /// <summary>Why a file could not be opened or read; null for another kind of exception.</summary>
    public static string? Problem(Exception e, string path) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "does not exist: check the path",
        UnauthorizedAccessException => Directory.Exists(path) ? "is a directory: name a file in it" : "may not be read: check its permissions",
        IOException or ArgumentException or NotSupportedException => $"can't be read: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}",
        _ => null,
    };

    private static string ReadUpTo(StreamReader reader, int length)
    {
        var text = new StringBuilder();
        var block = new char[16 * 1024];
        int read;
        while (text.Length < length && (read = reader.ReadBlock(block)) > 0)
            text.Append(block, 0, read);
        return text.ToString();
    }
}
