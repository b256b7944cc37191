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

    /// <summary>Datagrams answered in time.</summary>
    Received,

    /// <summary>Datagrams not answered in time.</summary>
    Lost,

    /// <summary>Of these, lost on the way there.</summary>
    LostForward,

    /// <summary>Of these, lost on the way back.</summary>
    LostReverse,

    /// <summary>Replies behind their deadline.</summary>
    Late,

    /// <summary>Further copies of replies.</summary>
    Duplicates,

    /// <summary>Replies out of order.</summary>
    Reordered,

    /// <summary>Datagrams that the kernel refused to send.</summary>
    SendErrors,

    /// <summary>Mean round-trip time.</summary>
    RttMean,

    /// <summary>RFC 5481 delay variation.</summary>
    DelayVariation,

    /// <summary>The same on the way there.</summary>
    ForwardDelayVariation,

    /// <summary>The same on the way back.</summary>
    ReverseDelayVariation,

    /// <summary>TTL of the last datagram at the reflector.</summary>
    ForwardTtl,

    /// <summary>TTL of the last reply.</summary>
    ReverseTtl,

    /// <summary>Class of the last datagram at the reflector.</summary>
    ForwardTos,

    /// <summary>Class of the last reply.</summary>
    ReverseTos,

    /// <summary>Replies that tell of a class changed on the way there.</summary>
    ForwardRemarked,

    /// <summary>Replies whose class was changed on the way back.</summary>
    ReverseRemarked,

    /// <summary>How often the way there changed its length.</summary>
    ForwardTtlChanges,

    /// <summary>Intervals in it.</summary>
    Intervals,

    /// <summary>Of these, suspect.</summary>
    SuspectShare,

    /// <summary>Whether the pair should have shown a newer interval.</summary>
    Stale,
}

/// <summary>Names, units and texts of metrics. Pure.</summary>
internal static class MatrixMetrics
{
    /// <summary>The value of what was not measured.</summary>
    public const long NotMeasured = -1;

    /// <summary>Room that any value needs at most.</summary>
    public const int LongestText = 24;

    /// <summary>What a ratio of 1 has as its value.</summary>
    public const long RatioUnit = 1_000_000_000;

    private const int RatioDecimals = 9;

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
        MatrixMetric.Loss or MatrixMetric.LossForward or MatrixMetric.LossReverse or MatrixMetric.SuspectShare => "ratio",
        MatrixMetric.Age => "s",
        MatrixMetric.Suspect or MatrixMetric.Stale => "boolean",
        MatrixMetric.RttMin or MatrixMetric.RttP50 or MatrixMetric.RttP90 or MatrixMetric.RttP99 or MatrixMetric.RttMax or MatrixMetric.RttMean => "ns",
        MatrixMetric.Jitter or MatrixMetric.DelayVariation or MatrixMetric.ForwardDelayVariation or MatrixMetric.ReverseDelayVariation => "ns",
        MatrixMetric.ForwardTtl or MatrixMetric.ReverseTtl => "hops",
        MatrixMetric.ForwardTos or MatrixMetric.ReverseTos => "octet",
        MatrixMetric.ForwardTtlChanges => "changes",
        MatrixMetric.Intervals => "intervals",
        _ => "datagrams",
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
    public static int Write(this MatrixMetric metric, long value, Span<byte> text) => value < 0 ? 0 : metric switch
    {
        MatrixMetric.Loss or MatrixMetric.LossForward or MatrixMetric.LossReverse or MatrixMetric.SuspectShare => WriteRatio(value, text),
        MatrixMetric.Suspect or MatrixMetric.Stale => WriteWord(value > 0 ? "true"u8 : "false"u8, text),
        _ => Utf8Formatter.TryFormat(value, text, out int written) ? written : 0,
    };

    /// <summary>Writes values of one metric as a JSON array.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="values">The values.</param>
    /// <param name="text">What they are written to, from its beginning; another array when it was too short.</param>
    /// <returns>How many octets.</returns>
    public static int WriteArray(this MatrixMetric metric, ReadOnlySpan<long> values, ref byte[] text)
    {
        if (text.Length < 2) text = new byte[1024];
        int length = 0;
        text[length++] = (byte)'[';
        foreach (long value in values)
        {
            if (text.Length - length < LongestText + 2) Array.Resize(ref text, Math.Max(1024, text.Length * 3 / 2));
            if (length > 1) text[length++] = (byte)',';
            int written = metric.Write(value, text.AsSpan(length));
            length += written > 0 ? written : WriteWord("null"u8, text.AsSpan(length));
        }

        text[length++] = (byte)']';
        return length;
    }

    private static int WriteWord(ReadOnlySpan<byte> word, Span<byte> text)
    {
        word.CopyTo(text);
        return word.Length;
    }

    /// <summary>A ratio with up to nine decimals.</summary>
    private static int WriteRatio(long parts, Span<byte> text)
    {
        if (parts is 0 or >= RatioUnit) return WriteWord(parts == 0 ? "0"u8 : "1"u8, text);
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
