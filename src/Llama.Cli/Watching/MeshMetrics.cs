using Llama.Cli.Matrix;
using Llama.Cli.Settings;

namespace Llama.Cli.Watching;

/// <summary>The metrics that a server tells of pairs, as people ask for them and read of them. Pure.</summary>
internal static class MeshMetrics
{
    /// <summary>Reads a list as it is typed: <c>loss,rtt</c>, where rtt is the median.</summary>
    public static Parsed<IReadOnlyList<string>> Parse(string text)
    {
        string[] names = [.. text.Split(',', StringSplitOptions.TrimEntries).Select(name => name == "rtt" ? "rtt_p50" : name).Distinct()];
        return names.All(name => name.Length > 0 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
            ? Parsed.Of<IReadOnlyList<string>>(names)
            : Parsed.Not<IReadOnlyList<string>>(text, "is not a list of metrics: give ones like loss,rtt,rtt_p99,jitter");
    }

    /// <summary>What a metric is called in a sentence.</summary>
    public static string Caption(string metric) => metric switch
    {
        "loss" => MatrixField.Loss.Caption,
        "loss_forward" => "datagrams lost on the way there",
        "loss_reverse" => "datagrams lost on the way back",
        "rtt_p50" => MatrixField.Median.Caption,
        "rtt_min" => "shortest round-trip time",
        "rtt_mean" => "mean round-trip time",
        "rtt_max" => "longest round-trip time",
        "rtt_p90" => "90th percentile of round-trip times",
        "rtt_p99" => "99th percentile of round-trip times",
        "sent" => "datagrams sent",
        _ => metric.Replace('_', ' '),
    };

    /// <summary>What its numbers count, by the unit that a server names.</summary>
    public static MatrixUnit Unit(string? unit) => unit switch
    {
        "ratio" => MatrixUnit.Share,
        "ns" => MatrixUnit.Nanos,
        "s" => MatrixUnit.Seconds,
        _ => MatrixUnit.Count,
    };
}
