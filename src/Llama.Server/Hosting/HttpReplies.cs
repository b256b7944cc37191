using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.Hosting;

/// <summary>The replies that every API here gives alike.</summary>
internal static class HttpReplies
{
    private const string PlainText = "text/plain; charset=utf-8";

    /// <summary>A body that is at hand whole, with its length.</summary>
    public static Task ReplyAsync(this HttpContext context, int status, string? type, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.WriteBodyAsync(body);
    }

    /// <inheritdoc cref="ReplyAsync"/>
    public static Task ReplyTextAsync(this HttpContext context, int status, ReadOnlyMemory<byte> body) =>
        context.ReplyAsync(status, PlainText, body);

    /// <summary>Text as Go's net/http sends it: above 2048 octets, its buffer, in chunks and without a length.</summary>
    public static Task ReplyTextLikeGoAsync(this HttpContext context, ReadOnlyMemory<byte> body)
    {
        const int goBuffer = 2048;
        if (body.Length <= goBuffer) return context.ReplyTextAsync(StatusCodes.Status200OK, body);
        context.Response.ContentType = PlainText;
        return context.WriteBodyAsync(body);
    }

    /// <summary>All is well.</summary>
    public static Task ReplyOkAsync(this HttpContext context) => context.ReplyTextAsync(StatusCodes.Status200OK, "ok"u8.ToArray());

    /// <summary>What Go's http.NotFound says.</summary>
    public static Task ReplyNotFoundAsync(this HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.ReplyTextAsync(StatusCodes.Status404NotFound, "404 page not found\n"u8.ToArray());
    }

    /// <summary>What Go's server says of a request line it can't read.</summary>
    public static Task ReplyBadRequestAsync(this HttpContext context)
    {
        context.Response.Headers.Connection = "close";
        return context.ReplyTextAsync(StatusCodes.Status400BadRequest, "400 Bad Request"u8.ToArray());
    }

    /// <summary>What Go's http.Redirect says: a body for GET alone, a content type for HEAD too.</summary>
    public static Task ReplyMovedAsync(this HttpContext context, string location)
    {
        context.Response.Headers.Location = location;
        string method = context.Request.Method;
        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
            return context.ReplyAsync(StatusCodes.Status301MovedPermanently, null, default);

        string href = location.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal)
            .Replace("'", "&#39;", StringComparison.Ordinal);
        byte[] body = System.Text.Encoding.Latin1.GetBytes($"<a href=\"{href}\">Moved Permanently</a>.\n\n");
        return context.ReplyAsync(StatusCodes.Status301MovedPermanently, "text/html; charset=utf-8", body);
    }

    /// <summary>An error of ours, as problem details (RFC 9457).</summary>
    public static Task ReplyProblemAsync(this HttpContext context, int status, string detail)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "about:blank"u8);
            json.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status"u8, status);
            json.WriteString("detail"u8, detail);
            json.WriteEndObject();
        }

        return context.ReplyAsync(status, "application/problem+json", body.ToArray());
    }

    /// <summary>True for GET and HEAD; for other methods false, and <paramref name="refusal"/> is the answer.</summary>
    public static bool IsRead(this HttpContext context, out Task refusal)
    {
        refusal = Task.CompletedTask;
        string method = context.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method)) return true;
        context.Response.Headers.Allow = "GET, HEAD";
        refusal = context.ReplyProblemAsync(StatusCodes.Status405MethodNotAllowed, "This resource can be read with GET or HEAD, and nothing else.");
        return false;
    }

    /// <summary>Tells the client what its answer is known by. True when it has that already: then 304 is the answer, and there is none to write.</summary>
    public static bool IsUnchanged(this HttpContext context, EntityTagHeaderValue tag)
    {
        context.Response.Headers.ETag = tag.ToString();
        context.Response.Headers.CacheControl = "no-cache";
        bool isKnown = EntityTagHeaderValue.TryParseList(context.Request.Headers.IfNoneMatch, out IList<EntityTagHeaderValue>? known)
            && known.Any(other => other.Equals(EntityTagHeaderValue.Any) || other.Compare(tag, useStrongComparison: false));
        if (isKnown) context.Response.StatusCode = StatusCodes.Status304NotModified;
        return isKnown;
    }

    /// <summary>True for a client that takes an answer as gzip.</summary>
    public static bool TakesGzip(this HttpContext context) =>
        StringWithQualityHeaderValue.TryParseList(context.Request.Headers.AcceptEncoding, out IList<StringWithQualityHeaderValue>? codings)
        && codings.Any(coding => coding.Quality is not 0 && coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase));

    private static Task WriteBodyAsync(this HttpContext context, ReadOnlyMemory<byte> body) =>
        body.IsEmpty || HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.BodyWriter.WriteAsync(body, context.RequestAborted).AsTask();
}
