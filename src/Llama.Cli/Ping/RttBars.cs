using Llama.Engine.Summaries;

namespace Llama.Cli.Ping;

/// <summary>A histogram of round-trip times in one line: bars over durations that grow by the same factor from bar to bar.</summary>
internal static class RttBars
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const string Ascii = ".:-=+*#@";

    // A bar is wider than a bucket of the histogram, or there would be gaps that are not in the times; and there are no more bars
    // than the times can fill.
    private const double NarrowestBar = 0.02;
    private const double BarsForRootOfCount = 4;

    /// <summary>The bars, with the smallest and the largest duration at their ends; null where there is nothing to show.</summary>
    /// <param name="rtt">The round-trip times.</param>
    /// <param name="width">How many bars at the most.</param>
    /// <param name="unicode">Blocks; else ASCII characters that get darker.</param>
    public static string? Line(LatencyHistogram rtt, int width, bool unicode)
    {
        if (rtt.Count < 2 || width < 1) return null;
        long[] counts = Counts(rtt, width);
        double most = counts.Max();
        string levels = unicode ? Blocks : Ascii;

        // Square roots, so that one datagram in a hundred is still seen.
        string bars = string.Concat(counts.Select(count => count == 0
            ? ' '
            : levels[(int)Math.Round(Math.Sqrt(count / most) * (levels.Length - 1))]));
        return $"{PingText.Millis(rtt.MinNanos!.Value)} {bars} {PingText.Millis(rtt.MaxNanos!.Value)}";
    }

    /// <summary>How many durations fall under each bar.</summary>
    internal static long[] Counts(LatencyHistogram rtt, int width)
    {
        double low = Math.Log(Math.Max(1, rtt.MinNanos ?? 1));
        double span = Math.Log(Math.Max(1, rtt.MaxNanos ?? 1)) - low;
        double most = Math.Min(Math.Ceiling(span / NarrowestBar), BarsForRootOfCount * Math.Sqrt(rtt.Count));
        var counts = new long[(int)Math.Clamp(most, 1, width)];
        foreach (LatencyBucket bucket in rtt.Buckets)
        {
            double at = span <= 0 ? 0 : (Math.Log(Math.Max(1, LogLinear.MiddleNanos(bucket.Index))) - low) / span;
            counts[Math.Clamp((int)(at * counts.Length), 0, counts.Length - 1)] += bucket.Count;
        }

        return counts;
    }
}
