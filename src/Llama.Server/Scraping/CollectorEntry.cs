using System.Globalization;
using System.Net;

namespace Llama.Server.Scraping;

/// <summary>A collector that is scraped. Immutable.</summary>
public sealed record CollectorEntry
{
    /// <summary>Its address without brackets, or its name.</summary>
    public required string Host { get; init; }

    /// <summary>The TCP port of its API.</summary>
    public required int Port { get; init; }

    /// <summary>What its server calls it, as <c>GROUP/NAME</c>; null where nobody has said.</summary>
    public string? Name { get; init; }

    /// <summary>Its own tags, where its server tells them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Host and port, as in <c>192.0.2.1:5000</c>; tells collectors apart.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");

    /// <summary>What its reports name as their origin.</summary>
    public string Origin => Name ?? Address;

    /// <summary>Reads <c>HOST</c>, <c>HOST:PORT</c>, an IPv6 address, or <c>[IPV6]:PORT</c>; null where it is none of these.</summary>
    /// <param name="text">What a person or a server wrote; blanks around it do not count.</param>
    /// <param name="port">The port where it has none.</param>
    public static CollectorEntry? Parse(string text, int port)
    {
        string trimmed = text.Trim();
        bool isBareIPv6 = trimmed.Count(c => c == ':') > 1 && !trimmed.StartsWith('[');
        int colon = isBareIPv6 || trimmed.EndsWith(']') ? -1 : trimmed.LastIndexOf(':');
        if (colon >= 0
            && (!int.TryParse(trimmed.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            return null;
        }

        string host = colon < 0 ? trimmed : trimmed[..colon];
        if (host is ['[', .., ']']) (host, isBareIPv6) = (host[1..^1], true);
        if (isBareIPv6)
            return IPAddress.TryParse(host, out IPAddress? address) && host[0] != '[' ? new CollectorEntry { Host = address.ToString(), Port = port } : null;
        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 ? new CollectorEntry { Host = host, Port = port } : null;
    }

    /// <summary>Reads entries with commas or line ends between them; empty ones are passed over, and what follows a <c>#</c> on a line.</summary>
    /// <exception cref="FormatException">One of them is no collector; the message says which.</exception>
    public static IReadOnlyList<CollectorEntry> ParseList(string text, int port)
    {
        var entries = new List<CollectorEntry>();
        foreach (string line in text.Split('\n'))
        {
            foreach (string part in line.Split('#')[0].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                entries.Add(Parse(part, port) ?? throw new FormatException($"'{part}' is no collector: give HOST, HOST:PORT or [IPV6]:PORT"));
        }

        return entries;
    }
}
