using Microsoft.AspNetCore.Http;

namespace Llama.Server.Intake;

/// <summary>
/// The newest interval of each pair and class, by group. A pair that nothing new comes of is gone after an hour, a source after a
/// day: that long the server knows what it has delivered. Any thread may call it.
/// </summary>
internal sealed class NewestPairs(IntakeOptions options, TimeProvider time)
{
    private static readonly TimeSpan PairRetention = TimeSpan.FromHours(1);
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

    /// <summary>The source that a probe is, which has pushed just now.</summary>
    /// <exception cref="PushRefusedException">It is new, and there are as many as there may be.</exception>
    public (PairGroup Group, PairSource Source) SourceOf(PushedProbe probe)
    {
        Sweep();
        lock (_gate)
        {
            PairGroup group = _groups.GetValueOrDefault(probe.Group) ?? new PairGroup(options.MaxOtherColumns);
            PairSource source = group.Source(probe.Name, time.GetTimestamp(), MayAdd)
                ?? throw new PushRefusedException(StatusCodes.Status503ServiceUnavailable, $"The server keeps reports of {options.MaxProbes} probes, and no more.");
            _groups[probe.Group] = group;
            return (group, source);
        }

        bool MayAdd()
        {
            if (_probes >= options.MaxProbes) return false;
            _probes++;
            return true;
        }
    }

    /// <summary>Shows the pairs of a report, where they are the newest.</summary>
    public void Take(PairGroup group, PairSource source, PushedReport report)
    {
        DateTimeOffset now = time.GetUtcNow();
        var mark = new ReportMark(report.Start, report.End, report.IsSuspect, time.GetTimestamp());
        lock (source.Gate)
        {
            int room = options.MaxPairsPerProbe - source.PairCount;
            MatrixRow? row = null;
            int rowClass = -1;
            foreach (ref readonly PushedPair pair in report.Pairs)
            {
                if (row is null || rowClass != pair.Class) (row, rowClass) = (source.Row(pair.Class), pair.Class);
                PairResult result = PairResult.Of(pair, mark);
                int place = row.Find(pair.Destination);
                if (place >= 0)
                {
                    row.Set(place, result, now);
                }
                else if (room > 0 && TryHold())
                {
                    room--;
                    row.Add(pair.Destination, result);
                    group.Hold(pair.Destination, pair.Class);
                }
                else
                {
                    Interlocked.Increment(ref _leftOut);
                }
            }
        }

        group.Touch();
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
