using System.Globalization;

namespace Llama.Cli.Settings;

/// <summary>A number of datagrams in a second, or no limit.</summary>
/// <param name="PerSecond">At least 1; null for no limit.</param>
internal sealed record Rate(double? PerSecond)
{
    public static Parsed<Rate> Parse(string text)
    {
        if (text.Equals("unlimited", StringComparison.OrdinalIgnoreCase)) return Parsed.Of(new Rate(PerSecond: null));
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
            return Parsed.Not<Rate>(text, "is not a rate: give a number of datagrams per second, 1 or more, or 'unlimited'");
        return number >= 1
            ? Parsed.Of(new Rate(number))
            : Parsed.Not<Rate>(text, "would make the reflector deaf: give 1 or more, or 'unlimited'");
    }
}
