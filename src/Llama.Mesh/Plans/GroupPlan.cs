using Llama.Mesh.Membership;

namespace Llama.Mesh.Plans;

/// <summary>What the probes of one group are to do, worked out once for all of them. Immutable; any thread may read it.</summary>
public sealed class GroupPlan
{
    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>Its settings.</summary>
    public required GroupSettings Settings { get; init; }

    /// <summary>The test within the group, then one for each other group that it tests, in the configuration's order. Pools may be empty.</summary>
    public required IReadOnlyList<PlannedTest> Tests { get; init; }

    /// <summary>How many pairs of a member and a target that makes, over all tests.</summary>
    public required long Pairs { get; init; }
}

/// <summary>One test of a group: who may be sent to, and who of them each member sends to.</summary>
public sealed class PlannedTest
{
    private readonly IReadOnlyDictionary<string, IReadOnlyList<int>>? _chosen;

    /// <summary>A test.</summary>
    /// <param name="group">The group that is tested.</param>
    /// <param name="pool">Those who may be sent to.</param>
    /// <param name="chosen">Indices into the pool by name of the sender, each once; null when each sends to all but itself.</param>
    public PlannedTest(string group, IReadOnlyList<Registration> pool, IReadOnlyDictionary<string, IReadOnlyList<int>>? chosen)
    {
        Group = group;
        Pool = pool;
        _chosen = chosen;
    }

    /// <summary>The group that is tested.</summary>
    public string Group { get; }

    /// <summary>Those who may be sent to, in the order they joined; without those that the group's echo rule leaves out.</summary>
    public IReadOnlyList<Registration> Pool { get; }

    /// <summary>True when every member sends to all of the pool but itself, so that all get the same list.</summary>
    public bool IsSameForAll => _chosen is null;

    /// <summary>How many pairs it has.</summary>
    /// <param name="members">How many members send.</param>
    /// <param name="isOwn">True where the group tests itself: then all of the pool are among them.</param>
    internal long PairsOf(int members, bool isOwn) =>
        _chosen is null ? (long)members * Pool.Count - (isOwn ? Pool.Count : 0) : _chosen.Values.Sum(targets => (long)targets.Count);

    /// <summary>Indices into <see cref="Pool"/> of those a member sends to, each once and never itself. Null stands for all but itself.</summary>
    public IReadOnlyList<int>? TargetsOf(string name) => _chosen?.GetValueOrDefault(name, []);
}
