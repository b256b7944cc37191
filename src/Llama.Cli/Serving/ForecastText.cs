using System.Globalization;
using System.Text;
using Llama.Mesh.Plans;
using Llama.Server.Collecting;

namespace Llama.Cli.Serving;

/// <summary>Says what a group will do, in lines.</summary>
internal static class ForecastText
{
    /// <summary>A paragraph for a group, each line ended.</summary>
    public static string Of(GroupForecast forecast)
    {
        var text = new StringBuilder();
        GroupSettings settings = forecast.Settings;
        text.Append(CultureInfo.InvariantCulture, $"{forecast.Group}: {forecast.Probes:#,0} probes, {Plan(settings.Plan)}\n");
        Line(text, "targets of a probe", Range(forecast.Targets, Whole));
        Line(text, "tested by", Range(forecast.Testers, Whole));
        Line(text, "pairs", $"{Whole(forecast.Pairs)}, {Whole(forecast.Flows)} flows");
        Line(text, "each pair", string.Create(CultureInfo.InvariantCulture, $"{Number(forecast.PairDatagramsPerSecond)} datagrams/s: {Number(settings.CyclesPerSecond)} cycles/s, {settings.Flows} flows, {Count(settings.Classes.Count, "class", "classes")}, {Count(settings.Sizes.Count, "size", "sizes")}"));
        Line(text, "a probe sends", $"{Range(forecast.DatagramsPerSecond, Number)} datagrams/s, its replies to others among them, and gets as many");
        Line(text, "", $"{Range(forecast.BitsPerSecondIPv4, Bits)} over IPv4, headers of UDP and IP included");
        Line(text, "", $"{Range(forecast.BitsPerSecondIPv6, Bits)} over IPv6");
        Line(text, "1 % loss of a pair", $"seen after {Span(forecast.LossSeenAfter)}, told from 0.1 % after {Span(forecast.LossToldAfter)}, with 99 % confidence");
        Line(text, "1 % loss of a flow", $"seen after {Span(forecast.FlowLossSeenAfter)}");
        return text.ToString();
    }

    private static string Plan(MeshPlan plan) => plan switch
    {
        FullPlan => "each tests all others",
        HubPlan hub => $"hubs ({hub.Tag}: {hub.Value}) test all, and all test them",
        SamplePlan sample => $"each tests {sample.Degree} others",
        TieredPlan tiered => $"tiers {string.Join('/', tiered.Path)}, {Count(tiered.Representatives, "representative", "representatives")}",
        _ => plan.ToString(),
    };

    private static string Range(Spread spread, Func<double, string> text) =>
        text(spread.Min) == text(spread.Max) ? text(spread.Max) : $"{text(spread.Mean)} ({text(spread.Min)} to {text(spread.Max)})";

    private static string Whole(double number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Number(double number) => Quantity.PerSecond(number);

    private static string Bits(double perSecond) => perSecond switch
    {
        >= 1e9 => $"{(perSecond / 1e9).ToString("0.0", CultureInfo.InvariantCulture)} Gbit/s",
        >= 1e6 => $"{(perSecond / 1e6).ToString("0.0", CultureInfo.InvariantCulture)} Mbit/s",
        _ => $"{(perSecond / 1e3).ToString("0.0", CultureInfo.InvariantCulture)} kbit/s",
    };

    private static string Span(TimeSpan span) => span.TotalMinutes < 2
        ? $"{Math.Ceiling(span.TotalSeconds).ToString(CultureInfo.InvariantCulture)} s"
        : span.TotalHours < 2 ? $"{Math.Ceiling(span.TotalMinutes).ToString(CultureInfo.InvariantCulture)} min" : $"{span.TotalHours.ToString("0.0", CultureInfo.InvariantCulture)} h";

    private static string Count(int count, string one, string many) => count == 1 ? $"1 {one}" : $"{count.ToString(CultureInfo.InvariantCulture)} {many}";

    private static void Line(StringBuilder text, string what, string value) => text.Append("  ").Append(what.PadRight(20)).Append(value).Append('\n');
}
