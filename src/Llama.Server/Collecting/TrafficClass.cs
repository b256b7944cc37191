using System.Globalization;

namespace Llama.Server.Collecting;

/// <summary>Names for traffic classes, as the IANA DSCP registry has them.</summary>
internal static class TrafficClass
{
    /// <summary>The name of a ToS or Traffic Class octet's DSCP; two hexadecimal digits where it has none, or where ECN bits are set.</summary>
    public static string Name(byte octet) => ((octet & 3) == 0 ? octet >> 2 : -1) switch
    {
        1 => "LE",
        44 => "VA",
        46 => "EF",
        >= 0 and var dscp when dscp % 8 == 0 => string.Create(CultureInfo.InvariantCulture, $"CS{dscp / 8}"),
        >= 10 and <= 38 and var dscp when dscp % 2 == 0 => string.Create(CultureInfo.InvariantCulture, $"AF{dscp / 8}{dscp % 8 / 2}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"0x{octet:X2}"),
    };
}
