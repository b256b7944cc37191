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

    private static IEnumerable<Finding> Pairs(MatrixSnapshot matrix) => matrix.Pairs
        .Where(pair => pair.Cell is { Lost: > 0, IsStale: false })
        .Select(pair => (Source: matrix.Sources[pair.Row], Destination: matrix.Destinations[pair.Column], pair.Cell))
        .OrderByDescending(pair => pair.Cell.LossRatio)
        .ThenBy(pair => pair.Source, StringComparer.Ordinal)
        .ThenBy(pair => pair.Destination, StringComparer.Ordinal)
        .Select(pair => new Finding($"{pair.Source} → {pair.Destination}", Describe(pair.Cell), pair.Cell.Trend));

    // A way into a probe is walked there by whoever sends to it, and back by the replies to what it sends itself. Where every
    // pair that walks it loses on it, and nobody loses anything elsewhere, the way is at fault and not the pairs.
    private static IEnumerable<Finding> Shared(MatrixSnapshot matrix)
    {
        var into = new Dictionary<string, Way>(StringComparer.Ordinal);
        var outOf = new Dictionary<string, Way>(StringComparer.Ordinal);
        long lostAnywhere = 0;
        foreach (MatrixPair pair in matrix.Pairs)
        {
            PairCell cell = pair.Cell;
            (string source, string destination) = (matrix.Sources[pair.Row], matrix.Destinations[pair.Column]);
            if (cell.Sent == 0 || cell.IsStale) continue;
            lostAnywhere += cell.LostForward + cell.LostReverse;
            if (source == destination) continue;
            Of(outOf, source).Add(cell.Sent, cell.LostForward);
            Of(into, source).Add(cell.Sent, cell.LostReverse);
            Of(into, destination).Add(cell.Sent, cell.LostForward);
            Of(outOf, destination).Add(cell.Sent, cell.LostReverse);
        }

        foreach (string probe in matrix.Sources.Union(matrix.Destinations, StringComparer.Ordinal))
        {
            foreach ((string words, Dictionary<string, Way> ways) in ((string, Dictionary<string, Way>)[])[("into", into), ("out of", outOf)])
            {
                if (!ways.TryGetValue(probe, out Way? way) || way.Pairs < EnoughPairs || way.HasClean || way.Lost < lostAnywhere * OneSided) continue;
                yield return new Finding($"{words} {probe}", $"loses {Percent((double)way.Lost / way.Sent)} on all {way.Pairs} pairs that go this way", []);
            }
        }

        static Way Of(Dictionary<string, Way> ways, string probe) =>
            ways.TryGetValue(probe, out Way? way) ? way : ways[probe] = new Way();
    }

    /// <summary>Who suspects their own numbers, and why, in one line; null when nobody does.</summary>
    public static string? Suspicion(MatrixSnapshot matrix)
    {
        if (matrix.Suspects.Count == 0) return null;
        string who = matrix.Suspects.Count > 3
            ? $"{matrix.Suspects.Count} of {matrix.Sources.Count} sources"
            : string.Join(", ", matrix.Suspects.Keys.Order(StringComparer.Ordinal));
        IEnumerable<string> reasons = matrix.Suspects.Values.SelectMany(each => each).Distinct().Order().Select(Words);
        return string.Join(", ", reasons.Prepend($"{who}: numbers are suspect"));
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

    /// <summary>What all pairs that go one way have lost there.</summary>
    private sealed class Way
    {
        public int Pairs { get; private set; }

        public long Sent { get; private set; }

        public long Lost { get; private set; }

        public bool HasClean { get; private set; }

        public void Add(long sent, long lost)
        {
            Pairs++;
            Sent += sent;
            Lost += lost;
            HasClean |= lost == 0;
        }
    }
}
