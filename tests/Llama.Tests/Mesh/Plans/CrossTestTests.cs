using Llama.Mesh.Membership;
using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

public class CrossTestTests
{
    [Fact]
    public void Tests_to_other_groups_come_behind_the_own_one_in_the_order_of_the_configuration()
    {
        GroupPlan plan = Plan(5, 3, new CrossTest(Mesh.Group, "far", null), new CrossTest("far", Mesh.Group, 1), new CrossTest(Mesh.Group, "nobody", 2));
        Assert.Equal([Mesh.Group, "far", "nobody"], plan.Tests.Select(test => test.Group));
        Assert.True(plan.Tests[1].IsSameForAll);
        Assert.Equal(3, plan.Tests[1].Pool.Count);
        Assert.Empty(plan.Tests[2].Pool);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(29)]
    [InlineData(30)]
    [InlineData(99)]
    public void Each_member_tests_as_many_of_the_other_group_as_the_degree_says_or_all(int degree)
    {
        PlannedTest test = Plan(50, 30, new CrossTest(Mesh.Group, "far", degree)).Tests[1];
        Assert.Equal(degree >= 30, test.IsSameForAll);
        Assert.All(Mesh.Members(50), member =>
        {
            string[] targets = Mesh.TargetsOf(test, member);
            Assert.Equal(Math.Min(degree, 30), targets.Distinct().Count());
            Assert.Equal(targets.Length, targets.Distinct().Count());
        });
    }

    [Fact]
    public void A_member_may_test_its_namesake_in_another_group()
    {
        PlannedTest test = Plan(20, 20, new CrossTest(Mesh.Group, "far", 10)).Tests[1];
        Assert.Contains(Mesh.Members(20), member => Mesh.TargetsOf(test, member).Contains(member.Registration.Name));
    }

    [Fact]
    public void One_that_leaves_the_other_group_moves_the_pairs_of_those_that_tested_it_alone()
    {
        Member[] members = Mesh.Members(200);
        var cross = new CrossTest(Mesh.Group, "far", 4);
        HashSet<(string From, string To)> before = Mesh.Pairs(Plan(200, 101, cross).Tests[1], members);
        HashSet<(string From, string To)> after = Mesh.Pairs(Plan(200, 100, cross).Tests[1], members);
        IEnumerable<string> touched = before.Where(pair => pair.To == "probe-101").Select(pair => pair.From);
        before.SymmetricExceptWith(after);
        Assert.Equal(touched.Order(), before.Select(pair => pair.From).Distinct().Order());
    }

    [Fact]
    public void The_rule_of_the_tested_group_says_who_may_be_sent_to()
    {
        var configuration = new ServerConfiguration
        {
            Groups = new Dictionary<string, GroupSettings> { ["far"] = new() { Echo = EchoRule.Require } },
            Between = [new CrossTest(Mesh.Group, "far", null)],
        };
        Member[] silent = [Mesh.Member("a", EchoState.Missing), Mesh.Member("b")];
        GroupPlan plan = MeshPlanner.Plan(Mesh.Group, configuration, _ => silent);
        Assert.Equal(["a", "b"], plan.Tests[0].Pool.Select(one => one.Name));
        Assert.Equal(["b"], plan.Tests[1].Pool.Select(one => one.Name));
    }

    private static GroupPlan Plan(int members, int others, params CrossTest[] tests) => MeshPlanner.Plan(
        Mesh.Group,
        new ServerConfiguration { Between = tests },
        group => group switch { Mesh.Group => Mesh.Members(members), "far" => Mesh.Members(others), _ => [] });
}
