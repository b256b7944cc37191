using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh.Membership;

namespace Llama.Tests.Mesh.Membership;

/// <summary>What holds whatever probes do, and whenever: checked against the rules, written down once more as plainly as can be.</summary>
public class MemberRollPropertyTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(90);

    private static readonly Gen<Move> Registering =
        from mesh in Gen.Elements("g", "h")
        from name in Gen.Elements("a", "b", "c")
        from address in Gen.Elements("10.0.0.1", "10.0.0.2")
        from instance in Gen.Elements(null, null, "x", "y")
        from keepalive in Gen.Elements(20, 100, 1000)
        from tag in Gen.Elements("1", "1", "1", "2")
        select new Move(StepKind.Register, Server.Discovery.Joining.Probe(name, address, instance: instance, keepaliveSeconds: keepalive, @group: mesh, tags: ("t", tag)), 0);

    private static readonly Gen<Move> AnyStep = Gen.Frequency(
        (6, Registering),
        (2, from seconds in Gen.Elements(1, 5, 30, 95) select new Move(StepKind.Pass, null, seconds)),
        (2, Gen.Constant(new Move(StepKind.Expire, null, 0))),
        (1, from step in Registering select step with { Kind = StepKind.Remove }),
        (1, from step in Registering from echo in Gen.Choose(0, 2) select step with { Kind = StepKind.Echo, Number = echo }));

    private static readonly Arbitrary<Move[]> AnySteps = AnyStep.ListOf().Select(steps => steps.ToArray()).ToArbitrary();

    public enum StepKind
    {
        Register,
        Pass,
        Expire,
        Remove,
        Echo,
    }

    [Fact]
    public void Names_have_one_holder_and_registrations_come_to_what_the_rules_say() => Check(steps =>
    {
        var played = new Played();
        foreach (Move step in steps)
        {
            string before = played.Model.ToString();
            string expected = played.Model.Play(step);
            string actual = played.Play(step);
            Assert.True(expected == actual, $"{step}: expected {expected}, got {actual}; before: {before}");
            Assert.Equal(played.Model.ToString(), played.ToString());
        }
    });

    [Fact]
    public void Leases_end_when_they_are_over_and_not_before() => Check(steps =>
    {
        var played = new Played();
        foreach (Move step in steps)
        {
            IReadOnlyList<Standing> before = played.All;
            played.Play(step);
            if (step.Kind != StepKind.Expire) continue;
            Assert.Equal(before.Where(one => one.EndsAt > played.Now).Select(one => one.Member), played.All.Select(one => one.Member));
        }
    });

    [Fact]
    public void A_version_grows_with_what_can_be_seen_and_only_then() => Check(steps =>
    {
        var played = new Played();
        var highest = new Dictionary<string, long>();
        foreach (Move step in steps)
        {
            foreach (string group in (string[])["g", "h"])
            {
                GroupSnapshot? before = played.Roll.Find(group);
                long? planBefore = played.Roll.PlanVersionOf(group);
                highest[group] = before?.Version ?? highest.GetValueOrDefault(group);
            }

            Dictionary<string, (GroupSnapshot? Members, long? Plan)> then = new[] { "g", "h" }.ToDictionary(
                group => group, group => (played.Roll.Find(group), played.Roll.PlanVersionOf(group)));
            played.Roll.TakeChangedPlans();
            played.Play(step);
            IReadOnlyList<string> changedPlans = played.Roll.TakeChangedPlans();
            foreach ((string group, (GroupSnapshot? members, long? plan)) in then)
            {
                GroupSnapshot? now = played.Roll.Find(group);
                bool same = (members?.Members ?? []).SequenceEqual(now?.Members ?? [], ReferenceEqualityComparer.Instance);
                if (same) Assert.Equal(members?.Version, now?.Version);
                else if (now is not null) Assert.True(now.Version > highest[group]);
                Assert.Equal(plan != played.Roll.PlanVersionOf(group), changedPlans.Contains(group));
                if (step.Kind == StepKind.Echo) Assert.Equal(plan, played.Roll.PlanVersionOf(group));
            }
        }
    });

    [Fact]
    public void Events_tell_in_order_who_is_there() => Check(steps =>
    {
        var played = new Played();
        foreach (Move step in steps) played.Play(step);

        var there = new HashSet<(string, string)>();
        Assert.Equal(Enumerable.Range(1, played.Events.Count).Select(i => (long)i), played.Events.Select(one => one.Sequence));
        foreach (MeshEvent one in played.Events)
        {
            bool news = one.Kind switch
            {
                MeshEventKind.Joined => there.Add((one.Group, one.Name)),
                MeshEventKind.Left or MeshEventKind.Removed => there.Remove((one.Group, one.Name)),
                _ => there.Contains((one.Group, one.Name)),
            };
            Assert.True(news, $"{one}");
        }

        Assert.Equal(played.All.Select(one => (one.Member.Registration.Group, one.Member.Registration.Name)).Order(), there.Order());
    });

    [Fact]
    public void A_wall_clock_that_is_stepped_changes_nothing_but_dates() => Check(steps =>
    {
        var steady = new Played();
        var stepped = new Played();
        int i = 0;
        foreach (Move step in steps)
        {
            stepped.Wall = (i++ % 3) switch
            {
                0 => DateTimeOffset.UnixEpoch,
                1 => new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero),
                _ => stepped.Wall,
            };
            Assert.Equal(steady.Play(step), stepped.Play(step));
            Assert.Equal(steady.ToString(), stepped.ToString());
        }
    });

    [Fact]
    public void What_is_taken_as_heard_of_was_heard_of_since_it_was_last_taken() => Check(steps =>
    {
        var played = new Played();
        foreach (Move[] some in steps.Chunk(5))
        {
            TimeSpan from = played.Now;
            foreach (Move step in some) played.Play(step);
            IReadOnlyList<Standing> heard = played.Roll.TakeHeard(int.MaxValue);
            Assert.All(heard, one => Assert.Contains(one, played.All));
            Assert.All(played.All.Where(one => one.HeardAt > from), one => Assert.Contains(one, heard));
            Assert.Empty(played.Roll.TakeHeard(int.MaxValue));
        }
    });

    private static void Check(Action<Move[]> check) =>
        Prop.ForAll(AnySteps, steps =>
        {
            check(steps);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithEndSize(80));

    public sealed record Move(StepKind Kind, Registration? Probe, int Number)
    {
        public override string ToString() =>
            Probe is null ? $"{Kind} {Number}" : $"{Kind} {Probe.Group}/{Probe.Name} {Probe.Id} {Probe.Instance} {Probe.Keepalive} {Probe.TagOf("t")}";
    }

    /// <summary>The roll, and what is expected of it.</summary>
    private sealed class Played
    {
        public MemberRoll Roll { get; } = new(new MembershipRules { Silence = Silence, Followers = group => group == "h" ? ["g"] : [] });

        public Model Model { get; } = new();

        public TimeSpan Now { get; private set; } = TimeSpan.FromDays(1);

        public DateTimeOffset Wall { get; set; } = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

        public List<MeshEvent> Events { get; } = [];

        public IReadOnlyList<Standing> All =>
            [.. Roll.GroupNames.SelectMany(name => Roll.Find(name)!.Members).Select(member => Roll.Find(member.Registration.Group, member.Registration.Name)!.Value)];

        public string Play(Move step)
        {
            switch (step.Kind)
            {
                case StepKind.Register:
                    Judgement judgement = Roll.Judge(step.Probe!, Now, Wall);
                    Events.AddRange(Roll.Apply(judgement, Now, Wall));
                    return judgement.Outcome.ToString();
                case StepKind.Remove:
                    MeshEvent? removed = Roll.Remove(step.Probe!.Group, step.Probe.Name, Wall);
                    if (removed is not null) Events.Add(removed);
                    return (removed is not null).ToString();
                case StepKind.Expire:
                    int before = Roll.Count;
                    while (!Roll.Expire(Now, Wall, 2, Events))
                    {
                    }

                    return (before - Roll.Count).ToString();
                case StepKind.Echo:
                    return Roll.SetEcho(step.Probe!, (EchoState)step.Number, plans: false).ToString();
                default:
                    Now += TimeSpan.FromSeconds(step.Number);
                    Wall += TimeSpan.FromSeconds(step.Number);
                    return "";
            }
        }

        public override string ToString() => string.Join(", ", All.Select(Text).Order());

        private string Text(Standing one) =>
            Text(one.Member.Registration, one.Member.Echo, Now - one.HeardAt, one.EndsAt - Now);

        public static string Text(Registration probe, EchoState echo, TimeSpan silent, TimeSpan left) =>
            $"{probe.Group}/{probe.Name} {probe.Id} {probe.Instance} {probe.TagOf("t")} {echo} {silent} {left}";
    }

    /// <summary>The rules, with nothing in mind but themselves.</summary>
    private sealed class Model
    {
        private readonly List<(Registration Probe, EchoState Echo, TimeSpan HeardAt)> _members = [];
        private TimeSpan _now;

        public string Play(Move step)
        {
            int held = step.Probe is { } probe ? _members.FindIndex(one => one.Probe.Group == probe.Group && one.Probe.Name == probe.Name) : -1;
            switch (step.Kind)
            {
                case StepKind.Register:
                    return Register(step.Probe!, held).ToString();
                case StepKind.Remove:
                    if (held >= 0) _members.RemoveAt(held);
                    return (held >= 0).ToString();
                case StepKind.Expire:
                    return _members.RemoveAll(one => one.HeardAt + one.Probe.Keepalive <= _now).ToString();
                case StepKind.Echo:
                    if (held < 0 || _members[held].Echo == (EchoState)step.Number || !_members[held].Probe.IsAtTheAddressOf(step.Probe!)) return "False";
                    _members[held] = _members[held] with { Echo = (EchoState)step.Number };
                    return "True";
                default:
                    _now += TimeSpan.FromSeconds(step.Number);
                    return "";
            }
        }

        public override string ToString() => string.Join(
            ", ", _members.Select(one => Played.Text(one.Probe, one.Echo, _now - one.HeardAt, one.HeardAt + one.Probe.Keepalive - _now)).Order());

        private RegisterOutcome Register(Registration probe, int held)
        {
            RegisterOutcome outcome = RegisterOutcome.Joined;
            EchoState echo = EchoState.Unknown;
            if (held >= 0)
            {
                Registration holder = _members[held].Probe;
                bool sameAddress = holder.Id == probe.Id, sameInstance = probe.Instance is not null && holder.Instance == probe.Instance;
                bool sameWords = holder.TagOf("t") == probe.TagOf("t") && holder.Keepalive == probe.Keepalive && holder.Instance == probe.Instance;
                outcome = sameAddress && sameWords ? RegisterOutcome.Renewed
                    : sameAddress ? RegisterOutcome.Changed
                    : sameInstance ? RegisterOutcome.ChangedAddress
                    : _now - _members[held].HeardAt < Silence ? RegisterOutcome.NameTaken
                    : RegisterOutcome.Replaced;
                if (outcome == RegisterOutcome.NameTaken) return outcome;
                if (sameAddress) echo = _members[held].Echo;
                if (outcome == RegisterOutcome.Renewed)
                {
                    _members[held] = _members[held] with { HeardAt = _now };
                    return outcome;
                }
            }

            _members.RemoveAll(one => one.Probe.Group == probe.Group && one.Probe.Name == probe.Name);
            _members.RemoveAll(one => one.Probe.Group == probe.Group && one.Probe.Id == probe.Id
                && (one.Probe.Instance is null || one.Probe.Instance == probe.Instance));
            _members.Add((probe, echo, _now));
            return outcome;
        }
    }
}
