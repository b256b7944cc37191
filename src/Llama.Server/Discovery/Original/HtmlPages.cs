using System.Net;
using System.Text;
using Llama.Server.Discovery.Access;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Original;

/// <summary>The original's pages: HTML, as its framework writes them.</summary>
internal static class HtmlPages
{
    /// <summary>What the original calls plain text, too.</summary>
    public const string ContentType = "text/html; charset=utf-8";

    /// <summary>A page, or text that the original calls one.</summary>
    public static Task ReplyPageAsync(this HttpContext context, string text) =>
        context.ReplyAsync(StatusCodes.Status200OK, ContentType, Encoding.UTF8.GetBytes(text));

    /// <summary>An error with the framework's words for it.</summary>
    public static Task ReplyErrorPageAsync(this HttpContext context, int status) => context.ReplyErrorPageAsync(status, status switch
    {
        StatusCodes.Status401Unauthorized => "This needs a token: send Authorization: Bearer and the token.",
        StatusCodes.Status403Forbidden => "The token is for something else.",
        StatusCodes.Status404NotFound =>
            "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.",
        StatusCodes.Status405MethodNotAllowed => "The method is not allowed for the requested URL.",
        StatusCodes.Status413PayloadTooLarge => "The data value transmitted exceeds the capacity limit.",
        StatusCodes.Status415UnsupportedMediaType =>
            "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
        StatusCodes.Status429TooManyRequests => "This user has exceeded an allotted request count. Try again later.",
        _ => "The server encountered an internal error and was unable to complete your request.",
    });

    /// <summary>True when a request may not do what it asks for; <paramref name="refusal"/> is the answer then.</summary>
    public static bool IsRefused(this HttpContext context, Verdict verdict, out Task refusal)
    {
        refusal = Task.CompletedTask;
        if (verdict == Verdict.Allowed) return false;
        if (verdict == Verdict.Unknown) context.Response.Headers.WWWAuthenticate = "Bearer";
        refusal = context.ReplyErrorPageAsync(verdict == Verdict.Unknown ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden);
        return true;
    }

    /// <summary>An error with words of its own.</summary>
    public static Task ReplyErrorPageAsync(this HttpContext context, int status, string text)
    {
        string title = status switch
        {
            StatusCodes.Status400BadRequest => "Bad Request",
            StatusCodes.Status401Unauthorized => "Unauthorized",
            StatusCodes.Status403Forbidden => "Forbidden",
            StatusCodes.Status404NotFound => "Not Found",
            StatusCodes.Status405MethodNotAllowed => "Method Not Allowed",
            StatusCodes.Status408RequestTimeout => "Request Timeout",
            StatusCodes.Status409Conflict => "Conflict",
            StatusCodes.Status413PayloadTooLarge => "Request Entity Too Large",
            StatusCodes.Status415UnsupportedMediaType => "Unsupported Media Type",
            StatusCodes.Status429TooManyRequests => "Too Many Requests",
            StatusCodes.Status500InternalServerError => "Internal Server Error",
            StatusCodes.Status503ServiceUnavailable => "Service Unavailable",
            _ => ((HttpStatusCode)status).ToString(),
        };
        string page = $"<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{WebUtility.HtmlEncode(text)}</p>\n";
        return context.ReplyAsync(status, ContentType, Encoding.UTF8.GetBytes(page));
    }
}
