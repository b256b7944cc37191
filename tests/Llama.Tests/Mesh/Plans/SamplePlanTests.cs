using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

public class SamplePlanTests
{
    private static readonly Gen<(int Degree, Member[] Members)> AnyGroup =
        from degree in Gen.Choose(1, 24)
        from members in Mesh.AnyMembers(120)
        select (degree, members);

    [Fact]
    public void Every_member_has_as_many_targets_as_the_degree_says_or_all_others() => ForAny((degree, members) =>
    {
        PlannedTest test = Mesh.Plan(new SamplePlan(degree), members);
        Assert.All(members, member => Assert.Equal(Math.Min(degree, members.Length - 1), Mesh.TargetsOf(test, member).Length));
    });

    [Fact]
    public void Every_member_reaches_every_other_over_tested_pairs() => ForAny((degree, members) =>
    {
        PlannedTest test = Mesh.Plan(new SamplePlan(degree), members);
        Assert.All(members.Take(3), member => Assert.Equal(members.Length, Mesh.ReachedFrom(member, test, members)));
    });

    [Fact]
    public void A_degree_that_reaches_all_is_a_full_mesh() =>
        Assert.True(Mesh.Plan(new SamplePlan(8), Mesh.Members(9)).IsSameForAll);

    [Theory]
    [InlineData(4, 6)]
    [InlineData(8, 12)]
    [InlineData(8, 1000)]
    [InlineData(40, 1000)]
    public void Every_member_is_tested_by_about_as_many(int degree, int count)
    {
        Member[] members = Mesh.Members(count);
        ILookup<string, string> testers = Mesh.Pairs(Mesh.Plan(new SamplePlan(degree), members), members).ToLookup(pair => pair.To, pair => pair.From);
        Assert.All(members, member => Assert.InRange(testers[member.Registration.Name].Count(), degree / 2, degree * 3 / 2));
    }

    [Fact]
    public void One_that_joins_or_leaves_moves_few_pairs() => ForAny((degree, members) =>
    {
        if (members.Length < 3)
            return;
        Member[] fewer = members[1..];
        HashSet<(string From, string To)> pairs = Mesh.Pairs(Mesh.Plan(new SamplePlan(degree), members), members);
        pairs.SymmetricExceptWith(Mesh.Pairs(Mesh.Plan(new SamplePlan(degree), fewer), fewer));
        string own = members[0].Registration.Name;
        // Its own pairs come and go; beyond them one pair for each that tested it, and the few that give way to each other.
        Assert.InRange(pairs.Count(pair => pair.From == own || pair.To == own), 0, degree * 4);
        Assert.InRange(pairs.Count(pair => pair.From != own && pair.To != own), 0, degree * 4);
    });

    [Fact]
    public void A_sample_stays_connected_when_a_third_of_its_members_fail()
    {
        Member[] members = Mesh.Members(3000);
        PlannedTest test = Mesh.Plan(new SamplePlan(8), members);
        HashSet<string> alive = [.. members.Where((_, i) => i % 3 != 0).Select(member => member.Registration.Name)];
        (string From, string To)[] pairs = [.. Mesh.Pairs(test, members).Where(pair => alive.Contains(pair.From) && alive.Contains(pair.To))];
        ILookup<string, string> next = pairs.Concat(pairs.Select(pair => (From: pair.To, To: pair.From))).ToLookup(pair => pair.From, pair => pair.To);
        var reached = new HashSet<string> { alive.First() };
        var open = new Stack<string>(reached);
        while (open.TryPop(out string? name))
        {
            foreach (string to in next[name].Where(reached.Add))
                open.Push(to);
        }

        Assert.Equal(alive.Count, reached.Count);
    }

    [Fact]
    public void The_same_names_give_the_same_sample_in_every_version()
    {
        // Servers of two versions share groups while they are replaced. What is written here must not change.
        Member[] members = Mesh.Members(6);
        PlannedTest test = Mesh.Plan(new SamplePlan(2), members);
        Assert.Equal("2,4 3,5 3,4 0,1 2,5 0,1", string.Join(' ', members.Select(member => string.Join(',', test.TargetsOf(member.Registration.Name)!))));
    }

    private static void ForAny(Action<int, Member[]> holds) =>
        Prop.ForAll(AnyGroup.ToArbitrary(), group => holds(group.Degree, group.Members)).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
}
