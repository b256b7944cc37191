using Llama.Mesh.Membership;

namespace Llama.Server.Intake;

/// <summary>The sources of a group, which destinations and classes they measure, and what its matrix looks like. Any thread may call it.</summary>
/// <param name="maxOtherColumns">Most columns besides those of members and sources.</param>
internal sealed class PairGroup(int maxOtherColumns)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PairSource> _sources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _pairsByDestination = new(StringComparer.Ordinal);
    private readonly int[] _pairsByClass = new int[256];

    // The frame made last, of whom, and whether it would be another by now.
    private MatrixFrame _frame = new([], new MatrixColumns([]), 0, 0);
    private GroupSnapshot? _frameOf;
    private bool _isCurrent;
    private long _version;

    /// <summary>Another one after every change of a result.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>True when there is nothing in it.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate) return _sources.Count == 0;
        }
    }

    /// <summary>True when it has a source that still has a row without being a member.</summary>
    public bool HasRecentSources
    {
        get
        {
            lock (_gate) return _sources.Values.Any(source => !source.IsSilent);
        }
    }

    /// <summary>The classes that were measured, ascending.</summary>
    public IReadOnlyList<byte> Classes
    {
        get
        {
            lock (_gate) return [.. Enumerable.Range(0, _pairsByClass.Length).Where(@class => _pairsByClass[@class] > 0).Select(@class => (byte)@class)];
        }
    }

    /// <summary>Says that results have changed.</summary>
    public void Touch() => Interlocked.Increment(ref _version);

    /// <summary>A source, which has pushed at a moment of the monotonic clock; null when it is new and <paramref name="mayAdd"/> forbids that.</summary>
    public PairSource? Source(string name, long at, Func<bool> mayAdd)
    {
        lock (_gate)
        {
            if (!_sources.TryGetValue(name, out PairSource? source))
            {
                if (!mayAdd()) return null;
                source = new PairSource(name);
                _sources.Add(name, source);
                _isCurrent = false;
            }

            if (source.IsSilent) _isCurrent = false;
            (source.PushedAt, source.IsSilent) = (Math.Max(source.PushedAt, at), false);
            return source;
        }
    }

    /// <summary>A source that is known; null when there is none of that name.</summary>
    public PairSource? Find(string name)
    {
        lock (_gate) return _sources.GetValueOrDefault(name);
    }

    /// <summary>All sources at this moment.</summary>
    public IReadOnlyList<PairSource> Sources()
    {
        lock (_gate) return [.. _sources.Values];
    }

    /// <summary>Notes which sources have been silent for an hour, and drops those that have been for so long that nothing of theirs is late any more.</summary>
    /// <returns>How many were dropped.</returns>
    public int Forget(long silentBefore, long goneBefore)
    {
        lock (_gate)
        {
            int before = _sources.Count;
            foreach (PairSource source in _sources.Values.ToArray())
            {
                bool isSilent = source.PushedAt < silentBefore;
                if (isSilent != source.IsSilent) _isCurrent = false;
                source.IsSilent = isSilent;
                if (source.PushedAt < goneBefore && _sources.Remove(source.Name)) _isCurrent = false;
            }

            return before - _sources.Count;
        }
    }

    /// <summary>Counts a pair that has come to be.</summary>
    public void Hold(string destination, byte @class)
    {
        lock (_gate)
        {
            int pairs = _pairsByDestination.GetValueOrDefault(destination);
            _pairsByDestination[destination] = pairs + 1;
            _pairsByClass[@class]++;
            if (pairs == 0) _isCurrent = false;
        }
    }

    /// <summary>Counts a pair that is gone.</summary>
    public void Release(string destination, byte @class)
    {
        lock (_gate)
        {
            int pairs = _pairsByDestination[destination] - 1;
            _pairsByClass[@class]--;
            if (pairs > 0)
            {
                _pairsByDestination[destination] = pairs;
                return;
            }

            _pairsByDestination.Remove(destination);
            _isCurrent = false;
        }
    }

    /// <summary>The rows and columns with these members; the same object as long as nothing of it changes.</summary>
    public MatrixFrame Frame(GroupSnapshot? members)
    {
        lock (_gate)
        {
            if (_isCurrent && ReferenceEquals(_frameOf, members)) return _frame;
            string[] names = [.. (members?.Members ?? []).Select(member => member.Registration.Name)];
            HashSet<string> known = new(names, StringComparer.Ordinal);
            string[] recent = [.. _sources.Values.Where(source => !source.IsSilent && known.Add(source.Name)).Select(source => source.Name)];
            string[] others = [.. _pairsByDestination.Keys.Where(name => !known.Contains(name))];
            string[] columns = [.. names, .. recent, .. others.Take(maxOtherColumns)];
            FrameRow[] rows = [.. names.Concat(recent).Select(name => new FrameRow(name, _sources.GetValueOrDefault(name)))];
            int leftOut = Math.Max(0, others.Length - maxOtherColumns);

            // What rows have rendered holds for the very same object of columns, and what clients know for the number of the frame.
            bool hasSameColumns = _frame.Columns.Names.SequenceEqual(columns);
            if (!hasSameColumns || leftOut != _frame.LeftOut || !_frame.Rows.SequenceEqual(rows))
                _frame = new MatrixFrame(rows, hasSameColumns ? _frame.Columns : new MatrixColumns(columns), leftOut, _frame.Number + 1);
            (_frameOf, _isCurrent) = (members, true);
            return _frame;
        }
    }
}
