using Llama.Wire.Clocks;

namespace Llama.Engine.Probing;

/// <summary>
/// When each flow of a test is due: a cycle's datagrams are spread evenly over the cycle, each flow always at the same place in
/// it, so that a flow is sampled at an even pace and nothing leaves as a burst. Belongs to the loop.
/// </summary>
/// <remarks>
/// Waking up costs more than sending. So datagrams that follow each other closely leave together, in groups that are small,
/// spread just as evenly, and go to different targets: no path sees two of them side by side. Only above 20,000 datagrams/s to
/// fewer targets than that would a group hold a target twice.
/// </remarks>
internal sealed class PacedTest
{
    /// <summary>A test that has fallen behind by more than this starts anew from now, and says how much it left out.</summary>
    public const long MaxLagNanos = 100_000_000;

    /// <summary>Datagrams in a group, at the most, where their rate leaves a choice.</summary>
    private const int MaxGroup = 8;

    /// <summary>
    /// A group spans a tenth of the time between two datagrams to one target, so that their pace stays even; not less than the
    /// first of these, and not more than the second.
    /// </summary>
    private const double ShortGroupNanos = 20_000_000, LongGroupNanos = 100_000_000;

    /// <summary>Waking up more often than this is not worth trying.</summary>
    private const long MinGroupNanos = 50_000;

    private readonly int[] _flows;
    private readonly int _group;
    private readonly double _spacingNanos;
    private readonly long _periodNanos;
    private MonotonicTime _cycleStart;
    private int _next;
    private long _left;

    /// <summary>A test whose first cycle begins at <paramref name="start"/>.</summary>
    /// <param name="cyclesPerSecond">Cycles per second.</param>
    /// <param name="flows">Its flows, in the order they are due within a cycle. Not empty.</param>
    /// <param name="targets">How many flows in a row go to different targets.</param>
    /// <param name="start">When the first is due.</param>
    /// <param name="mostDatagrams">After how many datagrams it ends.</param>
    public PacedTest(double cyclesPerSecond, int[] flows, int targets, MonotonicTime start, long mostDatagrams = long.MaxValue)
    {
        _flows = flows;
        _periodNanos = Math.Max(1, (long)Math.Round(1e9 / cyclesPerSecond));
        _spacingNanos = (double)_periodNanos / flows.Length;
        _cycleStart = start;
        _left = mostDatagrams;
        double span = Math.Clamp(targets * _spacingNanos / 10, ShortGroupNanos, LongGroupNanos);
        int chosen = (int)Math.Min(Math.Min(MaxGroup, targets), span / _spacingNanos);
        int forced = (int)Math.Min(flows.Length, Math.Ceiling(MinGroupNanos / _spacingNanos));
        _group = Math.Max(1, Math.Max(chosen, forced));
    }

    /// <summary>True when nothing is due any more.</summary>
    public bool IsOver => _left <= 0;

    /// <summary>True when datagrams are too close to each other for a system call each.</summary>
    public bool IsFast => _spacingNanos < MinGroupNanos;

    /// <summary>When the next datagram, and with it the rest of its group, is due; at no time when the test is over.</summary>
    public MonotonicTime Due =>
        IsOver ? new MonotonicTime(long.MaxValue) : _cycleStart + (long)((_next - _next % _group) * _spacingNanos);

    /// <summary>The flow that is due next.</summary>
    public int Flow => _flows[_next];

    /// <summary>Goes on to the datagram after that.</summary>
    public void Advance()
    {
        _left--;
        if (++_next < _flows.Length) return;
        _next = 0;
        _cycleStart += _periodNanos;
    }

    /// <summary>Gives up what is overdue by too much: the schedule is moved so that the next datagram is due now.</summary>
    /// <returns>How many datagrams were left out.</returns>
    public long SkipOverdue(MonotonicTime now)
    {
        long lag = now - Due;
        if (lag <= MaxLagNanos) return 0;
        _cycleStart += lag;
        return (long)(lag / _spacingNanos);
    }
}
