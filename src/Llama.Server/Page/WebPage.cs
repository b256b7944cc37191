using System.Collections.Frozen;
using System.IO.Compression;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Page;

/// <summary>
/// The web page at <c>/</c> and the files it is made of. Needs no token: it holds no numbers, and asks for the one it reads them with.
/// Immutable; any thread may call it.
/// </summary>
internal sealed class WebPage
{
    private const string Directory = "page/";
    private const string Index = "index.html";
    private const string Missing = "missing.html";

    // A page of an operator's tool: nothing in it comes from elsewhere or goes elsewhere, whatever a name or tag tries.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly FrozenDictionary<string, PageFile> _files;
    private readonly PageFile _home;

    /// <summary>A page of these files.</summary>
    /// <param name="files">By their paths within the page; without <c>index.html</c>, <c>/</c> says what is missing.</param>
    public WebPage(IReadOnlyDictionary<string, PageFile> files)
    {
        _home = files.GetValueOrDefault(Index) ?? new PageFile(Missing, Pack(Resource(Missing)));
        _files = files.Where(file => file.Key != Index).ToFrozenDictionary(file => $"/{file.Key}", file => file.Value);
    }

    /// <summary>The page that this program was built with; one that says what is missing, where it was built without.</summary>
    public static WebPage OfProgram { get; } = new(typeof(WebPage).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Directory, StringComparison.Ordinal))
        .Select(name => (Name: name[Directory.Length..], Content: Resource(name)))
        .ToDictionary(file => file.Name, file => new PageFile(file.Name, file.Content)));

    /// <summary>Answers a GET or HEAD of <c>/</c>.</summary>
    public Task SendHomeAsync(HttpContext context) => SendAsync(context, _home);

    /// <summary>The answer to a request for a file of the page; null for another path.</summary>
    public Task? Answer(HttpContext context, string path)
    {
        if (!_files.TryGetValue(path, out PageFile? file)) return null;
        return context.IsRead(out Task refusal) ? SendAsync(context, file) : refusal;
    }

    private static Task SendAsync(HttpContext context, PageFile file)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.Vary = "Accept-Encoding";
        bool isUnchanged = context.IsUnchanged(file.Tag);
        if (file.IsForever) headers.CacheControl = "public, max-age=31536000, immutable";
        if (isUnchanged) return Task.CompletedTask;
        if (!context.TakesGzip()) return context.ReplyAsync(StatusCodes.Status200OK, file.ContentType, file.Plain);
        headers.ContentEncoding = "gzip";
        return context.ReplyAsync(StatusCodes.Status200OK, file.ContentType, file.Packed);
    }

    private static byte[] Resource(string name)
    {
        using Stream resource = typeof(WebPage).Assembly.GetManifestResourceStream(name)!;
        byte[] content = new byte[resource.Length];
        resource.ReadExactly(content);
        return content;
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(content);
        return packed.ToArray();
    }
}
