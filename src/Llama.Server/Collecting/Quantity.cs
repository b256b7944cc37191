using System.Globalization;

namespace Llama.Server.Collecting;

/// <summary>Writes numbers short enough for a matrix: a duration in at most five columns, a share in at most four. Pure; any thread may call it.</summary>
public static class Quantity
{
    private static readonly (double Nanos, string Unicode, string Ascii)[] Units =
        [(1, "ns", "ns"), (1e3, "µs", "us"), (1e6, "ms", "ms"), (1e9, "s", "s")];

    /// <summary>A duration in the unit that fits, as in 840ns, 4.8µs, 61ms, 1.2s.</summary>
    public static string Duration(double nanos, bool unicode)
    {
        for (int i = 0; ; i++)
        {
            double value = nanos / Units[i].Nanos;
            string unit = unicode ? Units[i].Unicode : Units[i].Ascii;
            bool isLast = i == Units.Length - 1;
            if (value < 9.95 && i > 0) return Text(value, "0.0") + unit;
            if (value < 999.5 || isLast) return Text(value, "0") + unit;
        }
    }

    /// <summary>A share of all, as in 0%, 8.1%, 12%, 100%. Only nothing is 0% and only all is 100%.</summary>
    public static string Share(double share) => share switch
    {
        <= 0 => "0%",
        < 0.0005 => "<.1%",
        < 0.0995 => $"{Text(share * 100, "0.0")}%",
        >= 1 => "100%",
        >= 0.995 => ">99%",
        _ => $"{Text(share * 100, "0")}%",
    };

    /// <summary>A rate, as in 820 or 12,400.</summary>
    public static string PerSecond(double rate) => Text(rate, rate < 10 ? "0.#" : "#,0");

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
