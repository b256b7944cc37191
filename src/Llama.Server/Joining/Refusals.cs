using System.Net;
using System.Text;
using System.Text.Json;

namespace Llama.Server.Joining;

/// <summary>Makes a <see cref="ServerRefusalException"/> of a reply that is none of success. Pure.</summary>
internal static class Refusals
{
    private const int LongestLine = 300;

    /// <summary>What a reply comes to.</summary>
    public static ServerRefusalException Of(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        int status = (int)response.StatusCode;
        bool isProblem = response.Content.Headers.ContentType?.MediaType == "application/problem+json";
        string detail = isProblem && Detail(body) is { Length: > 0 } told ? Line(told) : Line(response.ReasonPhrase ?? response.StatusCode.ToString());
        return new ServerRefusalException(Kind(status, isProblem), $"{status}: {detail}", response.Headers.RetryAfter?.Delta);
    }

    /// <summary>Refuses a reply without a body: no configuration is empty, but a server or proxy that is ending may answer so.</summary>
    public static void ThrowIfEmpty(ServerReply reply)
    {
        if (reply.Body.Length == 0) throw new ServerRefusalException(RefusalKind.Busy, "the answer is empty");
    }

    /// <summary>Somebody else's text as one line that does nothing to a terminal.</summary>
    public static string Line(string text)
    {
        var line = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (line.Length >= LongestLine) return line.Append("...").ToString();
            line.Append(Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 ? " " : rune.ToString());
        }

        return line.ToString();
    }

    // What a server of the original's kind, or a proxy before it, does not know comes without problem details; so does what it can't do.
    private static RefusalKind Kind(int status, bool isProblem) => status switch
    {
        (int)HttpStatusCode.Unauthorized or (int)HttpStatusCode.Forbidden => RefusalKind.NotAllowed,
        (int)HttpStatusCode.Conflict => RefusalKind.NameTaken,
        (int)HttpStatusCode.NotFound => RefusalKind.Unknown,
        (int)HttpStatusCode.MethodNotAllowed when !isProblem => RefusalKind.Unknown,
        (int)HttpStatusCode.TooManyRequests or (int)HttpStatusCode.RequestTimeout or >= 500 => RefusalKind.Busy,
        _ => RefusalKind.Refused,
    };

    private static string? Detail(ReadOnlySpan<byte> body)
    {
        try
        {
            var json = new Utf8JsonReader(body);
            while (json.Read())
            {
                if (json.CurrentDepth != 1 || json.TokenType != JsonTokenType.PropertyName || !json.ValueTextEquals("detail"u8)) continue;
                return json.Read() && json.TokenType == JsonTokenType.String ? json.GetString() : null;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }

        return null;
    }
}
