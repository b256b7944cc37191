using Llama.Storage.History.Blocks;

namespace Llama.Storage.History.Reading;

/// <summary>
/// What was sent and lost by destination key and step: plain numbers, because there are millions of pairs. Only keys that there is
/// something of take room. Filled again and again; belongs to one thread.
/// </summary>
internal sealed class LossGrid
{
    private readonly long _fromTicks;
    private readonly long _stepTicks;
    private readonly LossExtent[] _extents;

    // The place of a key plus 1; 0 where there is nothing of it. Steps of a place are beside each other.
    private readonly int[] _places;
    private readonly List<int> _keys = [];
    private LossCount[] _counts = [];

    /// <summary>An empty one.</summary>
    /// <param name="keys">How many destination keys there are.</param>
    /// <param name="steps">How many steps there are.</param>
    /// <param name="fromTicks">Start of the first one, in ticks since the Unix epoch.</param>
    /// <param name="stepTicks">How long each of them is. What comes behind the last one belongs to it.</param>
    public LossGrid(int keys, int steps, long fromTicks, long stepTicks)
    {
        (_fromTicks, _stepTicks) = (fromTicks, stepTicks);
        _places = new int[keys];
        _extents = new LossExtent[steps];
        Array.Fill(_extents, new LossExtent());
    }

    /// <summary>One step of all time.</summary>
    public static LossGrid OfOneStep(int keys) => new(keys, 1, 0, long.MaxValue);

    /// <summary>The keys that there is something of.</summary>
    public IReadOnlyList<int> Keys => _keys;

    /// <summary>From when to when there was something in each step, of all that was ever added.</summary>
    public ReadOnlySpan<LossExtent> Extents => _extents;

    /// <summary>The steps of one of <see cref="Keys"/>.</summary>
    public ReadOnlySpan<LossCount> Of(int place) => _counts.AsSpan(place * _extents.Length, _extents.Length);

    /// <summary>Adds points of a key.</summary>
    public void Add(int key, in LossRun run)
    {
        Span<LossCount> counts = StepsOf(key);
        long left = run.Points, moment = run.Moment, start = run.Start;
        while (true)
        {
            int step = StepAt(moment);
            long endTicks = _fromTicks + (step + 1) * _stepTicks;
            long points = left == 1 || step == _extents.Length - 1 ? left : Math.Min(left, (endTicks - moment + run.Step - 1) / run.Step);
            counts[step].Add(points * run.Sent, points * run.Lost);
            _extents[step].Add(start, start + (points - 1) * run.Step + (run.End - run.Start));
            left -= points;
            if (left == 0) return;
            moment += points * run.Step;
            start += points * run.Step;
        }
    }

    /// <summary>Forgets what was added, save from when to when it was.</summary>
    public void Clear()
    {
        Array.Clear(_counts, 0, _keys.Count * _extents.Length);
        foreach (int key in _keys) _places[key] = 0;
        _keys.Clear();
    }

    private int StepAt(long momentTicks) => (int)Math.Clamp((momentTicks - _fromTicks) / _stepTicks, 0, _extents.Length - 1);

    private Span<LossCount> StepsOf(int key)
    {
        int place = _places[key] - 1;
        if (place < 0)
        {
            _keys.Add(key);
            _places[key] = _keys.Count;
            place = _keys.Count - 1;
            int needed = _keys.Count * _extents.Length;
            if (_counts.Length < needed) Array.Resize(ref _counts, Math.Max(needed, 2 * _counts.Length));
        }

        return _counts.AsSpan(place * _extents.Length, _extents.Length);
    }
}

/// <summary>Datagrams of some points.</summary>
internal struct LossCount
{
    public long Sent;
    public long Lost;

    public void Add(long sent, long lost)
    {
        Sent += sent;
        Lost += lost;
    }
}

/// <summary>From when to when something was counted, in 100 ns since the Unix epoch; the end is before the start where nothing was.</summary>
internal struct LossExtent()
{
    public long Start = long.MaxValue;
    public long End = long.MinValue;

    public readonly bool IsAny => Start <= End;

    public void Add(long start, long end) => (Start, End) = (Math.Min(Start, start), Math.Max(End, end));
}
