using System.Globalization;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;

namespace Llama.Cli.Matrix;

/// <summary>What is wrong somewhere, in words.</summary>
/// <param name="Where">A pair (a → b), or a way that pairs share (into b, out of b).</param>
/// <param name="Text">How much is lost there, in which direction and on which flows.</param>
/// <param name="Trend">Loss ratio of each interval, oldest first; null where nothing was sent.</param>
internal sealed record Finding(string Where, string Text, IReadOnlyList<double?> Trend);

/// <summary>
/// Names what is worst in a matrix: first the ways into and out of a probe that all its pairs lose on, then the pairs that
/// lose most, with the direction and the flows.
/// </summary>
internal static class Findings
{
    // Share of the lost datagrams whose direction must be known before a direction is named.
    private const double EnoughKnown = 0.5;

    // Share of those that must have gone one way before the other way is left out.
    private const double OneSided = 0.95;

    // So many pairs must use a way before it is blamed for what they lose.
    private const int EnoughPairs = 3;

    /// <summary>The findings, worst first.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="most">How many at the most.</param>
    public static IReadOnlyList<Finding> Worst(MatrixSnapshot matrix, int most) => [.. Shared(matrix).Concat(Pairs(matrix)).Take(most)];

    private static IEnumerable<Finding> Pairs(MatrixSnapshot matrix) => matrix.Cells
        .Where(pair => pair.Value.Lost > 0)
        .OrderByDescending(pair => pair.Value.LossRatio)
        .ThenBy(pair => pair.Key.Source, StringComparer.Ordinal)
        .ThenBy(pair => pair.Key.Destination, StringComparer.Ordinal)
        .Select(pair => new Finding($"{pair.Key.Source} → {pair.Key.Destination}", Describe(pair.Value), pair.Value.Trend));

    // A way into a probe is walked there by whoever sends to it, and back by the replies to what it sends itself. Where every
    // pair that walks it loses on it, and nobody loses anything elsewhere, the way is at fault and not the pairs.
    private static IEnumerable<Finding> Shared(MatrixSnapshot matrix)
    {
        foreach (string probe in matrix.Sources.Union(matrix.Destinations, StringComparer.Ordinal))
        {
            foreach (bool inward in (bool[])[true, false])
            {
                (PairCell Cell, long Lost)[] walkers = [.. matrix.Cells
                    .Where(pair => (pair.Key.Source == probe) != (pair.Key.Destination == probe) && pair.Value.Sent > 0)
                    .Select(pair => (pair.Value, pair.Key.Destination == probe == inward ? pair.Value.LostForward : pair.Value.LostReverse))];
                long lostHere = walkers.Sum(walker => walker.Lost);
                long lostAnywhere = matrix.Cells.Values.Sum(cell => cell.LostForward + cell.LostReverse);
                if (walkers.Length < EnoughPairs || walkers.Any(walker => walker.Lost == 0) || lostHere < lostAnywhere * OneSided) continue;
                double ratio = (double)lostHere / walkers.Sum(walker => walker.Cell.Sent);
                yield return new Finding(
                    $"{(inward ? "into" : "out of")} {probe}", $"loses {Percent(ratio)} on all {walkers.Length} pairs that go this way", []);
            }
        }
    }

    /// <summary>Who suspects their own numbers, and why, in one line; null when nobody does.</summary>
    public static string? Suspicion(MatrixSnapshot matrix)
    {
        if (matrix.Suspects.Count == 0) return null;
        string who = matrix.Suspects.Count > 3
            ? $"{matrix.Suspects.Count} of {matrix.Sources.Count} sources"
            : string.Join(", ", matrix.Suspects.Keys.Order(StringComparer.Ordinal));
        IEnumerable<string> reasons = matrix.Suspects.Values.SelectMany(each => each).Distinct().Order().Select(Words);
        return $"{who}: numbers are suspect, {string.Join(", ", reasons)}";
    }

    /// <summary>Why a collector suspects itself, in words.</summary>
    public static string Words(SuspectReason reason) => reason switch
    {
        SuspectReason.LateSends => "datagrams left late",
        SuspectReason.SkippedSends => "datagrams were left out",
        SuspectReason.ReceiveDrops => "the receive buffer was full",
        SuspectReason.SendBufferFull => "the send buffer was full",
        SuspectReason.GarbageCollection => "the garbage collector took long",
        SuspectReason.CpuPressure => "the machine was short of CPU",
        SuspectReason.ClockStep => "the clock was stepped",
        SuspectReason.SlowSends => "send calls took too long",
        _ => reason.ToString(),
    };

    /// <summary>What a pair loses, in which direction and on which flows.</summary>
    public static string Describe(PairCell cell)
    {
        string flows = Flows(cell);
        return $"loses {Percent(cell.LossRatio ?? 0)}{Direction(cell)}{(flows.Length > 0 ? $"; {flows}" : "")}";
    }

    private static string Direction(PairCell cell)
    {
        if (cell.Lost == cell.Sent) return ", nothing comes back";
        long known = cell.LostForward + cell.LostReverse;
        if (known < cell.Lost * EnoughKnown) return "";
        double forward = (double)cell.LostForward / known;
        return forward >= OneSided ? " on the way there"
            : forward <= 1 - OneSided ? " on the way back"
            : $", {Percent(forward)} of it on the way there";
    }

    private static string Flows(PairCell cell)
    {
        int count = cell.Flows.Count;
        if (count < 2 || cell.Lost == cell.Sent) return "";
        int[] bad = [.. Enumerable.Range(0, count).Where(index => StandsOut(cell, index))];
        if (bad.Length == 0 || bad.Length == count) return $"flows 1-{count} alike";

        double badRatio = Ratio(bad.Select(index => cell.Flows[index]));
        double otherRatio = Ratio(cell.Flows.Where((_, index) => !bad.Contains(index)));
        string numbers = string.Join(", ", bad.Select(index => (index + 1).ToString(CultureInfo.InvariantCulture)));
        string who = bad.Length == 1 ? $"flow {numbers} of {count} loses" : $"flows {numbers} of {count} lose";
        return $"{who} {Percent(badRatio)}, the others {Percent(otherRatio)}";
    }

    // A flow stands out when it loses more than chance makes of what the other flows lose: three standard deviations of a
    // binomial distribution, and at least three datagrams.
    private static bool StandsOut(PairCell cell, int index)
    {
        FlowLoss flow = cell.Flows[index];
        double others = MedianRatio(cell.Flows);
        double expected = others * flow.Sent;
        double deviation = Math.Sqrt(Math.Max(others * (1 - others) * flow.Sent, 0.25));
        return flow.Lost - expected > Math.Max(3, 3 * deviation);
    }

    private static double MedianRatio(IReadOnlyList<FlowLoss> flows)
    {
        double[] sorted = [.. flows.Select(flow => flow.Ratio).Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static double Ratio(IEnumerable<FlowLoss> flows)
    {
        FlowLoss all = flows.Aggregate(default(FlowLoss), (sum, flow) => new FlowLoss(0, sum.Sent + flow.Sent, sum.Lost + flow.Lost));
        return all.Ratio;
    }

    private static string Percent(double share) => Quantity.Share(share).Replace("%", " %", StringComparison.Ordinal);
}
