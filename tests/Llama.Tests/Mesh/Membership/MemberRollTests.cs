using Llama.Mesh.Membership;
using static Llama.Tests.Server.Discovery.Joining;

namespace Llama.Tests.Mesh.Membership;

public class MemberRollTests
{
    private static readonly DateTimeOffset Wall = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly MemberRoll _roll = new(new MembershipRules { MaxMembers = 3 });
    private readonly List<MeshEvent> _events = [];
    private TimeSpan _now = TimeSpan.FromHours(1);

    [Fact]
    public void Two_live_probes_with_one_name_the_first_keeps_it()
    {
        Register(Probe("a", "10.0.0.1", instance: "x"));
        Pass(89);

        Assert.Equal(RegisterOutcome.NameTaken, Register(Probe("a", "10.0.0.2", instance: "y")));
        Assert.Equal("10.0.0.1:8100", Held("a"));
    }

    [Fact]
    public void A_silent_holder_gives_way()
    {
        Register(Probe("a", "10.0.0.1", instance: "x", keepaliveSeconds: 86400));
        Pass(90);

        Assert.Equal(RegisterOutcome.Replaced, Register(Probe("a", "10.0.0.2", instance: "y")));
        MeshEvent replaced = _events[^1];
        Assert.Equal((MeshEventKind.Replaced, "10.0.0.2", "10.0.0.1"), (replaced.Kind, replaced.Address.ToString(), replaced.PreviousAddress?.ToString()));
    }

    [Fact]
    public void A_probe_that_moves_keeps_its_name_and_its_place()
    {
        Register(Probe("a", "10.0.0.1", instance: "x"));
        Register(Probe("b", "10.0.0.2", instance: "y"));

        Assert.Equal(RegisterOutcome.ChangedAddress, Register(Probe("a", "10.0.0.3", instance: "x")));
        Assert.Equal(["a", "b"], _roll.Find("g")!.Members.Select(member => member.Registration.Name));
        Assert.Equal("10.0.0.1", _events[^1].PreviousAddress?.ToString());
    }

    [Fact]
    public void One_probe_of_the_original_under_another_name_takes_the_place_of_the_old_one()
    {
        Register(Probe("old"));

        Assert.Equal(RegisterOutcome.Joined, Register(Probe("new")));
        Assert.Equal(["new"], _roll.Find("g")!.Members.Select(member => member.Registration.Name));
        Assert.Equal([MeshEventKind.Joined, MeshEventKind.Removed, MeshEventKind.Joined], _events.Select(one => one.Kind));
    }

    [Fact]
    public void Probes_behind_one_address_stay_apart_by_their_instances()
    {
        Register(Probe("a", "192.0.2.1", instance: "x"));
        Register(Probe("b", "192.0.2.1", instance: "y"));

        Assert.Equal(2, _roll.Count);
    }

    [Fact]
    public void There_is_room_for_so_many_and_those_who_have_it_go_on()
    {
        foreach (int i in (int[])[1, 2, 3]) Register(Probe($"p{i}", $"10.0.0.{i}"));

        Assert.Equal(RegisterOutcome.Full, Register(Probe("p4", "10.0.0.4")));
        Assert.Equal(RegisterOutcome.Changed, Register(Probe("p3", "10.0.0.3", tags: ("a", "b"))));
        Assert.Equal(RegisterOutcome.Joined, Register(Probe("renamed", "10.0.0.3")));
    }

    [Fact]
    public void A_lease_that_is_made_shorter_ends_sooner()
    {
        Register(Probe("a", keepaliveSeconds: 1000));
        Register(Probe("a", keepaliveSeconds: 10));
        Pass(10);

        Assert.True(_roll.Expire(_now, Wall, 10, _events));
        Assert.Equal(0, _roll.Count);
    }

    [Fact]
    public void A_lease_without_end_does_not_end()
    {
        Register(Probe("a") with { Keepalive = TimeSpan.MaxValue });
        Pass(1e9);

        Assert.True(_roll.Expire(_now, Wall, 10, _events));
        Assert.Equal(1, _roll.Count);
    }

    [Fact]
    public void What_was_judged_comes_true_even_if_the_lease_ended_in_between()
    {
        Register(Probe("a", keepaliveSeconds: 10));
        Judgement judgement = _roll.Judge(Probe("a", keepaliveSeconds: 20), _now, Wall);
        Pass(10);
        _roll.Expire(_now, Wall, 10, _events);
        _events.AddRange(_roll.Apply(judgement, _now, Wall));

        Assert.Equal([MeshEventKind.Joined, MeshEventKind.Left, MeshEventKind.Joined], _events.Select(one => one.Kind));
        Assert.Equal(1, _roll.Count);
    }

    [Fact]
    public void An_address_that_changes_has_to_answer_again()
    {
        Register(Probe("a", "10.0.0.1", instance: "x"));
        Assert.True(_roll.SetEcho(Probe("a", "10.0.0.1"), EchoState.Confirmed, plans: true));
        Register(Probe("a", "10.0.0.1", instance: "x", tags: ("t", "v")));
        Assert.Equal(EchoState.Confirmed, _roll.Find("g", "a")!.Value.Member.Echo);

        Register(Probe("a", "10.0.0.2", instance: "x"));
        Assert.Equal(EchoState.Unknown, _roll.Find("g", "a")!.Value.Member.Echo);
        Assert.False(_roll.SetEcho(Probe("a", "10.0.0.1"), EchoState.Confirmed, plans: true));
    }

    private string? Held(string name) => _roll.Find("g", name)?.Member.Registration.Id;

    private void Pass(double seconds) => _now += TimeSpan.FromSeconds(seconds);

    private RegisterOutcome Register(Registration registration)
    {
        Judgement judgement = _roll.Judge(registration, _now, Wall);
        _events.AddRange(_roll.Apply(judgement, _now, Wall));
        return judgement.Outcome;
    }
}
