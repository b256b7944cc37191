using Llama.Engine.Probing;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Storage.Registry;

namespace Llama.Server.Discovery;

/// <summary>
/// All probes by group: joins, leases, events, plans. What was answered with success is on disk. Any thread may call it; what it
/// hands out is immutable.
/// </summary>
internal sealed partial class Registry : IAsyncDisposable
{
    /// <summary>How often leases are looked at: they end within a second of their time.</summary>
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMilliseconds(250);

    /// <summary>After a restart a lease that is nearly over gets this much, for its probe to come back in.</summary>
    private static readonly TimeSpan LeastAfterRestart = TimeSpan.FromSeconds(60);

    /// <summary>How many leases are looked at before others get their turn.</summary>
    private const int SweepSlice = 500;

    private readonly IRegistryStore _store;
    private readonly RegistryOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly MemberRoll _roll;
    private readonly PlanBoard _plans;
    private readonly EchoRounds? _echoes;
    private readonly long[] _registrations = new long[Enum.GetValues<RegisterOutcome>().Length];
    private long _expired, _removed, _storeFailures;
    private ITimer? _sweeping;
    private Task _writing = Task.CompletedTask;

    /// <summary>A registry that is empty until <see cref="StartAsync"/>.</summary>
    /// <param name="store">Where registrations outlive the process; disposed with this.</param>
    /// <param name="options">Limits, and how groups test.</param>
    /// <param name="time">Leases go by its timestamps, dates by its wall clock.</param>
    public Registry(IRegistryStore store, RegistryOptions options, TimeProvider time)
    {
        _store = store;
        _options = options;
        _time = time;
        ILookup<string, string> followers = options.Configuration.Between.ToLookup(test => test.To, test => test.From);
        _roll = new MemberRoll(new MembershipRules
        {
            MaxMembers = options.MaxProbes,
            Silence = options.Silence,
            Followers = group => followers.Contains(group) ? [.. followers[group]] : [],
        });
        _plans = new PlanBoard(PlanVersionOf, WorkOut, time);
        if (options.Echo is { } echo)
        {
            _echoes = new EchoRounds(
                IsThere, (probe, stop) => echo(new(probe.Address, probe.Port), SettingsOf(probe).DatagramKey, stop), NoteEcho, time);
        }

    }

    /// <summary>
    /// All groups with members, in the order they came to be, each as it was at a moment of its own: who registers meanwhile waits for
    /// one group to be copied, not for all.
    /// </summary>
    public IReadOnlyList<GroupSnapshot> Groups
    {
        get
        {
            IReadOnlyList<string> names;
            lock (_lock) names = _roll.GroupNames;
            return [.. names.Select(Find).OfType<GroupSnapshot>()];
        }
    }

    /// <summary>How many probes all groups have.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _roll.Count;
        }
    }

    /// <summary>What happened lately.</summary>
    public EventFeed Events { get; } = new();

    /// <summary>What it has counted since it started.</summary>
    public RegistryCounters Counters
    {
        get
        {
            lock (_lock)
            {
                return new RegistryCounters
                {
                    Registrations = [.. _registrations],
                    Expired = _expired,
                    Removed = _removed,
                    StoreFailures = _storeFailures,
                    PlansBuilt = _plans.Worked,
                    PlanBuildTime = _plans.TimeWorked,
                };
            }
        }
    }

    /// <summary>Why nothing can be stored, as last seen; null when all is well.</summary>
    public string? StorageFault => Volatile.Read(ref _fault);

    private TimeSpan Now => _time.GetElapsedTime(0);

    /// <summary>Loads what is stored, and begins to end leases.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        IReadOnlyList<StoredRegistration> stored = await _store.LoadAsync(cancellation);
        int unreadable = 0;
        lock (_lock)
        {
            foreach (StoredRegistration one in stored)
            {
                if (RegistrationDocument.Read(one) is { } member) _roll.Restore(member, Now, LeftOf(member, one.RenewedAt));
                else unreadable++;
            }

            _roll.TakeChangedPlans();
        }

        if (unreadable > 0) _options.Warn($"{unreadable} stored registrations can't be read; their probes have to register again.");
        foreach (Member member in Groups.SelectMany(group => group.Members)) AskForEcho(member);
        _sweeping = _time.CreateTimer(_ => Sweep(), null, SweepPeriod, SweepPeriod);
        _writing = Task.Run(WriteAsync, CancellationToken.None);
    }

    /// <summary>Joins, renews or changes. A renewal that changes nothing completes at once, all else when it is on disk.</summary>
    /// <exception cref="IOException">It can't be stored; nothing has changed.</exception>
    public async ValueTask<RegisterReply> RegisterAsync(Registration registration, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_roll.Renew(registration, Now) is { } holder) return ReplyWith(RegisterOutcome.Renewed, holder, holder.Group);
        }

        var change = new PendingRegistration(registration);
        await SubmitAsync(change, cancellation);
        Judgement judged = await change.Done.WaitAsync(cancellation);
        lock (_lock) return ReplyWith(judged.Outcome, judged.Holder, registration.Group);
    }

    /// <summary>Removes a member; false when there is none of that name.</summary>
    /// <exception cref="IOException">It can't be stored; nothing has changed.</exception>
    public async ValueTask<bool> RemoveAsync(string group, string name, CancellationToken cancellation)
    {
        var change = new PendingRemoval(new RegistryKey(group, name));
        await SubmitAsync(change, cancellation);
        return await change.Done.WaitAsync(cancellation);
    }

    /// <summary>The members of a group; null when it has none.</summary>
    public GroupSnapshot? Find(string group)
    {
        lock (_lock) return _roll.Find(group);
    }

    /// <summary>A member; null when there is none of that name.</summary>
    public KnownMember? Find(string group, string name)
    {
        lock (_lock)
        {
            if (_roll.Find(group, name) is not { } standing) return null;
            TimeSpan left = standing.EndsAt - Now;
            ClockOffset? clock = _echoes?.ClockOf(standing.Member.Registration);
            return new KnownMember(standing.Member, left > TimeSpan.Zero ? left : TimeSpan.Zero, WallOf(standing.HeardAt), clock);
        }
    }

    /// <summary>What the plan of a group is known by now, without working it out; null when the group has no members.</summary>
    public string? TagOf(string group) => _plans.TagOf(group);

    /// <summary>
    /// What the probes of a group are to do, with all that had changed when it was asked for; null when it has no members. Worked out
    /// once for all who ask; while a big group changes again and again, they wait together for the next time it is worked out.
    /// </summary>
    public ValueTask<PlanInForce?> PlanOfAsync(string group, CancellationToken cancellation) => _plans.PlanOfAsync(group, cancellation);

    /// <summary>Completes when the plan of a group is known by another tag than this one, also when it has none any more.</summary>
    public Task WaitForChangeAsync(string group, string knownTag, CancellationToken cancellation) =>
        _plans.WaitForChangeAsync(group, knownTag, cancellation);

    /// <summary>Stores what is still to be stored.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_sweeping is not null) await _sweeping.DisposeAsync();
        if (_echoes is not null) await _echoes.DisposeAsync();
        _pending.Writer.TryComplete();
        await _writing;
        await _store.DisposeAsync();
    }

    /// <summary>Needs the lock.</summary>
    private RegisterReply ReplyWith(RegisterOutcome outcome, Registration? holder, string group)
    {
        _registrations[(int)outcome]++;
        return new RegisterReply(outcome, holder, _plans.TagOf(group) ?? "");
    }

    private TimeSpan LeftOf(Member member, DateTimeOffset renewedAt)
    {
        TimeSpan keepalive = member.Registration.Keepalive;
        TimeSpan least = keepalive < LeastAfterRestart ? keepalive : LeastAfterRestart;

        // The wall clock may have been stepped while the server was away: it is believed within these bounds.
        TimeSpan left = keepalive - (_time.GetUtcNow() - renewedAt);
        return left < least ? least : left > keepalive ? keepalive : left;
    }

    /// <summary>Ends leases, a few at a time. The timer calls it again and again.</summary>
    private void Sweep()
    {
        bool done = false;
        while (!done)
        {
            var events = new List<MeshEvent>();
            IReadOnlyList<string> changed;
            lock (_lock)
            {
                done = _roll.Expire(Now, _time.GetUtcNow(), SweepSlice, events);
                foreach (MeshEvent one in events) _lagging.Add(new RegistryKey(one.Group, one.Name));
                _expired += events.Count;
                changed = _roll.TakeChangedPlans();
                Events.Append(events);
            }

            Announce(changed);
        }

        RequestWriting();
    }

    private void Announce(IReadOnlyList<string> changedPlans)
    {
        foreach (string group in changedPlans) _plans.Changed(group);
    }

    private long? PlanVersionOf(string group)
    {
        lock (_lock) return _roll.PlanVersionOf(group);
    }

    private (GroupPlan Plan, long Version)? WorkOut(string group)
    {
        long version;
        Dictionary<string, IReadOnlyList<Member>> members = [];
        lock (_lock)
        {
            if (_roll.PlanVersionOf(group) is not { } known) return null;
            version = known;
            IEnumerable<string> tested = _options.Configuration.Between.Where(test => test.From == group).Select(test => test.To);
            foreach (string name in tested.Append(group)) members[name] = _roll.Find(name)?.Members ?? [];
        }

        return (MeshPlanner.Plan(group, _options.Configuration, name => members[name]), version);
    }

    private GroupSettings SettingsOf(Registration registration) => _options.Configuration.Of(registration.Group);

    private void AskForEcho(Member member)
    {
        if (SettingsOf(member.Registration).Echo != EchoRule.Off) _echoes?.Ask(member.Registration, member.Echo == EchoState.Confirmed);
    }

    private bool IsThere(Registration probe) => Find(probe.Group, probe.Name) is { } found && found.Member.Registration.IsAtTheAddressOf(probe);

    private void NoteEcho(Registration asked, EchoState echo)
    {
        IReadOnlyList<string> changed;
        lock (_lock)
        {
            if (_roll.SetEcho(asked, echo, SettingsOf(asked).Echo == EchoRule.Require)) _lagging.Add(KeyOf(asked));
            changed = _roll.TakeChangedPlans();
        }

        Announce(changed);
    }
}
