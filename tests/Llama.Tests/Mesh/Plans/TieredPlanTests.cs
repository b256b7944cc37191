using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

public class TieredPlanTests
{
    private static readonly string[] Path = ["region", "site"];

    private static readonly Gen<(int Representatives, Member[] Members)> AnyGroup =
        from representatives in Gen.Choose(1, 4)
        from members in Mesh.AnyMembers(80, Path)
        select (representatives, members);

    [Fact]
    public void Within_the_lowest_tier_everybody_tests_everybody() => ForAny((representatives, members) =>
    {
        HashSet<(string, string)> pairs = Mesh.Pairs(Mesh.Plan(new TieredPlan(Path, representatives), members), members);
        foreach (Member[] tier in members.GroupBy(TierOf).Select(tier => tier.ToArray()))
        {
            foreach (Member from in tier)
                Assert.All(tier.Where(to => to != from), to => Assert.Contains((from.Registration.Name, to.Registration.Name), pairs));
        }
    });

    [Fact]
    public void Every_two_siblings_are_tested_by_their_representatives_and_by_nobody_else() => ForAny((representatives, members) =>
    {
        HashSet<(string From, string To)> pairs = Mesh.Pairs(Mesh.Plan(new TieredPlan(Path, representatives), members), members);
        Dictionary<string, Member> byName = members.ToDictionary(member => member.Registration.Name);
        Check(members, Region);
        foreach (IGrouping<string, Member> region in members.GroupBy(Region))
            Check([.. region], TierOf);

        void Check<T>(Member[] within, Func<Member, T> tierOf)
            where T : notnull
        {
            Dictionary<T, int> sizes = within.CountBy(tierOf).ToDictionary();
            ILookup<(T From, T To), (string From, string To)> between = pairs
                .Where(pair => within.Contains(byName[pair.From]) && within.Contains(byName[pair.To]))
                .ToLookup(pair => (tierOf(byName[pair.From]), tierOf(byName[pair.To])));
            foreach (T from in sizes.Keys)
            {
                foreach (T to in sizes.Keys.Where(to => !to.Equals(from)))
                    Assert.Equal(Math.Min(representatives, sizes[from]) * Math.Min(representatives, sizes[to]), between[(from, to)].Count());
            }
        }
    });

    [Fact]
    public void Every_member_reaches_every_other_over_tested_pairs() => ForAny((representatives, members) =>
    {
        PlannedTest test = Mesh.Plan(new TieredPlan(Path, representatives), members);
        Assert.All(members.Take(2), member => Assert.Equal(members.Length, Mesh.ReachedFrom(member, test, members)));
    });

    [Fact]
    public void Members_without_a_tag_are_a_tier_of_their_own()
    {
        Member[] members = [Mesh.Member("a", "region=x"), Mesh.Member("b", "region=x"), Mesh.Member("c"), Mesh.Member("d", "region="), Mesh.Member("e", "region=y")];
        PlannedTest test = Mesh.Plan(new TieredPlan(["region"], 1), members);
        Assert.Contains("d", Mesh.TargetsOf(test, members[2]));
        Assert.DoesNotContain("c", Mesh.TargetsOf(test, members[0]).Intersect(Mesh.TargetsOf(test, members[1])));
    }

    [Fact]
    public void A_site_of_one_region_is_no_sibling_of_a_site_with_the_same_name_in_another()
    {
        Member[] members =
        [
            Mesh.Member("a", "region=x", "site=1"), Mesh.Member("b", "region=x", "site=1"), Mesh.Member("c", "region=y", "site=1"), Mesh.Member("d", "region=y", "site=1"),
        ];
        PlannedTest test = Mesh.Plan(new TieredPlan(Path, 1), members);
        Assert.Equal(6, Mesh.Pairs(test, members).Count);
    }

    [Fact]
    public void Representatives_are_those_that_may_be_sent_to_where_a_tier_has_any()
    {
        Member[] members =
        [
            .. Enumerable.Range(0, 50).Select(i => Mesh.Member($"a{i}", i == 33 ? EchoState.Confirmed : EchoState.Missing, "region=x")),
            Mesh.Member("b", "region=y"),
            Mesh.Member("c", EchoState.Missing, "region=z"),
        ];
        PlannedTest test = Mesh.Plan(new TieredPlan(["region"], 1), members, EchoRule.Require);
        Assert.Equal(["a33"], Mesh.TargetsOf(test, members[50]));
        Assert.Equal(["a33", "b"], Mesh.TargetsOf(test, members[51]).Order());
    }

    [Fact]
    public void One_that_joins_moves_no_pairs_but_those_of_the_representative_whose_place_it_takes() => ForAny((representatives, members) =>
    {
        if (members.Length < 2)
            return;
        Member[] fewer = members[1..];
        var plan = new TieredPlan(Path, representatives);
        HashSet<(string From, string To)> pairs = Mesh.Pairs(Mesh.Plan(plan, members), members);
        pairs.SymmetricExceptWith(Mesh.Pairs(Mesh.Plan(plan, fewer), fewer));
        string own = members[0].Registration.Name;
        string[] others = [.. pairs.Where(pair => pair.From != own && pair.To != own).SelectMany(pair => new[] { pair.From, pair.To })];
        // On each level at most one gives way.
        IEnumerable<string> gaveWay = members.Where(member => TierOf(member) == TierOf(members[0]) || Region(member) == Region(members[0])).Select(member => member.Registration.Name);
        Assert.True(others.Length == 0 || others.Intersect(gaveWay).Any());
        Assert.InRange(others.CountBy(name => name).Count(name => name.Value > 4 * representatives), 0, Path.Length);
    });

    [Fact]
    public void The_same_names_give_the_same_representatives_in_every_version()
    {
        Member[] members = [.. Enumerable.Range(0, 8).Select(i => Mesh.Member($"probe-{i}", $"region={i / 4}"))];
        PlannedTest test = Mesh.Plan(new TieredPlan(["region"], 1), members);
        Assert.Equal("(probe-2, probe-5) (probe-5, probe-2)", string.Join(' ', Mesh.Pairs(test, members).Where(pair => Region(members[pair.From[^1] - '0']) != Region(members[pair.To[^1] - '0']))));
    }

    [Fact]
    public void Ten_thousand_members_in_one_tier_are_planned_without_a_list_of_all_pairs()
    {
        Member[] members = Mesh.Members(10_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        PlannedTest test = Mesh.Plan(new TieredPlan(["region"], 2), members);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 40L << 20);
        Assert.Equal(9_999, test.TargetsOf("probe-1")!.Count);
    }

    private static string Region(Member member) => member.Registration.TagOf("region") ?? "";

    private static (string, string) TierOf(Member member) => (Region(member), member.Registration.TagOf("site") ?? "");

    private static void ForAny(Action<int, Member[]> holds) =>
        Prop.ForAll(AnyGroup.ToArbitrary(), group => holds(group.Representatives, group.Members)).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
}
