using System.Globalization;
using Llama.Engine.Summaries;
using Llama.Mesh;

namespace Llama.Cli.Ping;

/// <summary>Names and numbers as mtr's users know them: milliseconds and percents.</summary>
internal static class PingText
{
    private const int FirstTtl = 64;

    /// <summary>A duration in milliseconds with three decimals at the most and four digits at the least, as in 0.048, 23.41, 142.3, 1203.</summary>
    public static string Millis(double nanos)
    {
        double millis = nanos / 1e6;
        return Text(millis, millis < 9.9995 ? "0.000" : millis < 99.995 ? "0.00" : millis < 999.95 ? "0.0" : "0");
    }

    /// <summary>A share of all, as in 0.0%, 8.1%, 100.0%. Only nothing is 0.0% and only all is 100.0%.</summary>
    public static string Percent(double share) => share switch
    {
        <= 0 => "0.0%",
        < 0.0005 => "<0.1%",
        >= 1 => "100.0%",
        >= 0.9995 => ">99.9%",
        _ => Text(share * 100, "0.0") + "%",
    };

    /// <summary>A number with as many decimals as it needs.</summary>
    public static string Plain(double number) => Text(number, "0.######");

    /// <summary>A target as it was given: its host, with the port where that is not the usual one.</summary>
    public static string ShortName(Summary summary) => new PingTarget(summary.Target.Host, summary.Destination.Port, null).ToString();

    /// <summary>A target: its name and address, with the port where that is not the usual one.</summary>
    public static string Name(Summary summary)
    {
        string host = summary.Target.Host;
        string address = summary.Destination.Address.ToString();
        string port = summary.Destination.Port == PingTarget.DefaultPort ? "" : $":{summary.Destination.Port}";
        string bracketed = port.Length > 0 && address.Contains(':') ? $"[{address}]" : address;
        return host == address || System.Net.IPAddress.TryParse(host, out _) ? bracketed + port : $"{host} ({bracketed}{port})";
    }

    /// <summary>Routers on a way, by the TTL that arrived; null where it is not known, or was set to something else at the start.</summary>
    public static int? Hops(byte? ttl) => ttl is > 0 and <= FirstTtl ? FirstTtl - ttl : null;

    /// <summary>Routers there and back, as in 3/4.</summary>
    public static string Hops(PathMarks path)
    {
        string? there = Hops(path.ForwardTtl)?.ToString(CultureInfo.InvariantCulture);
        string? back = Hops(path.ReverseTtl)?.ToString(CultureInfo.InvariantCulture);
        return there is null && back is null ? "-" : $"{there ?? "?"}/{back ?? "?"}";
    }

    /// <summary>The class that was sent, and what became of it there and back where it was re-marked, as in EF, EF>CS0, EF>EF>CS0.</summary>
    public static string Class(byte sent, PathMarks path)
    {
        bool changedThere = path.ForwardTos is { } there && there != sent;
        bool changedBack = path.ReverseTos is { } back && back != sent;
        string text = TrafficClass.Name(sent);
        if (changedThere || changedBack) text += ">" + (path.ForwardTos is { } arrived ? TrafficClass.Name(arrived) : "?");
        if (changedBack) text += ">" + TrafficClass.Name(path.ReverseTos!.Value);
        return text;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
