using System.Globalization;
using System.Net;
using Llama.Mesh.Membership;

namespace Llama.Mesh.Plans;

/// <summary>Makes up members for a forecast, with the tags that a plan asks for.</summary>
public sealed record ExampleMembers
{
    /// <summary>How many.</summary>
    public required int Count { get; init; }

    /// <summary>How many of them are hubs, where the plan has hubs. Default: 2.</summary>
    public int Hubs { get; init; } = 2;

    /// <summary>
    /// Into how many a tier falls on each level, from the highest, where the plan has tiers; at least 1 each. Levels that are missing
    /// get what makes their number and that of a lowest tier's members equal: ten and ten for 1,000 probes and two levels.
    /// </summary>
    public IReadOnlyList<int> Tiers { get; init; } = [];

    /// <summary>The members of a group.</summary>
    public IReadOnlyList<Member> Of(string group, MeshPlan plan) =>
        [.. Enumerable.Range(0, Count).Select(i => new Member(
            new Registration
            {
                Group = group,
                Name = $"probe-{i + 1}",
                FullName = $"probe-{i + 1}",
                Address = IPAddress.Loopback,
                Port = 8100,
                Keepalive = TimeSpan.FromDays(1),
                Tags = plan switch
                {
                    HubPlan hub when i < Hubs => [new(hub.Tag, hub.Value)],
                    TieredPlan tiered => Path(tiered, i),
                    _ => [],
                },
            },
            EchoState.Confirmed))];

    // One after the other goes to the next tier of each level, as the digits of a counter turn, so that all fill evenly.
    private KeyValuePair<string, string>[] Path(TieredPlan plan, int index)
    {
        int alike = Math.Max(1, (int)Math.Round(Math.Pow(Count, 1.0 / (plan.Path.Count + 1))));
        var path = new KeyValuePair<string, string>[plan.Path.Count];
        for (int level = 0; level < path.Length; level++)
        {
            int split = level < Tiers.Count ? Tiers[level] : alike;
            path[level] = new(plan.Path[level], (index % split).ToString(CultureInfo.InvariantCulture));
            index /= split;
        }

        return path;
    }
}
