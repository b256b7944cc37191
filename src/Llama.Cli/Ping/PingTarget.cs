using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Llama.Cli.Settings;

namespace Llama.Cli.Ping;

/// <summary>A target as somebody types it: HOST, HOST:PORT, an IPv6 address, or [IPV6]:PORT.</summary>
/// <param name="Host">A name or an address, without brackets.</param>
/// <param name="Port">The reflector's UDP port.</param>
/// <param name="Address">The address, where it is one.</param>
internal sealed record PingTarget(string Host, int Port, IPAddress? Address)
{
    public const int DefaultPort = 8100;

    public static Parsed<PingTarget> Parse(string text)
    {
        bool bracketed = text.StartsWith('[');
        bool bareIPv6 = !bracketed && text.Count(c => c == ':') > 1;
        int colon = bareIPv6 ? -1 : bracketed ? text.LastIndexOf("]:", StringComparison.Ordinal) + 1 : text.LastIndexOf(':');
        string host = colon > 0 ? text[..colon] : text;
        int port = DefaultPort;
        if (colon == 0 && !bracketed) return Parsed.Not<PingTarget>(text, "has no host: give HOST or HOST:PORT");
        if (colon > 0
            && (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
            return Parsed.Not<PingTarget>(text, "has no UDP port behind its colon: give a number from 1 to 65535");

        if (bracketed && !host.EndsWith(']')) return Parsed.Not<PingTarget>(text, "has no closing bracket: give [IPV6] or [IPV6]:PORT");
        if (bracketed) host = host[1..^1];
        if (bracketed || bareIPv6)
        {
            return IPAddress.TryParse(host, out IPAddress? v6) && v6.AddressFamily == AddressFamily.InterNetworkV6
                ? Parsed.Of(new PingTarget(host, port, v6.IsIPv4MappedToIPv6 ? v6.MapToIPv4() : v6))
                : Parsed.Not<PingTarget>(text, "is not an IPv6 address: give one like 2001:db8::1 or [2001:db8::1]:8100");
        }

        if (host.Length > 0 && host.All(c => char.IsAsciiDigit(c) || c == '.'))
        {
            return IsIPv4(host)
                ? Parsed.Of(new PingTarget(host, port, IPAddress.Parse(host)))
                : Parsed.Not<PingTarget>(text, "is not an IPv4 address: give four numbers from 0 to 255");
        }

        return Uri.CheckHostName(host) == UriHostNameType.Dns && host[0] != '-'
            ? Parsed.Of(new PingTarget(host, port, null))
            : Parsed.Not<PingTarget>(text, "is neither a host name nor an address");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(Host.Contains(':') ? $"[{Host}]" : Host)}{(Port == DefaultPort ? "" : $":{Port}")}";

    // IPAddress takes "127.1" and octal parts too, which read differently from system to system.
    private static bool IsIPv4(string text)
    {
        string[] parts = text.Split('.');
        return parts.Length == 4
            && parts.All(part => part.Length is >= 1 and <= 3 && (part.Length == 1 || part[0] != '0') && int.Parse(part, CultureInfo.InvariantCulture) <= 255);
    }
}
