using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

public class MeshPlannerTests
{
    private static readonly string[] Path = ["region", "site"];

    private static readonly Gen<MeshPlan> AnyPlan = Gen.OneOf(
        Gen.Constant<MeshPlan>(new FullPlan()),
        Gen.Constant<MeshPlan>(new HubPlan("region", "a")),
        Gen.Choose(1, 40).Select(MeshPlan (degree) => new SamplePlan(degree)),
        Gen.Choose(1, 4).Select(MeshPlan (representatives) => new TieredPlan(Path, representatives)));

    private static readonly Gen<(MeshPlan Plan, Member[] Members, EchoRule Echo)> AnyGroup =
        from plan in AnyPlan
        from members in Mesh.AnyMembers(60, Path)
        from echo in Gen.Elements(EchoRule.Off, EchoRule.Warn, EchoRule.Require)
        select (plan, members, echo);

    [Fact]
    public void Nobody_tests_itself_or_anyone_twice() => ForAny(group =>
    {
        PlannedTest test = Mesh.Plan(group.Plan, group.Members, group.Echo);
        foreach (Member member in group.Members)
        {
            string[] targets = Mesh.TargetsOf(test, member);
            Assert.DoesNotContain(member.Registration.Name, targets);
            Assert.Equal(targets.Length, targets.Distinct().Count());
        }
    });

    [Fact]
    public void Targets_can_be_counted_and_indexed_as_they_are_listed() => ForAny(group =>
    {
        PlannedTest test = Mesh.Plan(group.Plan, group.Members, group.Echo);
        foreach (IReadOnlyList<int> targets in group.Members.Select(member => test.TargetsOf(member.Registration.Name)).OfType<IReadOnlyList<int>>())
            Assert.Equal(targets, Enumerable.Range(0, targets.Count).Select(i => targets[i]));
    });

    [Fact]
    public void Pairs_are_counted_as_they_are_listed() => ForAny(group =>
    {
        ServerConfiguration configuration = Mesh.Configuration(group.Plan, group.Echo) with { Between = [new CrossTest(Mesh.Group, "other", 2), new CrossTest(Mesh.Group, "more", null)] };
        Member[] others = Mesh.Members(group.Members.Length / 2);
        GroupPlan plan = MeshPlanner.Plan(Mesh.Group, configuration, name => name == Mesh.Group ? group.Members : others);

        Assert.Equal(plan.Tests.Sum(test => Mesh.Pairs(test, group.Members).Count), plan.Pairs);
    });

    [Fact]
    public void The_pool_keeps_the_order_of_joining_and_leaves_out_who_must_answer_and_does_not() => ForAny(group =>
    {
        IEnumerable<Member> expected = group.Members.Where(member => group.Echo != EchoRule.Require || member.Echo == EchoState.Confirmed);
        Assert.Equal(expected.Select(member => member.Registration), Mesh.Plan(group.Plan, group.Members, group.Echo).Pool);
    });

    [Fact]
    public void The_order_of_joining_changes_no_pair() => ForAny(group =>
    {
        Member[] otherwise = [.. group.Members.OrderBy(member => member.Registration.Name.Length).Reverse()];
        Assert.Equal(
            Mesh.Pairs(Mesh.Plan(group.Plan, group.Members, group.Echo), group.Members),
            Mesh.Pairs(Mesh.Plan(group.Plan, otherwise, group.Echo), otherwise));
    });

    [Fact]
    public void A_member_that_may_not_be_sent_to_still_sends() => ForAny(group =>
    {
        PlannedTest test = Mesh.Plan(group.Plan with { }, group.Members, EchoRule.Require);
        foreach (Member member in group.Members.Where(_ => group.Plan is FullPlan or SamplePlan))
            Assert.NotEqual(test.Pool.Any(one => one.Name != member.Registration.Name), Mesh.TargetsOf(test, member).Length == 0);
    });

    [Fact]
    public void Full_hub_and_tiered_plans_test_every_pair_both_ways() => ForAny(group =>
    {
        if (group.Plan is SamplePlan)
            return;
        HashSet<(string From, string To)> pairs = Mesh.Pairs(Mesh.Plan(group.Plan, group.Members), group.Members);
        Assert.All(pairs, pair => Assert.Contains((pair.To, pair.From), pairs));
    });

    [Fact]
    public void In_a_full_mesh_all_get_the_same_list()
    {
        Member[] members = Mesh.Members(5);
        PlannedTest test = Mesh.Plan(new FullPlan(), members);
        Assert.True(test.IsSameForAll);
        Assert.Equal(20, Mesh.Pairs(test, members).Count);
    }

    [Fact]
    public void Hubs_test_all_and_the_others_test_the_hubs_alone() => ForAny(group =>
    {
        var plan = new HubPlan("region", "a");
        string[] all = [.. group.Members.Select(member => member.Registration.Name)];
        string[] hubs = [.. group.Members.Where(member => member.Registration.TagOf("region") == "a").Select(member => member.Registration.Name)];
        PlannedTest test = Mesh.Plan(plan, group.Members);
        foreach (Member member in group.Members)
        {
            string own = member.Registration.Name;
            Assert.Equal((hubs.Contains(own) ? all : hubs).Where(name => name != own), Mesh.TargetsOf(test, member));
        }
    });

    [Fact]
    public void A_group_without_members_has_a_plan_without_targets()
    {
        PlannedTest test = Mesh.Plan(new SamplePlan(8), []);
        Assert.Empty(test.Pool);
        Assert.Empty(Mesh.TargetsOf(test, Mesh.Member("stranger")));
    }

    [Fact]
    public void Who_is_no_member_has_no_targets_where_each_has_its_own() =>
        Assert.Empty(Mesh.TargetsOf(Mesh.Plan(new SamplePlan(2), Mesh.Members(9)), Mesh.Member("stranger")));

    private static void ForAny(Action<(MeshPlan Plan, Member[] Members, EchoRule Echo)> holds) =>
        Prop.ForAll(AnyGroup.ToArbitrary(), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
}
