using Llama.Mesh.Membership;

namespace Llama.Mesh.Plans;

/// <summary>
/// Works out who tests whom. Pure: the same members and settings give the same pairs in every process, whatever the order they joined in.
/// </summary>
public static class MeshPlanner
{
    /// <summary>The plan of a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="configuration">How groups test.</param>
    /// <param name="membersOf">The members of a group, each name once, in the order they joined; empty for a group that has none.</param>
    public static GroupPlan Plan(string group, ServerConfiguration configuration, Func<string, IReadOnlyList<Member>> membersOf)
    {
        GroupSettings settings = configuration.Of(group);
        IReadOnlyList<Member> members = membersOf(group);
        PlannedTest[] tests =
        [
            Within(group, settings, members),
            .. configuration.Between
                .Where(test => test.From == group)
                .Select(test => Across(test, members, Pool(membersOf(test.To), configuration.Of(test.To).Echo))),
        ];
        return new GroupPlan
        {
            Group = group,
            Settings = settings,
            Tests = tests,
            Pairs = tests.Sum(test => test.PairsOf(members.Count, isOwn: test == tests[0])),
        };
    }

    private static PlannedTest Within(string group, GroupSettings settings, IReadOnlyList<Member> members)
    {
        Registration[] pool = Pool(members, settings.Echo);
        IReadOnlyDictionary<string, IReadOnlyList<int>>? chosen = settings.Plan switch
        {
            HubPlan plan => Hubs(plan, members, pool),
            SamplePlan plan => Sample(group, plan.Degree, members, pool),
            TieredPlan plan => new TierSplit(group, plan, members, pool).Choose(),
            _ => null,
        };
        return new PlannedTest(group, pool, chosen);
    }

    private static PlannedTest Across(CrossTest test, IReadOnlyList<Member> members, Registration[] pool) =>
        new(test.To, pool, test.Degree < pool.Length ? new HashRings(test.To, pool, test.Degree.Value).Choose(test.From, members) : null);

    // Whoever does not answer is not sent to, and still sends.
    private static Registration[] Pool(IReadOnlyList<Member> members, EchoRule rule) =>
        [.. members.Where(member => rule != EchoRule.Require || member.Echo == EchoState.Confirmed).Select(member => member.Registration)];

    private static Dictionary<string, IReadOnlyList<int>> Hubs(HubPlan plan, IReadOnlyList<Member> members, Registration[] pool)
    {
        int[] all = [.. Enumerable.Range(0, pool.Length)];
        int[] hubs = [.. all.Where(i => IsHub(pool[i]))];
        Dictionary<string, int> places = PoolPlaces.Of(pool);
        return members.ToDictionary(
            member => member.Registration.Name,
            IReadOnlyList<int> (member) =>
                !IsHub(member.Registration) ? hubs
                : places.TryGetValue(member.Registration.Name, out int own) ? new SharedTargets([new(all, [own])])
                : all);

        bool IsHub(Registration registration) => registration.TagOf(plan.Tag) == plan.Value;
    }

    private static Dictionary<string, IReadOnlyList<int>>? Sample(
        string group, int degree, IReadOnlyList<Member> members, Registration[] pool)
    {
        int most = pool.Length == members.Count ? pool.Length - 1 : pool.Length;
        return degree < most ? new HashRings(group, pool, degree).Choose(group, members) : null;
    }
}
