using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

/// <summary>Groups for tests, and who tests whom in them.</summary>
internal static class Mesh
{
    public const string Group = "g";

    /// <summary>A member with tags written as <c>key=value</c>.</summary>
    public static Member Member(string name, params string[] tags) => Member(name, EchoState.Confirmed, tags);

    public static Member Member(string name, EchoState echo, params string[] tags) => new(
        new Registration
        {
            Group = Group,
            Name = name,
            FullName = name,
            Address = IPAddress.Loopback,
            Port = 8100,
            Keepalive = TimeSpan.FromMinutes(1),
            Tags = [.. tags.Select(tag => tag.Split('=')).Select(tag => KeyValuePair.Create(tag[0], tag[1]))],
        },
        echo);

    public static Member[] Members(int count) => [.. Enumerable.Range(1, count).Select(i => Member($"probe-{i}"))];

    /// <summary>Groups of up to some members with names of all kinds, with and without tags.</summary>
    public static Gen<Member[]> AnyMembers(int most, params string[] tags) =>
        from count in Gen.Choose(0, most)
        from names in ArbMap.Default.GeneratorFor<string>().Or(Gen.Choose(0, 1000).Select(i => $"probe-{i}")).Select(name => name ?? "").ArrayOf(count)
        from echoes in Gen.Frequency((6, Gen.Constant(EchoState.Confirmed)), (1, Gen.Elements(EchoState.Missing, EchoState.Unknown))).ArrayOf(count)
        from values in Gen.Elements(null, "", "a", "b", "c").ArrayOf(tags.Length).ArrayOf(count)
        select Enumerable.Range(0, count)
            .DistinctBy(i => names[i])
            .Select(i => Member(names[i], echoes[i], [.. tags.Zip(values[i]).Where(tag => tag.Second is not null).Select(tag => $"{tag.First}={tag.Second}")]))
            .ToArray();

    public static PlannedTest Plan(MeshPlan plan, IReadOnlyList<Member> members, EchoRule echo = EchoRule.Warn) =>
        MeshPlanner.Plan(Group, Configuration(plan, echo), group => group == Group ? members : []).Tests[0];

    public static ServerConfiguration Configuration(MeshPlan plan, EchoRule echo = EchoRule.Warn) =>
        new() { Defaults = new GroupSettings { Plan = plan, Echo = echo } };

    /// <summary>The names a member sends to, as a probe works them out.</summary>
    public static string[] TargetsOf(PlannedTest test, Member member) => test.TargetsOf(member.Registration.Name) is { } indices
        ? [.. indices.Select(i => test.Pool[i].Name)]
        : [.. test.Pool.Select(one => one.Name).Where(name => test.Group != Group || name != member.Registration.Name)];

    /// <summary>All pairs, sender first.</summary>
    public static HashSet<(string From, string To)> Pairs(PlannedTest test, IEnumerable<Member> members) =>
        [.. members.SelectMany(member => TargetsOf(test, member).Select(to => (member.Registration.Name, to)))];

    /// <summary>How many a member reaches over any number of hops, itself among them.</summary>
    public static int ReachedFrom(Member first, PlannedTest test, IEnumerable<Member> members)
    {
        ILookup<string, string> next = Pairs(test, members).ToLookup(pair => pair.From, pair => pair.To);
        var reached = new HashSet<string> { first.Registration.Name };
        var open = new Stack<string>(reached);
        while (open.TryPop(out string? name))
        {
            foreach (string to in next[name].Where(reached.Add))
                open.Push(to);
        }

        return reached.Count;
    }
}
