namespace Llama.Server.Intake;

/// <summary>
/// The newest interval of each pair and class, by group. A pair that nothing new comes of is gone after an hour, a source after a
/// day: that long the server knows what it has delivered. Any thread may call it.
/// </summary>
internal sealed class NewestPairs(IntakeOptions options, TimeProvider time)
{
    /// <summary>How long a pair is shown that nothing new comes of.</summary>
    public static readonly TimeSpan PairRetention = TimeSpan.FromHours(1);
    private static readonly TimeSpan SourceRetention = TimeSpan.FromHours(25);
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, PairGroup> _groups = new(StringComparer.Ordinal);
    private long _sweptAt = time.GetTimestamp();
    private int _probes;
    private long _pairs;
    private long _leftOut;

    /// <summary>How many pairs and classes it holds.</summary>
    public long Pairs => Interlocked.Read(ref _pairs);

    /// <summary>How many results it had no room for.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    /// <summary>How many probes have pushed within a day.</summary>
    public int Probes => Volatile.Read(ref _probes);

    /// <summary>The group with results that has this name; null when there is none.</summary>
    public PairGroup? Find(string group)
    {
        Sweep();
        lock (_gate) return _groups.GetValueOrDefault(group);
    }

    /// <summary>Groups from which somebody pushed within the hour.</summary>
    public IReadOnlyList<string> GroupNames()
    {
        Sweep();
        lock (_gate) return [.. _groups.Where(group => group.Value.HasRecentSources).Select(group => group.Key)];
    }

    /// <summary>A source, which has reported just now; null when it is new, and there are as many as there may be.</summary>
    public (PairGroup Group, PairSource Source)? SourceOf(string group, string name) => SourceOf(group, name, time.GetTimestamp());

    /// <summary>Shows the pairs of a report, where they are the newest.</summary>
    public void Take(PairGroup group, PairSource source, PushedReport report)
    {
        DateTimeOffset now = time.GetUtcNow();
        var mark = new ReportMark(report.Start, report.End, report.IsSuspect, time.GetTimestamp());
        lock (source.Gate)
        {
            source.Note(mark, new SourceHealth(mark, report.Pairs.Length, report.Suspect, report.Health), now);
            int room = options.MaxPairsPerProbe - source.PairCount;
            MatrixRow? row = null;
            int rowClass = -1;
            foreach (ref readonly PushedPair pair in report.Pairs)
            {
                if (row is null || rowClass != pair.Class) (row, rowClass) = (source.Row(pair.Class), pair.Class);
                if (Show(group, row, pair.Class, pair.Destination, PairResult.Of(pair, mark), now, mayAdd: room > 0)) room--;
            }
        }

        group.Touch();
    }

    /// <summary>Shows what one pair had when the process before ended, unless something newer is there or there is no room.</summary>
    public void Restore(string groupName, string sourceName, byte @class, string destination, in PairResult result)
    {
        if (SourceOf(groupName, sourceName, result.Report.TakenAt) is not (var group, var source)) return;
        DateTimeOffset now = time.GetUtcNow();
        lock (source.Gate)
        {
            if (source.Health is null) source.Note(result.Report, null, now);
            Show(group, source.Row(@class), @class, destination, result, now, source.PairCount < options.MaxPairsPerProbe);
        }

        group.Touch();
    }

    private (PairGroup Group, PairSource Source)? SourceOf(string groupName, string name, long at)
    {
        Sweep();
        lock (_gate)
        {
            PairGroup group = _groups.GetValueOrDefault(groupName) ?? new PairGroup(options.MaxOtherColumns);
            if (group.Source(name, at, MayAdd) is not { } source) return null;
            _groups[groupName] = group;
            return (group, source);
        }

        bool MayAdd()
        {
            if (_probes >= options.MaxProbes) return false;
            _probes++;
            return true;
        }
    }

    /// <summary>Shows a result where it is the newest; true where its pair is new. The caller has the lock of the source.</summary>
    private bool Show(PairGroup group, MatrixRow row, byte @class, string destination, in PairResult result, DateTimeOffset now, bool mayAdd)
    {
        int place = row.Find(destination);
        if (place >= 0)
        {
            row.Set(place, result, now);
            return false;
        }

        if (!mayAdd || !TryHold())
        {
            Interlocked.Increment(ref _leftOut);
            return false;
        }

        row.Add(destination, result);
        group.Hold(destination, @class);
        return true;
    }

    private bool TryHold()
    {
        if (Interlocked.Increment(ref _pairs) <= options.MaxPairs) return true;
        Interlocked.Decrement(ref _pairs);
        return false;
    }

    /// <summary>Drops what is too old, once a minute, when somebody comes by.</summary>
    private void Sweep()
    {
        long now = time.GetTimestamp();
        KeyValuePair<string, PairGroup>[] groups;
        lock (_gate)
        {
            if (time.GetElapsedTime(_sweptAt, now) < BetweenSweeps) return;
            _sweptAt = now;
            groups = [.. _groups];
        }

        long ago(TimeSpan span) => now - (long)(span.TotalSeconds * time.TimestampFrequency);
        foreach ((string _, PairGroup group) in groups)
        {
            foreach (PairSource source in group.Sources())
            {
                lock (source.Gate) source.RemoveOlder(ago(PairRetention), (destination, @class) => Release(group, destination, @class));
            }

            lock (_gate) _probes -= group.Forget(ago(PairRetention), ago(SourceRetention));
        }

        lock (_gate)
        {
            foreach ((string name, PairGroup group) in groups)
                if (group.IsEmpty) _groups.Remove(name);
        }
    }

    private void Release(PairGroup group, string destination, byte @class)
    {
        group.Release(destination, @class);
        group.Touch();
        Interlocked.Decrement(ref _pairs);
    }
}
