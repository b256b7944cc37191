using System.Globalization;

namespace Llama.Cli.Settings;

/// <summary>Where something listens for TCP.</summary>
/// <param name="Host">An address without brackets, a name, or empty for all addresses.</param>
/// <param name="Port">The port.</param>
internal sealed record ListenAddress(string Host, int Port)
{
    public static Parsed<ListenAddress> Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 0
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port > 65535)
        {
            return Parsed.Not<ListenAddress>(text, "is not an address to listen on: give HOST:PORT, [IPV6]:PORT or :PORT");
        }

        string host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']')) host = host[1..^1];
        else if (host.Contains(':')) return Parsed.Not<ListenAddress>(text, "has an IPv6 address without brackets: give [IPV6]:PORT");
        return Parsed.Of(new ListenAddress(host, port));
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
