using System.Buffers;
using System.Globalization;
using Llama.Mesh.Membership;

namespace Llama.Server.Discovery.Original;

/// <summary>What the original's cleaner publishes after each round.</summary>
/// <param name="At">When, by the wall clock.</param>
/// <param name="Uptime">How long the server has run.</param>
/// <param name="Took">How long the round took.</param>
/// <param name="SizeBytes">What the registrations take as JSON, about.</param>
/// <param name="Groups">Groups there are.</param>
/// <param name="GroupsRemoved">Groups that have lost their last probe since the round before.</param>
/// <param name="Probes">Probes there are.</param>
/// <param name="ProbesRemoved">Probes that expired or were removed since the round before.</param>
internal sealed record MinuteFigures(
    DateTimeOffset At, TimeSpan Uptime, TimeSpan Took, long SizeBytes, int Groups, int GroupsRemoved, int Probes, long ProbesRemoved);

/// <summary>
/// Works out once a minute what the original's cleaner publishes, and sends it on. It cleans nothing: leases end by themselves. Any
/// thread may call it.
/// </summary>
internal sealed class MinuteRound : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly Registry _registry;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly InfluxPush? _push;
    private readonly CancellationTokenSource _stop = new();
    private readonly DateTimeOffset _started;
    private readonly long _startedAt;
    private readonly Task _rounds;

    private HashSet<string> _groups = [];
    private long _seenEvent;
    private long _seenRemovals;
    private volatile MinuteFigures? _latest;

    /// <summary>Begins, with the first round a minute from now.</summary>
    /// <param name="registry">What it counts; started already.</param>
    /// <param name="options">Where it sends figures, and who hears of trouble.</param>
    /// <param name="time">The minutes, and the dates.</param>
    /// <param name="network">Another way to the database, for tests.</param>
    public MinuteRound(Registry registry, DiscoveryOptions options, TimeProvider time, HttpMessageHandler? network = null)
    {
        _registry = registry;
        _time = time;
        _warn = options.Warn;
        _started = time.GetUtcNow();
        _startedAt = time.GetTimestamp();
        _push = options.Influx is { } database ? new InfluxPush(database, options.Warn, network) : null;
        _seenEvent = registry.Events.Newest;
        _groups = [.. registry.Groups.Select(group => group.Name)];
        _rounds = RunAsync(new PeriodicTimer(Period, time), _stop.Token);
    }

    /// <summary>The last round's figures; null before the first.</summary>
    public MinuteFigures? Latest => _latest;

    /// <summary>The body of the original's <c>/metrics</c>.</summary>
    public ReadOnlyMemory<byte> WriteJson()
    {
        var output = new ArrayBufferWriter<byte>(512);
        bool first = true;
        output.Write("{"u8);
        if (_latest is { } figures)
        {
            Number("active_threads", ThreadPool.ThreadCount);
            Number("clean_runtime", figures.Took.TotalSeconds);
            Number("database_size_bytes", figures.SizeBytes);
            Number("group_count_active", figures.Groups);
            Number("group_count_removed", figures.GroupsRemoved);
            Date("metrics_timestamp", figures.At);
            Number("probe_count_active", figures.Probes);
            Number("probe_count_removed", figures.ProbesRemoved);
            Date("start_time", _started);
            Number("uptime", figures.Uptime.TotalSeconds);
        }
        else
        {
            Date("start_time", _started);
        }

        output.Write("}\n"u8);
        return output.WrittenMemory;

        void Number(string key, double value)
        {
            FlaskJson.WriteKey(output, key, ref first);
            FlaskJson.WriteNumber(output, value);
        }

        void Date(string key, DateTimeOffset value)
        {
            FlaskJson.WriteKey(output, key, ref first);
            FlaskJson.WriteString(output, value.ToString("R", CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Ends, without waiting for a database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _rounds;
        _stop.Dispose();
        _push?.Dispose();
    }

    private async Task RunAsync(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            using (timer)
            {
                if (_push is not null) await _push.CreateDatabaseAsync(stop);
                while (await timer.WaitForNextTickAsync(stop))
                {
                    MinuteFigures figures = Count();
                    _latest = figures;
                    if (_push is not null) await _push.WriteAsync(figures, stop);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (Exception e)
        {
            _warn($"The figures of /metrics stay as they are: {e.GetType().Name}: {e.Message}");
        }
    }

    private MinuteFigures Count()
    {
        long begin = _time.GetTimestamp();
        IReadOnlyList<GroupSnapshot> groups = _registry.Groups;
        HashSet<string> now = [.. groups.Select(group => group.Name)];

        // A group may have come and gone since the last round: the events know.
        HashSet<string> gone = _groups;
        foreach (MeshEvent happened in _registry.Events.After(_seenEvent, int.MaxValue))
        {
            _seenEvent = happened.Sequence;
            gone.Add(happened.Group);
        }

        gone.ExceptWith(now);
        _groups = now;
        RegistryCounters counters = _registry.Counters;
        long removals = counters.Expired + counters.Removed, before = _seenRemovals;
        _seenRemovals = removals;
        return new MinuteFigures(
            _time.GetUtcNow(),
            _time.GetElapsedTime(_startedAt),
            _time.GetElapsedTime(begin),
            groups.Sum(group => group.Members.Sum(member => SizeOf(member.Registration))),
            groups.Count,
            gone.Count,
            groups.Sum(group => group.Members.Count),
            removals - before);
    }

    private static long SizeOf(Registration probe) => probe.OriginalJson?.Length
        ?? probe.Group.Length + probe.Name.Length + probe.FullName.Length + probe.Tags.Sum(tag => tag.Key.Length + tag.Value.Length) + 100;
}
