using System.Globalization;
using System.Net;

namespace Llama.Cli.Settings;

/// <summary>Makes values of the texts that settings are given as.</summary>
internal static class ValueParser
{
    public static Parsed<string> Text(string text) => Parsed.Of(text);

    public static Parsed<int> Port(string text) => Integer(text, 1, 65535, "is not a UDP port");

    /// <summary>The TCP port of a server.</summary>
    public static Parsed<int?> TcpPort(string text) => Count(text, 1, 65535, "is not a TCP port");

    /// <summary>A number of whole seconds, or a duration that comes to one; up to a day.</summary>
    public static Parsed<TimeSpan?> WholeSeconds(string text) =>
        Duration(text) is { Value: { } span } && span.Ticks % TimeSpan.TicksPerSecond == 0 && span <= TimeSpan.FromDays(1)
            ? Parsed.Of<TimeSpan?>(span)
            : Parsed.Not<TimeSpan?>(text, "is not a number of seconds: give a whole one, 1 to 86400");

    /// <summary>Networks or addresses, with commas or blanks between them.</summary>
    public static Parsed<IReadOnlyList<IPNetwork>> Networks(string text)
    {
        var networks = new List<IPNetwork>();
        foreach (string part in text.Split([',', ' ', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPNetwork.TryParse(part, out IPNetwork network)) networks.Add(network);
            else if (IPAddress.TryParse(part, out IPAddress? address)) networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else return Parsed.Not<IReadOnlyList<IPNetwork>>(part, "is not a network: give ones like 10.0.0.0/8 or 192.0.2.7, with commas between them");
        }

        return Parsed.Of<IReadOnlyList<IPNetwork>>(networks);
    }

    public static Parsed<int?> Count(string text, int least, int most, string what)
    {
        Parsed<int> number = Integer(text, least, most, what);
        return new Parsed<int?>(number.Problem is null ? number.Value : null, number.Problem);
    }

    public static Parsed<IPAddress> Address(string text) =>
        IPAddress.TryParse(text.Trim('[', ']'), out IPAddress? address)
            ? Parsed.Of(address)
            : Parsed.Not<IPAddress>(text, "is not an IP address of this host: give one like 192.0.2.1 or 2001:db8::1");

    public static Parsed<NetworkKind> Network(string text) => text switch
    {
        "kernel" => Parsed.Of(NetworkKind.Kernel),
        "portable" => Parsed.Of(NetworkKind.Portable),
        _ => Parsed.Not<NetworkKind>(text, "is not a network: give 'kernel' or 'portable'"),
    };

    /// <summary>A duration as in 15s, 500ms, 2m, 1h, 3d, or a plain number of seconds; above zero.</summary>
    public static Parsed<TimeSpan?> Duration(string text) =>
        Span(text) is { } span && span < TimeSpan.FromSeconds(1e7)
            ? Parsed.Of<TimeSpan?>(span)
            : Parsed.Not<TimeSpan?>(text, "is not a duration: give one like 15s, 500ms, 2m, 1h or 3d");

    /// <summary>A duration of up to a century, as in 12h, 2d, 6w or 5y.</summary>
    public static Parsed<TimeSpan?> Period(string text) =>
        Span(text) is { } span && span <= TimeSpan.FromDays(36_525)
            ? Parsed.Of<TimeSpan?>(span)
            : Parsed.Not<TimeSpan?>(text, "is not a duration: give one like 12h, 2d, 6w or 5y, 100y at most");

    private static TimeSpan? Span(string text)
    {
        const double day = 86_400;
        (string digits, double unitSeconds) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 0.001),
            _ when text.EndsWith('s') => (text[..^1], 1),
            _ when text.EndsWith('m') => (text[..^1], 60),
            _ when text.EndsWith('h') => (text[..^1], 3600),
            _ when text.EndsWith('d') => (text[..^1], day),
            _ when text.EndsWith('w') => (text[..^1], 7 * day),
            _ when text.EndsWith('y') => (text[..^1], 365 * day),
            _ => (text, 1),
        };
        bool isNumber = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        double seconds = number * unitSeconds;
        return isNumber && seconds is > 0 and < 1e11 ? TimeSpan.FromSeconds(seconds) : null;
    }

    /// <summary>A number of octets as in 500M or 2G, powers of 1024; at least 1M.</summary>
    public static Parsed<long?> Size(string text)
    {
        const long least = 1L << 20, most = 1L << 50;
        string upper = text.ToUpperInvariant();
        int shift = upper.Length == 0 ? 0 : upper[^1] switch
        {
            'K' => 10,
            'M' => 20,
            'G' => 30,
            'T' => 40,
            _ => 0,
        };
        return long.TryParse(shift == 0 ? upper : upper[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number <= most >> shift && number << shift >= least
            ? Parsed.Of<long?>(number << shift)
            : Parsed.Not<long?>(text, "is not a size: give one like 500M or 2G, 1M or more");
    }

    /// <summary>A part of a whole as in 1% or 0.01; from 0 to 1.</summary>
    public static Parsed<double?> Share(string text)
    {
        bool percent = text.EndsWith('%');
        bool isNumber = double.TryParse(percent ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        double share = percent ? number / 100 : number;
        return isNumber && share <= 1
            ? Parsed.Of<double?>(share)
            : Parsed.Not<double?>(text, "is not a share: give one like 1% or 0.01, up to 100% or 1");
    }

    /// <summary>An address with a UDP port.</summary>
    public static Parsed<IPEndPoint> EndPoint(string text) =>
        IPEndPoint.TryParse(text, out IPEndPoint? endPoint) && endPoint.Port != 0
            ? Parsed.Of(endPoint)
            : Parsed.Not<IPEndPoint>(text, "is not an address and UDP port: give one like 192.0.2.1:8200 or [2001:db8::1]:8200");

    private static Parsed<int> Integer(string text, int least, int most, string what) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? Parsed.Of(number)
            : Parsed.Not<int>(text, $"{what}: give a number from {least} to {most}");
}

/// <summary>How datagrams reach the kernel.</summary>
internal enum NetworkKind
{
    /// <summary>The kernel's batched calls where there are any.</summary>
    Kernel,

    /// <summary>System.Net.Sockets, for comparison.</summary>
    Portable,
}
