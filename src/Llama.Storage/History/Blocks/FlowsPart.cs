using System.Runtime.CompilerServices;

namespace Llama.Storage.History.Blocks;

/// <summary>
/// What a point consists of in the flows of a block. A pair has one list of source ports for all its points, and pairs that have the
/// same ones share it. Counts are exact.
/// </summary>
/// <remarks>
/// <code>
/// first point   ports   based: where the list is among the lists of ports, in bits
/// for each port:
///   known       level     1 there at all; if so: 2 lost forward, 4 lost reverse, 8 minimum, 16 mean
///   sent        level                                     lost   unsigned; in a column of its own when the pair lost nothing
///   forward     unsigned, when known; in a column of its own when nothing was lost
///   reverse     less lost + forward    signed, when known
///   minimum     level, when known: a coarse step; in a column of its own in the first point
///   mean        less the minimum       unsigned, when known; a coarse step when it is of one interval, else a fine one, and in a
///               column of its own when it is of one reply or the minimum is not known
///
/// list          count   code of order 2     then for each port   less the one before, less 1    code of order 12
/// level         of the first flows, less the same one's in the point before; else less that of the flow before, based in the very first
/// steps         of RoundedNanos
/// </code>
/// </remarks>
internal static class FlowsPart
{
    public const int BasedColumns = 4;
    public const int Columns = 17;

    /// <summary>The order of the number of ports of a list.</summary>
    public const int CountOrder = 2;

    /// <summary>The order of its ports.</summary>
    public const int PortOrder = 12;

    private const int Known = 0;
    private const int Sent = 1;
    private const int Min = 2;
    private const int Ports = 3;

    // The columns in between are those of levels, behind their first values.
    private const int MinAcross = BasedColumns + Ports;
    private const int Lost = 8;
    private const int LostOfNone = 9;
    private const int Forward = 10;
    private const int ForwardOfNone = 11;
    private const int Reverse = 12;
    private const int Mean = 13;
    private const int MeanOfOne = 14;
    private const int MeanFine = 15;
    private const int MeanAlone = 16;

    private const long IsThere = 1;
    private const long ForwardKnown = 2;
    private const long ReverseKnown = 4;
    private const long MinKnown = 8;
    private const long MeanKnown = 16;

    /// <summary>Writes or reads where the list of a pair's ports is.</summary>
    public static long TransferPorts<TSymbols>(ref TSymbols symbols, long place)
        where TSymbols : struct, ISymbols, allows ref struct => symbols.Based(Ports, place);

    /// <summary>Writes or reads a flow at a point.</summary>
    /// <param name="symbols">Where to or from.</param>
    /// <param name="before">What is expected.</param>
    /// <param name="counts">The counts of the point.</param>
    /// <param name="place">Which port of the list it is.</param>
    /// <param name="flow">The flow; its source port is that of the list.</param>
    /// <param name="isThere">False where the point has no such flow.</param>
    public static void Transfer<TSymbols>(
        ref TSymbols symbols, ref FlowsBefore before, in CountsPoint counts, int place, ref FlowTotals flow, ref bool isThere)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        FlowBefore expected = before.Of(place);
        long known = symbols.Level(Known, BasedColumns, TSymbols.IsReading || !isThere ? 0 : KnownOf(flow), ref expected.Known);
        isThere = (known & IsThere) != 0;
        if (isThere) Transfer(ref symbols, ref expected, counts, before.IsFirstPoint, known, ref flow);
        before.Keep(place, expected);
    }

    private static void Transfer<TSymbols>(
        ref TSymbols symbols, ref FlowBefore before, in CountsPoint counts, bool isFirstPoint, long known, ref FlowTotals flow)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        long sent = symbols.Level(Sent, BasedColumns, flow.Sent, ref before.Sent);
        long lost = (long)symbols.Unsigned(counts.Counts.Lost == 0 ? LostOfNone : Lost, (ulong)flow.Lost);
        long? forward = (known & ForwardKnown) == 0 ? null
            : (long)symbols.Unsigned(lost == 0 ? ForwardOfNone : Forward, (ulong)flow.LostForward.GetValueOrDefault());
        long? reverse = (known & ReverseKnown) == 0 ? null
            : symbols.Signed(Reverse, flow.LostReverse.GetValueOrDefault(), lost - forward.GetValueOrDefault());
        long min = 0;
        if ((known & MinKnown) != 0)
        {
            min = RoundedNanos.Round(flow.RttMinNanos.GetValueOrDefault(), RoundedNanos.CoarseBits);
            if (!before.Min.IsSet) min = symbols.Based(Min, min);
            else min = symbols.Signed(isFirstPoint ? MinAcross : Min + BasedColumns, min, before.Min.Value);
            before.Min = new Level { Value = min, IsSet = true };
        }

        double? mean = (known & MeanKnown) == 0 ? null
            : TransferMean(ref symbols, flow.RttMeanNanos.GetValueOrDefault(), (known & MinKnown) == 0 ? null : min, sent - lost, counts.Intervals == 1);
        if (!TSymbols.IsReading) return;
        flow = new FlowTotals
        {
            SourcePort = flow.SourcePort,
            Sent = sent,
            Lost = lost,
            LostForward = forward,
            LostReverse = reverse,
            RttMinNanos = (known & MinKnown) == 0 ? null : RoundedNanos.WholeNanos(min),
            RttMeanNanos = mean,
        };
    }

    private static double TransferMean<TSymbols>(ref TSymbols symbols, double nanos, long? minStep, long replies, bool isCoarse)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        int bits = isCoarse ? RoundedNanos.CoarseBits : RoundedNanos.FineBits;
        long expected = isCoarse ? minStep.GetValueOrDefault() : minStep.GetValueOrDefault() << RoundedNanos.FineShift;
        int column = minStep is null ? MeanAlone : !isCoarse ? MeanFine : replies == 1 ? MeanOfOne : Mean;
        return RoundedNanos.Nanos(expected + (long)symbols.Unsigned(column, (ulong)(RoundedNanos.Round(nanos, bits) - expected)), bits);
    }

    private static long KnownOf(in FlowTotals flow) =>
        IsThere | (flow.LostForward is null ? 0 : ForwardKnown) | (flow.LostReverse is null ? 0 : ReverseKnown)
        | (flow.RttMinNanos is null ? 0 : MinKnown) | (flow.RttMeanNanos is { } mean && double.IsFinite(mean) ? MeanKnown : 0);
}

/// <summary>What is expected of a flow.</summary>
internal struct FlowBefore
{
    public Level Known;
    public Level Sent;
    public Level Min;
}

/// <summary>What is expected of the flows of the next point of a pair; new for each pair.</summary>
internal struct FlowsBefore
{
    private Flows _flows;
    private FlowBefore _neighbour;
    private int _points;

    /// <summary>True in the first point.</summary>
    public readonly bool IsFirstPoint => _points == 0;

    /// <summary>Ends a point.</summary>
    public void EndPoint() => _points++;

    /// <summary>Expects what a flow was in the point before, or what its neighbour is.</summary>
    public readonly FlowBefore Of(int place) => _points > 0 && place < Flows.Count ? _flows[place] : place > 0 ? _neighbour : default;

    /// <summary>Notes what a flow is.</summary>
    public void Keep(int place, in FlowBefore flow)
    {
        if (place < Flows.Count) _flows[place] = flow;
        _neighbour = flow;
    }

    [InlineArray(Count)]
    private struct Flows
    {
        public const int Count = 32;

        private FlowBefore _first;
    }
}
