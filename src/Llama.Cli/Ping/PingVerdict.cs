using System.Globalization;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;

namespace Llama.Cli.Ping;

/// <summary>Judges what was measured in the end.</summary>
internal static class PingVerdict
{
    /// <summary>
    /// What is wrong, a line each: targets without a single reply, and thresholds that were exceeded. Empty when nothing is, and
    /// where nothing was sent because it was ended before.
    /// </summary>
    public static IReadOnlyList<string> Problems(IntervalReport total, PingOptions options) =>
        [.. total.Summaries.SelectMany(summary => Problems(summary, options))];

    private static IEnumerable<string> Problems(Summary summary, PingOptions options)
    {
        string name = PingText.Name(summary);
        DatagramCounts counts = summary.Counts;
        if (counts.Sent == 0 && counts.SendErrors > 0)
        {
            yield return $"{name}: the kernel refused to send: there is no route, a firewall forbids it, or --df and --size don't fit the interface";
        }
        else if (counts.Received == 0 && counts.Sent > 0)
        {
            yield return $"{name}: no reply to {counts.Sent.ToString("#,0", CultureInfo.InvariantCulture)} {(counts.Sent == 1 ? "datagram" : "datagrams")}; "
                + (options.DontFragment ? "--mtu tells whether they are too large" : "does 'llama reflector' run there, and is UDP let through?");
            yield break;
        }

        if (options.FailLoss is { } mostLoss && counts.LossRatio > mostLoss)
            yield return $"{name}: lost {PingText.Percent(counts.LossRatio.Value)}, more than --fail-loss {PingText.Plain(mostLoss * 100)}%";
        if (options.FailRtt is { } mostRtt && summary.Rtt.Percentile(0.5) is { } median && median > mostRtt.TotalNanoseconds)
        {
            yield return $"{name}: the median round trip takes {PingText.Millis(median)} ms, more than --fail-rtt "
                + Quantity.Duration(mostRtt.TotalNanoseconds, unicode: false);
        }
    }
}
