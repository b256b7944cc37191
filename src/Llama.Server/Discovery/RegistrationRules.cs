using System.Net;
using System.Net.Sockets;

namespace Llama.Server.Discovery;

/// <summary>How far a registration may go, whichever way it came. Each check gives what is wrong, or null.</summary>
internal static class RegistrationRules
{
    /// <summary>Bytes of a registration's body.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <summary>Characters of a group's or a probe's name.</summary>
    public const int MaxNameLength = 200;

    /// <summary>Tags of a probe.</summary>
    public const int MaxTags = 64;

    /// <summary>Characters of a tag's key.</summary>
    public const int MaxTagKeyLength = 256;

    /// <summary>Characters of a tag's value.</summary>
    public const int MaxTagValueLength = 1024;

    /// <summary>The longest keepalive: ten years. Longer ones are cut to it.</summary>
    public static readonly TimeSpan MaxKeepalive = TimeSpan.FromDays(3650);

    /// <summary>Checks the name of a group or a probe.</summary>
    public static string? ProblemOfName(string name) => name switch
    {
        { Length: 0 } => "is empty: give a name",
        { Length: > MaxNameLength } => $"is longer than {MaxNameLength} characters: shorten it",
        _ when name.Any(char.IsControl) => "has a control character: take it out",
        _ when HasHalfOfPair(name) => "has half of a surrogate pair: it is not Unicode text",
        _ => null,
    };

    /// <summary>Checks a tag.</summary>
    public static string? ProblemOfTag(string key, string value) =>
        key.Length > MaxTagKeyLength ? $"has a key of more than {MaxTagKeyLength} characters: shorten it"
        : value.Length > MaxTagValueLength ? $"is longer than {MaxTagValueLength} characters: shorten it"
        : HasHalfOfPair(key) || HasHalfOfPair(value) ? "has half of a surrogate pair: it is not Unicode text"
        : null;

    /// <summary>Checks an address that others are to send to.</summary>
    public static string? ProblemOfAddress(IPAddress address)
    {
        if (address.Equals(IPAddress.IPv6Any) || address.IsIPv6Multicast) return "is no address of a host: give the probe's own";
        if (address.AddressFamily == AddressFamily.InterNetworkV6) return address.ScopeId == 0 ? null : "has a zone, which means nothing to others: give an address without";
        Span<byte> octets = stackalloc byte[4];
        address.TryWriteBytes(octets, out _);
        return octets[0] is 0 or >= 224 ? "is no address of a host: give the probe's own" : null;
    }

    /// <summary>
    /// Reads an address that is one and nothing else: no name, no port, no brackets, and no IPv4 address in other than four parts.
    /// </summary>
    public static bool TryParseAddress(string text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.AsSpan().ContainsAny('[', ']', '/') || !IPAddress.TryParse(text, out IPAddress? parsed)) return false;
        address = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
        return parsed.AddressFamily == AddressFamily.InterNetworkV6 || parsed.ToString() == text;
    }

    /// <summary>A number of seconds, above zero, as the lease it stands for.</summary>
    public static TimeSpan Keepalive(double seconds) =>
        seconds >= MaxKeepalive.TotalSeconds ? MaxKeepalive : TimeSpan.FromTicks(Math.Max(1, (long)(seconds * TimeSpan.TicksPerSecond)));

    /// <summary>True when the text can't be written as UTF-8.</summary>
    private static bool HasHalfOfPair(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return true;
            i++;
        }

        return false;
    }
}
