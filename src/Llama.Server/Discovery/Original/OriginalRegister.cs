using System.Globalization;
using System.Net;
using Llama.Mesh.Membership;
using Llama.Server.Discovery.Access;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Llama.Server.Discovery.Original;

/// <summary>Answers <c>POST /api/v1/register</c>.</summary>
internal sealed class OriginalRegister(
    Registry registry,
    DiscoveryOptions options,
    AccessRules access,
    ClientAddresses clients,
    SourceRates rates,
    Listing listing,
    TimeProvider time)
{
    /// <summary>Answers a registration.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        IPAddress client = clients.Of(context);
        if (rates.Refuse(client) is { } pause)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(pause.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await context.ReplyErrorPageAsync(StatusCodes.Status429TooManyRequests);
        }
        else if (!IsJson(context.Request.ContentType))
        {
            await context.ReplyErrorPageAsync(StatusCodes.Status415UnsupportedMediaType);
        }
        else if (await ReadBodyAsync(context) is not { } body)
        {
            context.Response.Headers.Connection = "close";
            await context.ReplyErrorPageAsync(StatusCodes.Status413PayloadTooLarge);
        }
        else if (OriginalBody.Read(body, client, options, time.GetUtcNow(), out string problem) is not { } registration)
        {
            await context.ReplyErrorPageAsync(StatusCodes.Status400BadRequest, problem);
        }
        else
        {
            await RegisterAsync(context, registration);
        }
    }

    private async Task RegisterAsync(HttpContext context, Registration registration)
    {
        if (context.IsRefused(access.MayRegister(context, registration.Group), out Task refusal))
        {
            await refusal;
            return;
        }

        RegisterReply reply;
        try
        {
            reply = await registry.RegisterAsync(registration, context.RequestAborted);
        }
        catch (IOException e)
        {
            await context.ReplyErrorPageAsync(StatusCodes.Status500InternalServerError, $"The registration could not be stored: {e.Message}");
            return;
        }

        switch (reply.Outcome)
        {
            case RegisterOutcome.NameTaken:
                await context.ReplyErrorPageAsync(
                    StatusCodes.Status409Conflict,
                    $"Another probe of group '{registration.Group}' that is alive has the name '{registration.Name}': give this one another probe_shortname.");
                break;
            case RegisterOutcome.Full:
                await context.ReplyErrorPageAsync(StatusCodes.Status503ServiceUnavailable, "The server has as many probes as it takes.");
                break;
            default:
                await context.ReplyAsync(StatusCodes.Status200OK, "application/json", listing.WriteOne(reply.Holder ?? registration));
                break;
        }
    }

    private static bool IsJson(string? type)
    {
        ReadOnlySpan<char> media = type.AsSpan();
        int parameters = media.IndexOf(';');
        media = (parameters < 0 ? media : media[..parameters]).Trim();
        return media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (media.StartsWith("application/", StringComparison.OrdinalIgnoreCase) && media.EndsWith("+json", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The whole body; null when it is longer than a registration may be.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpContext context)
    {
        const int most = RegistrationRules.MaxBodyBytes;
        if (context.Request.ContentLength > most) return null;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = most;
        try
        {
            using var body = new MemoryStream((int)(context.Request.ContentLength ?? 1024));
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            return body.ToArray();
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return null;
        }
    }
}
