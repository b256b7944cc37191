using Llama.Engine.Summaries;
using Llama.Wire.Clocks;

namespace Llama.Engine.Probing;

/// <summary>
/// Everything counted for the datagrams sent in one interval, in arrays indexed by flow and by pair. The loop writes it until the
/// last deadline has passed; then it belongs to whoever summarises it, who empties it and gives it back.
/// </summary>
internal sealed class IntervalBook(byte index)
{
    private const int HistogramsPerPair = 3;

    private readonly uint[] _lateness = new uint[LogLinear.BucketCount];

    /// <summary>Its place among the loop's books: what slots refer to it by.</summary>
    public byte Index => index;

    /// <summary>How often it has been used, wrapping: tells a slot that refers to an earlier use.</summary>
    public byte Turn { get; set; }

    /// <summary>True until it is closed.</summary>
    public bool IsOpen { get; set; }

    public FlowCounts[] Flows { get; private set; } = [];

    public PairTimes[] Pairs { get; private set; } = [];

    /// <summary>Datagrams lost on the way there, by flow; null where it can't be known. Filled in when the book is closed.</summary>
    public int?[] LostForward { get; private set; } = [];

    /// <summary>RFC 3550 jitter by flow. Filled in when the book is closed.</summary>
    public double[] JitterNanos { get; private set; } = [];

    public HistogramPool Histograms { get; } = new();

    public Roster Roster { get; set; } = Roster.Empty;

    public WallTime Start { get; set; }

    public WallTime End { get; set; }

    /// <summary>When the last deadline of the interval has passed.</summary>
    public MonotonicTime CloseAt { get; set; }

    /// <summary>Datagrams that have not been judged.</summary>
    public int InFlight { get; set; }

    public long SkippedSends { get; set; }

    public long SendErrors { get; set; }

    public long SendBufferFull { get; set; }

    public long ReceiveDrops { get; set; }

    public long UnmatchedReplies { get; set; }

    public long ClockSteps { get; set; }

    public long UntimedReplies { get; set; }

    public long MissedTransmitTimes { get; set; }

    /// <summary>The histogram of a pair's round-trip times.</summary>
    public static int RttOf(int pair) => pair * HistogramsPerPair;

    /// <summary>The histogram of a pair's delays on the way there, above their base.</summary>
    public static int ForwardOf(int pair) => pair * HistogramsPerPair + 1;

    /// <summary>The histogram of a pair's delays on the way back, above their base.</summary>
    public static int ReverseOf(int pair) => pair * HistogramsPerPair + 2;

    /// <summary>Makes room; what is there stays.</summary>
    public void Resize(int flows, int pairs)
    {
        if (flows > Flows.Length)
        {
            FlowCounts[] counts = Flows;
            Array.Resize(ref counts, flows);
            Flows = counts;
            LostForward = new int?[flows];
            JitterNanos = new double[flows];
        }

        if (pairs > Pairs.Length)
        {
            PairTimes[] times = Pairs;
            Array.Resize(ref times, pairs);
            Pairs = times;
        }
    }

    /// <summary>Counts how late a datagram left.</summary>
    public void AddLateness(long nanos) => _lateness[LogLinear.IndexOf(nanos)]++;

    /// <summary>How late datagrams left.</summary>
    public LatencyHistogram Lateness()
    {
        var buckets = new List<LatencyBucket>();
        for (int i = 0; i < _lateness.Length; i++)
            if (_lateness[i] > 0) buckets.Add(new LatencyBucket(i, _lateness[i]));
        long max = buckets.Count == 0 ? 0 : LogLinear.MiddleNanos(buckets[^1].Index);
        return new LatencyHistogram(buckets, 0, 0, max);
    }

    /// <summary>Empties it for another interval.</summary>
    public void Clear()
    {
        Array.Clear(Flows);
        Array.Clear(Pairs);
        Array.Clear(LostForward);
        Array.Clear(JitterNanos);
        Array.Clear(_lateness);
        Histograms.Clear();
        InFlight = 0;
        SkippedSends = SendErrors = SendBufferFull = ReceiveDrops = UnmatchedReplies = ClockSteps = 0;
        UntimedReplies = MissedTransmitTimes = 0;
    }
}
