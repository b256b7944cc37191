using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Llama.Tests.Server;

/// <summary>A reply as it came over the wire, header by header.</summary>
internal sealed record RawReply(string StatusLine, IReadOnlyList<KeyValuePair<string, string>> Headers, string Body)
{
    public int Status => int.Parse(StatusLine.Split(' ')[1], CultureInfo.InvariantCulture);

    public string? this[string name] =>
        Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).SingleOrDefault();

    /// <summary>Headers in the order of their names, the date masked.</summary>
    public IEnumerable<string> Masked => Mask(Headers);

    public static IEnumerable<string> Mask(IEnumerable<KeyValuePair<string, string>> headers) =>
        headers.Select(h => $"{h.Key}: {(h.Key == "Date" ? "(masked)" : h.Value)}").Order(StringComparer.Ordinal);
}

/// <summary>Speaks HTTP by hand, so that nothing tidies up what is sent or what comes back.</summary>
internal static class RawHttp
{
    public static Task<RawReply> GetAsync(string address, string target, params string[] headers) => SendAsync(address, "GET", target, headers);

    public static Task<RawReply> SendAsync(string address, string method, string target, params string[] headers)
    {
        string lines = string.Concat(headers.Select(h => h + "\r\n"));
        return SendAsync(address, $"{method} {target} HTTP/1.1\r\nHost: test\r\n{lines}\r\n", method == "HEAD");
    }

    public static Task<RawReply> SendAsync(string address, string request, bool isHead = false) =>
        SendAsync(address, Encoding.Latin1.GetBytes(request), "0.0.0.0", isHead);

    public static async Task<RawReply> SendAsync(string address, byte[] request, string source, bool isHead)
    {
        var url = new Uri(address);
        using TcpClient client = url.HostNameType == UriHostNameType.IPv6 ? new TcpClient() : new TcpClient(new IPEndPoint(IPAddress.Parse(source), 0));
        await client.ConnectAsync(url.Host, url.Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(request);
        return await ReadAsync(stream, isHead);
    }

    private static async Task<RawReply> ReadAsync(NetworkStream stream, bool isHead)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0) break;
            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        KeyValuePair<string, string>[] headers =
            [.. lines.Skip(1).Select(line => line.Split(": ", 2)).Select(parts => KeyValuePair.Create(parts[0], parts[1]))];
        var reply = new RawReply(lines.FirstOrDefault("nothing came"), headers, "");
        if (isHead || reply.Status == 304) return reply;
        if (reply["Transfer-Encoding"] == "chunked") return reply with { Body = await ReadChunksAsync(stream) };
        byte[] body = new byte[int.Parse(reply["Content-Length"]!, CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body);
        return reply with { Body = Encoding.UTF8.GetString(body) };
    }

    private static async Task<string> ReadChunksAsync(NetworkStream stream)
    {
        using var body = new MemoryStream();
        while (true)
        {
            string size = await ReadLineAsync(stream);
            byte[] chunk = new byte[int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(chunk);
            await ReadLineAsync(stream);
            if (chunk.Length == 0) return Encoding.UTF8.GetString(body.ToArray());
            body.Write(chunk);
        }
    }

    private static async Task<string> ReadLineAsync(NetworkStream stream)
    {
        var line = new StringBuilder();
        byte[] one = new byte[1];
        while (true)
        {
            await stream.ReadExactlyAsync(one);
            if (one[0] == '\n') return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }
    }
}
