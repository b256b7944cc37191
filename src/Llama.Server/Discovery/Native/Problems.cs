using System.Globalization;
using Llama.Server.Discovery.Access;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>Refusals of /api/v2 (RFC 9457).</summary>
internal static class Problems
{
    /// <summary>What registering and pushing take.</summary>
    public const string RegisterToken = "register token of the group";

    /// <summary>What reading takes.</summary>
    public const string ReadToken = "read token";

    /// <summary>What a configuration takes.</summary>
    public const string ConfigToken = "read token, or the register token of the group";

    /// <summary>What removing takes.</summary>
    public const string AdminToken = "admin token";

    /// <summary>True when a request may not do what it asks for; then <paramref name="refusal"/> is the answer.</summary>
    /// <param name="context">The request.</param>
    /// <param name="verdict">Whether it may.</param>
    /// <param name="token">Which token it takes.</param>
    /// <param name="refusal">The answer.</param>
    public static bool IsRefused(this HttpContext context, Verdict verdict, string token, out Task refusal)
    {
        switch (verdict)
        {
            case Verdict.Unknown:
                context.Response.Headers.WWWAuthenticate = "Bearer realm=\"llama\"";
                refusal = context.ReplyProblemAsync(
                    StatusCodes.Status401Unauthorized, $"This takes the {token}. Send it as: Authorization: Bearer TOKEN");
                return true;
            case Verdict.Forbidden:
                context.Response.Headers.WWWAuthenticate = "Bearer realm=\"llama\", error=\"insufficient_scope\"";
                refusal = context.ReplyProblemAsync(StatusCodes.Status403Forbidden, $"This takes the {token}, and the token that was sent is another one, or there is none for this.");
                return true;
            default:
                refusal = Task.CompletedTask;
                return false;
        }
    }

    /// <summary>True when a source asks too often; then <paramref name="refusal"/> is the answer.</summary>
    public static bool IsTooOften(this HttpContext context, TimeSpan? wait, out Task refusal)
    {
        refusal = Task.CompletedTask;
        if (wait is not { } pause) return false;
        context.RetryAfter(pause);
        refusal = context.ReplyProblemAsync(StatusCodes.Status429TooManyRequests, "Too many registrations come from this address. Wait, then try again.");
        return true;
    }

    /// <summary>Answers that the server can't do it now, but may later.</summary>
    public static Task ReplyLaterAsync(this HttpContext context, TimeSpan wait, string detail)
    {
        context.RetryAfter(wait);
        return context.ReplyProblemAsync(StatusCodes.Status503ServiceUnavailable, detail);
    }

    /// <summary>Answers that a parameter is not what it can be.</summary>
    public static Task ReplyBadParameterAsync(this HttpContext context, string name, string wanted) =>
        context.ReplyProblemAsync(StatusCodes.Status400BadRequest, $"The parameter {name} is {wanted}.");

    private static void RetryAfter(this HttpContext context, TimeSpan wait) =>
        context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
