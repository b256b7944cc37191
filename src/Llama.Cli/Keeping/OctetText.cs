using System.Globalization;

namespace Llama.Cli.Keeping;

/// <summary>Sizes as people read them. Pure.</summary>
internal static class OctetText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A number of octets, as in 812 B, 4.2 MiB, 37 GiB.</summary>
    public static string Of(long octets)
    {
        double value = octets;
        int unit = 0;
        while (value >= 999.5 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return value.ToString(value < 9.95 && unit > 0 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    /// <summary>A number of things, as in 12,400.</summary>
    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);
}
