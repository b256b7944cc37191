using Llama.Mesh.Membership;

namespace Llama.Mesh.Plans;

/// <summary>Works out what a configuration will cost and show, before anyone deploys it. Pure.</summary>
public static class PlanForecast
{
    private const int HeaderOctetsIPv4 = 20 + 8;
    private const int HeaderOctetsIPv6 = 40 + 8;

    /// <summary>The groups that a configuration names, in its order; the default group where it names none.</summary>
    public static IReadOnlyList<string> GroupsOf(ServerConfiguration configuration, string defaultGroup) =>
        [.. configuration.Groups.Keys
            .Concat(configuration.Between.SelectMany(test => new[] { test.From, test.To }))
            .DefaultIfEmpty(defaultGroup)
            .Distinct(StringComparer.Ordinal)];

    /// <summary>A forecast for each group.</summary>
    /// <param name="configuration">How groups test.</param>
    /// <param name="groups">The groups, each once.</param>
    /// <param name="membersOf">The members of a group, real ones or <see cref="ExampleMembers"/>; asked once for each.</param>
    public static IReadOnlyList<GroupForecast> Of(
        ServerConfiguration configuration, IReadOnlyList<string> groups, Func<string, IReadOnlyList<Member>> membersOf)
    {
        IEnumerable<string> asked = groups.Concat(configuration.Between.Select(test => test.To)).Distinct(StringComparer.Ordinal);
        Dictionary<string, IReadOnlyList<Member>> members = asked.ToDictionary(group => group, membersOf, StringComparer.Ordinal);
        Dictionary<string, Dictionary<string, Load>> loads = members.ToDictionary(
            group => group.Key,
            group => group.Value.ToDictionary(member => member.Registration.Name, _ => new Load(), StringComparer.Ordinal),
            StringComparer.Ordinal);
        foreach (GroupPlan plan in groups.Select(group => MeshPlanner.Plan(group, configuration, name => members[name])))
        {
            foreach (PlannedTest test in plan.Tests)
                Add(plan, test, loads);
        }

        return [.. groups.Select(group => Forecast(group, configuration.Of(group), loads[group].Values))];
    }

    private static void Add(GroupPlan plan, PlannedTest test, Dictionary<string, Dictionary<string, Load>> loads)
    {
        var rate = new Rate(plan.Settings);
        Dictionary<string, Load> senders = loads[plan.Group];
        HashSet<string> leaveThemselvesOut = test.IsSameForAll && test.Group == plan.Group ? [.. test.Pool.Select(one => one.Name)] : [];
        var testers = new int[test.Pool.Count];
        foreach ((string name, Load load) in senders)
        {
            IReadOnlyList<int>? targets = test.TargetsOf(name);
            foreach (int target in targets ?? [])
                testers[target]++;
            load.Send(rate, targets?.Count ?? test.Pool.Count - Itself(name));
        }

        for (int i = 0; i < testers.Length; i++)
        {
            string name = test.Pool[i].Name;
            loads[test.Group][name].Answer(rate, test.IsSameForAll ? senders.Count - Itself(name) : testers[i]);
        }

        int Itself(string name) => leaveThemselvesOut.Contains(name) ? 1 : 0;
    }

    private static GroupForecast Forecast(string group, GroupSettings settings, IReadOnlyCollection<Load> loads) => new()
    {
        Group = group,
        Settings = settings,
        Probes = loads.Count,
        Targets = Spread.Of(loads, load => load.Targets),
        Testers = Spread.Of(loads, load => load.Testers),
        Pairs = loads.Sum(load => (long)load.Targets),
        DatagramsPerSecond = Spread.Of(loads, load => load.DatagramsPerSecond),
        BitsPerSecondIPv4 = Spread.Of(loads, load => load.BitsPerSecond(HeaderOctetsIPv4)),
        BitsPerSecondIPv6 = Spread.Of(loads, load => load.BitsPerSecond(HeaderOctetsIPv6)),
    };

    /// <summary>What one pair costs.</summary>
    private readonly record struct Rate(double DatagramsPerSecond, double PayloadBytesPerSecond)
    {
        public Rate(GroupSettings settings)
            : this(
                settings.CyclesPerSecond * settings.Ports.Sum(port => port.Count),
                settings.CyclesPerSecond * settings.Ports.Sum(port => (double)port.Count * port.Size))
        {
        }
    }

    /// <summary>What one probe has to do.</summary>
    private sealed class Load
    {
        private double _payloadBytesPerSecond;

        public int Targets { get; private set; }

        public int Testers { get; private set; }

        public double DatagramsPerSecond { get; private set; }

        public void Send(Rate rate, int targets)
        {
            Targets += targets;
            Carry(rate, targets);
        }

        public void Answer(Rate rate, int testers)
        {
            Testers += testers;
            Carry(rate, testers);
        }

        public double BitsPerSecond(int headerOctets) => 8 * (_payloadBytesPerSecond + headerOctets * DatagramsPerSecond);

        private void Carry(Rate rate, int pairs)
        {
            DatagramsPerSecond += rate.DatagramsPerSecond * pairs;
            _payloadBytesPerSecond += rate.PayloadBytesPerSecond * pairs;
        }
    }
}
