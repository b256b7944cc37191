using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>The description of /api/v2 in OpenAPI 3.1, kept by hand beside the sources.</summary>
internal static class OpenApi
{
    private static readonly Lazy<byte[]> Document = new(Read);

    /// <summary>Answers with the document.</summary>
    public static Task SendAsync(HttpContext context) => context.ReplyAsync(StatusCodes.Status200OK, JsonReplies.Type, Document.Value);

    private static byte[] Read()
    {
        using Stream resource = typeof(OpenApi).Assembly.GetManifestResourceStream("openapi-v2.json")!;
        byte[] document = new byte[resource.Length];
        resource.ReadExactly(document);
        return document;
    }
}
