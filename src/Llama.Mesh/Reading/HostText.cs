using System.Net;
using System.Net.Sockets;

namespace Llama.Mesh.Reading;

/// <summary>
/// A host as a configuration writes it: an IPv4 address in its four-part decimal form, an IPv6 address bare or in brackets, or
/// a name. Stricter than <see cref="IPAddress.TryParse(string, out IPAddress)"/>, which takes "127.1", octal parts and ports.
/// </summary>
internal static class HostText
{
    /// <summary>Reads a host.</summary>
    /// <param name="text">The text.</param>
    /// <param name="host">The text without brackets.</param>
    /// <param name="address">The address, IPv4 where it is an IPv4-mapped one; null for a name.</param>
    /// <param name="problem">What is wrong with the text; null when nothing is.</param>
    public static bool TryParse(string text, out string host, out IPAddress? address, out string? problem)
    {
        bool bracketed = text.Length > 2 && text[0] == '[' && text[^1] == ']';
        host = bracketed ? text[1..^1] : text;
        address = null;
        problem = null;
        if (bracketed || host.Contains(':', StringComparison.Ordinal))
        {
            if (IsIPv6Text(host) && IPAddress.TryParse(host, out IPAddress? v6) && v6.AddressFamily == AddressFamily.InterNetworkV6)
                address = v6.IsIPv4MappedToIPv6 ? v6.MapToIPv4() : v6;
            else
                problem = "is not an IPv6 address (and a port has a key of its own)";
        }
        else if (host.Length > 0 && host.All(c => char.IsAsciiDigit(c) || c == '.'))
        {
            if (IsIPv4Text(host))
                address = IPAddress.Parse(host);
            else
                problem = "is not an IPv4 address: write four numbers from 0 to 255 without leading zeros";
        }
        else if (!IsName(host))
        {
            problem = "is neither an address nor a host name";
        }

        return problem is null;
    }

    private static bool IsIPv4Text(string text)
    {
        string[] parts = text.Split('.');
        return parts.Length == 4
            && Array.TrueForAll(parts, part => part.Length is >= 1 and <= 3 && (part.Length == 1 || part[0] != '0') && int.Parse(part) <= 255);
    }

    private static bool IsIPv6Text(string text)
    {
        int zone = text.IndexOf('%', StringComparison.Ordinal);
        string digits = zone < 0 ? text : text[..zone];
        return text.Length <= 64
            && digits.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.')
            && (zone < 0 || (zone < text.Length - 1 && text[(zone + 1)..].All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')));
    }

    // RFC 1123 section 2.1 with the underscores that are in use, and letters of other scripts for those who resolve them.
    private static bool IsName(string text)
    {
        string name = text.EndsWith('.') ? text[..^1] : text;
        return name.Length is >= 1 and <= 253
            && Array.TrueForAll(
                name.Split('.'),
                label => label.Length is >= 1 and <= 63 && label.All(c => char.IsLetterOrDigit(c) || c is '-' or '_') && label[0] != '-');
    }
}
