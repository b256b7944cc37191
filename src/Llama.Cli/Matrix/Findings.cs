using System.Globalization;
using Llama.Engine.Summaries;

namespace Llama.Cli.Matrix;

/// <summary>What is wrong with a pair, in words.</summary>
/// <param name="Source">Who sends.</param>
/// <param name="Destination">Whom to.</param>
/// <param name="Cell">The pair.</param>
/// <param name="Text">In which direction and on which flows it loses.</param>
internal sealed record Finding(string Source, string Destination, PairCell Cell, string Text);

/// <summary>Names the worst pairs of a matrix: how much they lose, in which direction, on which flows.</summary>
internal static class Findings
{
    // Share of the lost datagrams whose direction must be known before a direction is named.
    private const double EnoughKnown = 0.5;

    // Share of those that must have gone one way before the other way is left out.
    private const double OneSided = 0.95;

    /// <summary>The pairs that lose most, worst first.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="most">How many at the most.</param>
    public static IReadOnlyList<Finding> Worst(MatrixSnapshot matrix, int most) =>
        [.. matrix.Cells
            .Where(pair => pair.Value.Lost > 0)
            .OrderByDescending(pair => pair.Value.LossRatio)
            .ThenBy(pair => pair.Key.Source, StringComparer.Ordinal)
            .ThenBy(pair => pair.Key.Destination, StringComparer.Ordinal)
            .Take(most)
            .Select(pair => new Finding(pair.Key.Source, pair.Key.Destination, pair.Value, Describe(pair.Value)))];

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

    private static string Words(SuspectReason reason) => reason switch
    {
        SuspectReason.LateSends => "datagrams left late",
        SuspectReason.SkippedSends => "datagrams were left out",
        SuspectReason.ReceiveDrops => "the receive buffer was full",
        SuspectReason.SendBufferFull => "the send buffer was full",
        SuspectReason.GarbageCollection => "the garbage collector took long",
        SuspectReason.CpuPressure => "the machine was short of CPU",
        SuspectReason.ClockStep => "the clock was stepped",
        _ => reason.ToString(),
    };

    private static string Describe(PairCell cell)
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
