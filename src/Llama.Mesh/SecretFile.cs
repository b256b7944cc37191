namespace Llama.Mesh;

/// <summary>A file that holds a key or a token and nothing else.</summary>
public static class SecretFile
{
    /// <summary>What the file holds: its bytes less one newline at the end, which editors add.</summary>
    public static ReadOnlyMemory<byte> Content(ReadOnlyMemory<byte> file) =>
        file.Span.EndsWith("\r\n"u8) ? file[..^2]
        : file.Span.EndsWith("\n"u8) ? file[..^1]
        : file;
}
