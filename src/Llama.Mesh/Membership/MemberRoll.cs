using System.Net;

namespace Llama.Mesh.Membership;

/// <summary>
/// Who is a member of which group, and until when. It has no clock: callers tell the time on one that only goes forward, which leases
/// go by, and on the wall's, which events are dated with. Belongs to one thread at a time; what it hands out is immutable.
/// </summary>
/// <remarks>
/// Registering takes two steps, so that what is judged can be stored before it is seen: <see cref="Judge"/> says what would become of
/// a registration, <see cref="Apply"/> lets it become so. Time may pass between the two. Of what is judged before something else is
/// applied, no two may be about one name or one address.
/// </remarks>
public sealed class MemberRoll(MembershipRules rules)
{
    private readonly Dictionary<string, Group> _groups = [];
    private readonly LinkedList<Group> _groupOrder = [];
    private readonly PriorityQueue<Entry, TimeSpan> _ends = new();
    private readonly Queue<Entry> _heard = [];
    private readonly HashSet<string> _changedPlans = [];
    private long _version;
    private long _sequence;

    /// <summary>How many members all groups have.</summary>
    public int Count { get; private set; }

    /// <summary>The names of all groups with members, in the order they came to be.</summary>
    public IReadOnlyList<string> GroupNames => [.. _groupOrder.Select(group => group.Name)];

    /// <summary>The members of a group; null when it has none.</summary>
    public GroupSnapshot? Find(string group) => _groups.GetValueOrDefault(group)?.Snapshot();

    /// <summary>A member; null when there is none of that name.</summary>
    public Standing? Find(string group, string name) => EntryOf(group, name) is { } entry ? entry.Standing : null;

    /// <summary>Another number for every plan of a group that may differ; null when the group has no members.</summary>
    public long? PlanVersionOf(string group) => _groups.GetValueOrDefault(group)?.PlanVersion;

    /// <summary>The groups whose plans may differ from what they were at the last call.</summary>
    public IReadOnlyList<string> TakeChangedPlans()
    {
        if (_changedPlans.Count == 0) return [];
        string[] changed = [.. _changedPlans];
        _changedPlans.Clear();
        return changed;
    }

    /// <summary>Members that were heard of since they were last taken from here, for the caller to store.</summary>
    /// <param name="most">How many at the most.</param>
    public IReadOnlyList<Standing> TakeHeard(int most)
    {
        var taken = new List<Standing>(Math.Min(most, _heard.Count));
        while (taken.Count < most && _heard.TryDequeue(out Entry? entry))
        {
            entry.IsNoted = false;
            if (!entry.IsGone) taken.Add(entry.Standing);
        }

        return taken;
    }

    /// <summary>Begins a lease anew when the registration says nothing new of a member.</summary>
    /// <returns>The registration in force, or null: then it has to be judged.</returns>
    public Registration? Renew(Registration registration, TimeSpan now)
    {
        if (EntryOf(registration.Group, registration.Name) is not { } entry || !entry.Member.Registration.SaysTheSameAs(registration)) return null;
        Hear(entry, now);
        return entry.Member.Registration;
    }

    /// <summary>What would become of a registration. Changes nothing.</summary>
    /// <param name="registration">What a probe says.</param>
    /// <param name="now">The time that leases go by.</param>
    /// <param name="wall">The date, which becomes that of the registration.</param>
    /// <param name="joining">How many judged before are to be applied and will need room.</param>
    public Judgement Judge(Registration registration, TimeSpan now, DateTimeOffset wall, int joining = 0)
    {
        Entry? held = EntryOf(registration.Group, registration.Name);
        RegisterOutcome outcome = RegisterOutcome.Joined;
        if (held is not null)
        {
            Registration holder = held.Member.Registration;
            outcome = OutcomeFor(held, registration, now);
            if (outcome is RegisterOutcome.NameTaken or RegisterOutcome.Renewed) return new Judgement { Outcome = outcome, Holder = holder };
        }

        string[] displaced = Displaced(registration);
        return outcome == RegisterOutcome.Joined && Count + joining - displaced.Length >= rules.MaxMembers
            ? new Judgement { Outcome = RegisterOutcome.Full, Holder = null }
            : new Judgement { Outcome = outcome, Holder = registration with { RegisteredAt = wall }, Displaced = displaced };
    }

    /// <summary>Lets a judgement become true; one that is no change is a renewal at most.</summary>
    /// <returns>What happened, in order.</returns>
    public IReadOnlyList<MeshEvent> Apply(Judgement judgement, TimeSpan now, DateTimeOffset wall)
    {
        if (judgement.Holder is not { } registration || judgement.Outcome == RegisterOutcome.NameTaken) return [];
        if (!judgement.IsChange)
        {
            Renew(registration, now);
            return [];
        }

        var events = new List<MeshEvent>(1 + judgement.Displaced.Count);
        foreach (string name in judgement.Displaced)
        {
            if (EntryOf(registration.Group, name) is { } displaced) events.Add(End(displaced, MeshEventKind.Removed, wall));
        }

        if (EntryOf(registration.Group, registration.Name) is { } entry)
        {
            IPAddress before = entry.Member.Registration.Address;
            entry.Group.Update(entry, new Member(registration, EchoAfter(entry.Member, registration)));
            Touch(entry.Group, plans: true);
            events.Add(Event(KindOf(judgement.Outcome), registration, wall, before.Equals(registration.Address) ? null : before));
        }
        else
        {
            entry = Add(new Member(registration, EchoState.Unknown));
            events.Add(Event(MeshEventKind.Joined, registration, wall, null));
        }

        Hear(entry, now);
        return events;
    }

    /// <summary>Takes in a member that was stored, without an event.</summary>
    /// <param name="member">The member; passed over when its name is there already.</param>
    /// <param name="now">It counts as heard of now: nobody can be while the server is away.</param>
    /// <param name="left">How much of its lease is left.</param>
    public void Restore(Member member, TimeSpan now, TimeSpan left)
    {
        if (EntryOf(member.Registration.Group, member.Registration.Name) is not null) return;
        Entry entry = Add(member);
        entry.HeardAt = now;
        entry.EndsAt = Later(now, left);
        Await(entry);
    }

    /// <summary>Ends a membership; null when there is none of that name.</summary>
    public MeshEvent? Remove(string group, string name, DateTimeOffset wall) =>
        EntryOf(group, name) is { } entry ? End(entry, MeshEventKind.Removed, wall) : null;

    /// <summary>Ends the memberships whose leases are over.</summary>
    /// <param name="now">The time that leases go by.</param>
    /// <param name="wall">The date.</param>
    /// <param name="most">How many leases to look at, at the most, so that a caller can do something else in between.</param>
    /// <param name="events">Takes what happened.</param>
    /// <returns>False when there are more to look at.</returns>
    public bool Expire(TimeSpan now, DateTimeOffset wall, int most, ICollection<MeshEvent> events)
    {
        for (int i = 0; i < most; i++)
        {
            if (!_ends.TryPeek(out Entry? entry, out TimeSpan awaited) || awaited > now) return true;
            _ends.Dequeue();

            // A lease that was prolonged is found here at its old end; one that was shortened is awaited twice.
            if (entry.AwaitedAt != awaited || entry.IsGone) continue;
            if (entry.EndsAt > now) Await(entry);
            else events.Add(End(entry, MeshEventKind.Left, wall));
        }

        return false;
    }

    /// <summary>Notes whether a member's reflector answers.</summary>
    /// <param name="asked">Whose; a member that is somewhere else by now is left alone.</param>
    /// <param name="echo">What was found.</param>
    /// <param name="plans">True where the group's plans depend on it.</param>
    /// <returns>True when it is news.</returns>
    public bool SetEcho(Registration asked, EchoState echo, bool plans)
    {
        if (EntryOf(asked.Group, asked.Name) is not { } entry || entry.Member.Echo == echo) return false;
        if (!entry.Member.Registration.IsAtTheAddressOf(asked)) return false;
        entry.Group.Update(entry, entry.Member with { Echo = echo });
        Touch(entry.Group, plans);
        return true;
    }

    private RegisterOutcome OutcomeFor(Entry held, Registration registration, TimeSpan now)
    {
        Registration holder = held.Member.Registration;
        if (holder.SaysTheSameAs(registration)) return RegisterOutcome.Renewed;
        if (holder.IsAtTheAddressOf(registration)) return RegisterOutcome.Changed;
        if (holder.Instance is not null && holder.Instance == registration.Instance) return RegisterOutcome.ChangedAddress;
        return now - held.HeardAt < rules.Silence ? RegisterOutcome.NameTaken : RegisterOutcome.Replaced;
    }

    /// <summary>
    /// Other names at the same address and port: the same probe, called otherwise before. Only those that tell themselves apart by
    /// their instances may share one, as behind a NAT.
    /// </summary>
    private string[] Displaced(Registration registration)
    {
        if (!_groups.TryGetValue(registration.Group, out Group? group)) return [];
        string? same = group.NameAt(registration, registration.Instance);
        string? nameless = registration.Instance is null ? null : group.NameAt(registration, null);
        return [.. new[] { same, nameless }.OfType<string>().Where(name => name != registration.Name)];
    }

    private Entry? EntryOf(string group, string name) => _groups.GetValueOrDefault(group)?.Entries.GetValueOrDefault(name);

    private Entry Add(Member member)
    {
        string name = member.Registration.Group;
        if (!_groups.TryGetValue(name, out Group? group))
        {
            group = new Group(name);
            _groups.Add(name, group);
            group.Place = _groupOrder.AddLast(group);
        }

        Count++;
        var entry = new Entry(group, member);
        group.Add(entry);
        Touch(group, plans: true);
        return entry;
    }

    private MeshEvent End(Entry entry, MeshEventKind kind, DateTimeOffset wall)
    {
        Group group = entry.Group;
        group.Remove(entry);
        entry.IsGone = true;
        Count--;
        Touch(group, plans: true);
        if (group.Entries.Count == 0)
        {
            _groups.Remove(group.Name);
            _groupOrder.Remove(group.Place!);
        }

        return Event(kind, entry.Member.Registration, wall, null);
    }

    private void Hear(Entry entry, TimeSpan now)
    {
        entry.HeardAt = now;
        entry.EndsAt = Later(now, entry.Member.Registration.Keepalive);
        if (entry.AwaitedAt is not { } awaited || awaited > entry.EndsAt) Await(entry);
        if (entry.IsNoted) return;
        entry.IsNoted = true;
        _heard.Enqueue(entry);
    }

    /// <summary>
    /// Puts an entry into the queue for when its lease ends. A renewal does not move it: it is found at its old end and put in again,
    /// so renewing costs nothing here.
    /// </summary>
    private void Await(Entry entry)
    {
        entry.AwaitedAt = entry.EndsAt;
        _ends.Enqueue(entry, entry.EndsAt);
    }

    private void Touch(Group group, bool plans)
    {
        group.Touch(++_version);
        if (!plans) return;
        TouchPlan(group);
        foreach (string name in rules.Followers(group.Name))
            if (_groups.TryGetValue(name, out Group? follower)) TouchPlan(follower);
    }

    private void TouchPlan(Group group)
    {
        group.PlanVersion = _version;
        _changedPlans.Add(group.Name);
    }

    private MeshEvent Event(MeshEventKind kind, Registration registration, DateTimeOffset wall, IPAddress? before) =>
        new(++_sequence, wall, kind, registration.Group, registration.Name, registration.Address, registration.Port, before);

    private static MeshEventKind KindOf(RegisterOutcome outcome) => outcome switch
    {
        RegisterOutcome.Replaced => MeshEventKind.Replaced,
        RegisterOutcome.ChangedAddress => MeshEventKind.ChangedAddress,
        _ => MeshEventKind.Changed,
    };

    private static EchoState EchoAfter(Member before, Registration now) =>
        before.Registration.IsAtTheAddressOf(now) ? before.Echo : EchoState.Unknown;

    private static TimeSpan Later(TimeSpan now, TimeSpan span) => span < TimeSpan.MaxValue - now ? now + span : TimeSpan.MaxValue;

    /// <summary>A member with its lease.</summary>
    private sealed class Entry(Group group, Member member)
    {
        public Group Group { get; } = group;

        public Member Member { get; set; } = member;

        public TimeSpan HeardAt { get; set; }

        public TimeSpan EndsAt { get; set; }

        /// <summary>Where it stands in the queue of ends; anything else that the queue holds of it is out of date.</summary>
        public TimeSpan? AwaitedAt { get; set; }

        public bool IsGone { get; set; }

        /// <summary>True while it stands among those to be taken as heard of.</summary>
        public bool IsNoted { get; set; }

        public LinkedListNode<Entry>? Place { get; set; }

        public Standing Standing => new(Member, HeardAt, EndsAt);
    }

    /// <summary>The members of a group, by name, by address, and in the order they joined.</summary>
    private sealed class Group(string name)
    {
        private readonly LinkedList<Entry> _order = [];
        private readonly Dictionary<(IPAddress, int, string?), Entry> _claims = [];
        private GroupSnapshot? _snapshot;
        private long _version;

        public string Name { get; } = name;

        public LinkedListNode<Group>? Place { get; set; }

        public Dictionary<string, Entry> Entries { get; } = [];

        public long PlanVersion { get; set; }

        public GroupSnapshot Snapshot() => _snapshot ??= new GroupSnapshot(Name, _version, [.. _order.Select(entry => entry.Member)]);

        public void Touch(long version)
        {
            _version = version;
            _snapshot = null;
        }

        /// <summary>The name that an instance, or the probe without one, has at an address.</summary>
        public string? NameAt(Registration address, string? instance) =>
            _claims.GetValueOrDefault((address.Address, address.Port, instance))?.Member.Registration.Name;

        public void Add(Entry entry)
        {
            Entries.Add(entry.Member.Registration.Name, entry);
            entry.Place = _order.AddLast(entry);
            Claim(entry);
        }

        public void Remove(Entry entry)
        {
            Entries.Remove(entry.Member.Registration.Name);
            _order.Remove(entry.Place!);
            Unclaim(entry);
        }

        public void Update(Entry entry, Member member)
        {
            Unclaim(entry);
            entry.Member = member;
            Claim(entry);
        }

        private void Claim(Entry entry) => _claims[ClaimOf(entry)] = entry;

        private void Unclaim(Entry entry)
        {
            var claim = ClaimOf(entry);
            if (_claims.GetValueOrDefault(claim) == entry) _claims.Remove(claim);
        }

        private static (IPAddress, int, string?) ClaimOf(Entry entry)
        {
            Registration registration = entry.Member.Registration;
            return (registration.Address, registration.Port, registration.Instance);
        }
    }
}
