using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>A request that the original server was sent, and what it answered.</summary>
/// <param name="Name">File and step.</param>
/// <param name="SecondsAfterStart">When.</param>
/// <param name="Source">The client's address.</param>
/// <param name="Head">The request line and its headers, without length.</param>
/// <param name="Content">The request's body.</param>
/// <param name="Reply">The answer.</param>
internal sealed record CapturedPair(string Name, double SecondsAfterStart, string Source, string Head, byte[] Content, RawReply Reply)
{
    public bool IsHead => Head.StartsWith("HEAD ", StringComparison.Ordinal);

    public static CapturedPair Read(string name, JsonElement step, double secondsAfterStart)
    {
        JsonElement request = step.GetProperty("request"), response = step.GetProperty("response");
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{request.GetProperty("method")} {request.GetProperty("path")} HTTP/1.1\r\nHost: test\r\n");
        foreach (JsonElement header in request.GetProperty("headers").EnumerateArray()) head.Append(CultureInfo.InvariantCulture, $"{header[0]}: {header[1]}\r\n");
        JsonElement body = request.GetProperty("body");
        byte[] content = body.ValueKind switch
        {
            JsonValueKind.Object => Convert.FromHexString(body.GetProperty("hex").GetString()!),
            JsonValueKind.String => Whole(body.GetString()!, request),
            _ => [],
        };
        if (body.ValueKind != JsonValueKind.Null) head.Append(CultureInfo.InvariantCulture, $"Content-Length: {content.Length}\r\n");
        KeyValuePair<string, string>[] headers =
            [.. response.GetProperty("headers").EnumerateArray().Select(header => KeyValuePair.Create(header[0].GetString()!, header[1].GetString()!))];
        var reply = new RawReply($"HTTP/1.1 {response.GetProperty("status")} {response.GetProperty("reason")}", headers, response.GetProperty("body").GetString() ?? "");
        return new CapturedPair(name, secondsAfterStart, request.GetProperty("source_ip").GetString()!, head.Append("\r\n").ToString(), content, reply);
    }

    public Task<RawReply> SendAsync(string server) => RawHttp.SendAsync(server, [.. Encoding.Latin1.GetBytes(Head), .. Content], Source, IsHead);

    /// <summary>A body that is recorded with its middle left out, in its full length.</summary>
    private static byte[] Whole(string body, JsonElement request)
    {
        if (!request.TryGetProperty("body_bytes", out JsonElement length)) return Encoding.UTF8.GetBytes(body);
        int cut = body.IndexOf(" ... ", StringComparison.Ordinal);
        string middle = new(body[cut - 1], length.GetInt32() - body.Length + 5);
        return Encoding.UTF8.GetBytes(body.Remove(cut, 5).Insert(cut, middle));
    }
}
