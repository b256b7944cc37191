using System.Globalization;

namespace Llama.Mesh;

/// <summary>Names for traffic classes, as the IANA DSCP registry has them. Pure; any thread may call it.</summary>
public static class TrafficClass
{
    private const int DscpCount = 64;

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

    /// <summary>
    /// The octet that a text means: the name of a DSCP (with BE and DF for 0, in any case of letters), or the octet itself as a
    /// number, decimal or 0x with two hexadecimal digits. Null where it means none.
    /// </summary>
    public static byte? Parse(string text)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return byte.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte hex) ? hex : null;
        if (byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out byte number)) return number;
        if (text.ToUpperInvariant() is "BE" or "DF") return 0;
        for (int dscp = 0; dscp < DscpCount; dscp++)
            if (Name((byte)(dscp << 2)).Equals(text, StringComparison.OrdinalIgnoreCase)) return (byte)(dscp << 2);
        return null;
    }
}
