using System.Buffers.Text;
using Llama.Server.Metrics;

namespace Llama.Server.Intake;

/// <summary>What a matrix can tell of a pair.</summary>
internal enum MatrixMetric
{
    /// <summary>Lost of sent.</summary>
    Loss,

    /// <summary>Of sent, lost on the way there.</summary>
    LossForward,

    /// <summary>Of sent, lost on the way back.</summary>
    LossReverse,

    /// <summary>Shortest round-trip time.</summary>
    RttMin,

    /// <summary>Median.</summary>
    RttP50,

    /// <summary>90th percentile.</summary>
    RttP90,

    /// <summary>99th percentile.</summary>
    RttP99,

    /// <summary>Longest.</summary>
    RttMax,

    /// <summary>RFC 3550 interarrival jitter.</summary>
    Jitter,

    /// <summary>Datagrams sent.</summary>
    Sent,

    /// <summary>Time since the end of the interval.</summary>
    Age,

    /// <summary>Whether the collector distrusts the interval.</summary>
    Suspect,
}

/// <summary>Names, units and texts of metrics. Pure.</summary>
internal static class MatrixMetrics
{
    /// <summary>Room that any value needs at most.</summary>
    public const int LongestText = 24;

    private const int RatioDecimals = 9;
    private const long RatioUnit = 1_000_000_000;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MatrixMetric> All { get; } = Enum.GetValues<MatrixMetric>();

    /// <summary>What is told unless somebody asks for more.</summary>
    public static IReadOnlyList<MatrixMetric> Default { get; } = [MatrixMetric.Loss, MatrixMetric.RttP50];

    private static readonly string[] Names = [.. All.Select(metric => metric.SnakeCase())];

    /// <summary>As requests and answers call it.</summary>
    public static string Name(this MatrixMetric metric) => Names[(int)metric];

    /// <summary>What its numbers count.</summary>
    public static string Unit(this MatrixMetric metric) => metric switch
    {
        MatrixMetric.Loss or MatrixMetric.LossForward or MatrixMetric.LossReverse => "ratio",
        MatrixMetric.Sent => "datagrams",
        MatrixMetric.Age => "s",
        MatrixMetric.Suspect => "boolean",
        _ => "ns",
    };

    /// <summary>The metrics of a list as requests have it, each once and in its order; null when one of them is none.</summary>
    public static IReadOnlyList<MatrixMetric>? Parse(string list)
    {
        if (list == "all") return All;
        int[] indices = [.. list.Split(',').Select(name => Array.IndexOf(Names, name.Trim())).Distinct()];
        return indices.Contains(-1) ? null : [.. indices.Select(index => All[index])];
    }

    /// <summary>Writes a value as JSON and CSV have it.</summary>
    /// <returns>How many octets; 0 when it was not measured.</returns>
    public static int Write(this MatrixMetric metric, in PairResult pair, DateTimeOffset now, Span<byte> text) => metric switch
    {
        MatrixMetric.Loss => WriteRatio(pair.Sent > 0 ? pair.Lost : -1, pair.Sent, text),
        MatrixMetric.LossForward => WriteRatio(pair.Sent > 0 ? pair.LostForward : -1, pair.Sent, text),
        MatrixMetric.LossReverse => WriteRatio(pair.Sent > 0 ? pair.LostReverse : -1, pair.Sent, text),
        MatrixMetric.RttMin => WriteCount(pair.RttMinNanos, text),
        MatrixMetric.RttP50 => WriteCount(pair.RttP50Nanos, text),
        MatrixMetric.RttP90 => WriteCount(pair.RttP90Nanos, text),
        MatrixMetric.RttP99 => WriteCount(pair.RttP99Nanos, text),
        MatrixMetric.RttMax => WriteCount(pair.RttMaxNanos, text),
        MatrixMetric.Jitter => WriteCount(pair.JitterNanos, text),
        MatrixMetric.Sent => WriteCount(pair.Sent, text),
        MatrixMetric.Age => WriteCount((long)pair.Report.Age(now).TotalSeconds, text),
        _ => WriteWord(pair.Report.IsSuspect ? "true"u8 : "false"u8, text),
    };

    private static int WriteCount(long count, Span<byte> text) =>
        count >= 0 && Utf8Formatter.TryFormat(count, text, out int written) ? written : 0;

    private static int WriteWord(ReadOnlySpan<byte> word, Span<byte> text)
    {
        word.CopyTo(text);
        return word.Length;
    }

    /// <summary>A share of the sent with up to nine decimals. Only nothing is 0 and only all is 1.</summary>
    private static int WriteRatio(long part, long whole, Span<byte> text)
    {
        if (part < 0) return 0;
        if (part == 0) return WriteWord("0"u8, text);
        if (part >= whole) return WriteWord("1"u8, text);
        long parts = Math.Clamp((long)Math.Round((double)part / whole * RatioUnit), 1, RatioUnit - 1);
        WriteWord("0."u8, text);
        int length = 2 + RatioDecimals;
        for (int i = length - 1; i >= 2; i--)
        {
            text[i] = (byte)('0' + parts % 10);
            parts /= 10;
        }

        while (text[length - 1] == (byte)'0') length--;
        return length;
    }
}
