using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.Page;

/// <summary>A file of the web page, as the build has packed it. Immutable; any thread may read it.</summary>
internal sealed class PageFile
{
    private readonly Lazy<byte[]> _plain;

    /// <summary>A file.</summary>
    /// <param name="name">Its path within the page, as in <c>assets/index-B1c2.js</c>.</param>
    /// <param name="packed">Its content, as gzip.</param>
    public PageFile(string name, byte[] packed)
    {
        Packed = packed;
        ContentType = TypeOf(name);
        IsForever = name.StartsWith("assets/", StringComparison.Ordinal);
        Tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(packed))[..16]}\"", isWeak: true);
        _plain = new Lazy<byte[]>(Unpack);
    }

    /// <summary>What it is, for Content-Type.</summary>
    public string ContentType { get; }

    /// <summary>True where its name changes with its content, so that whoever has it need not ask again.</summary>
    public bool IsForever { get; }

    /// <summary>What its content is known by, packed and plain alike.</summary>
    public EntityTagHeaderValue Tag { get; }

    /// <summary>As gzip: what browsers take.</summary>
    public ReadOnlyMemory<byte> Packed { get; }

    /// <summary>As it is; unpacked once somebody wants it so.</summary>
    public ReadOnlyMemory<byte> Plain => _plain.Value;

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".md" or ".txt" => "text/plain; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".json" => "application/json",
        _ => "application/octet-stream",
    };

    private byte[] Unpack()
    {
        using var plain = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(Packed.ToArray()), CompressionMode.Decompress)) gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
