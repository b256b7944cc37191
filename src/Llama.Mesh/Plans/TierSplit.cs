using Llama.Mesh.Membership;

namespace Llama.Mesh.Plans;

/// <summary>
/// Splits a group along the tags of a <see cref="TieredPlan"/>. Within a lowest tier everybody tests everybody; where a tier falls
/// into several, the representatives of each test those of its siblings. Members without a tag, or with an empty one, are a tier of
/// their own. Representatives are told by their names' hashes, on each level anew so that the work is spread; those that may be sent
/// to come first, so that a tier can be tested as long as anyone in it can.
/// </summary>
internal sealed class TierSplit
{
    private readonly TieredPlan _plan;
    private readonly Registration[] _senders;
    private readonly ulong[] _hashes;
    // For each sender its place in the pool, or -1.
    private readonly int[] _places;
    private readonly List<SharedPart>[] _parts;

    public TierSplit(string group, TieredPlan plan, IReadOnlyList<Member> members, Registration[] pool)
    {
        Dictionary<string, int> places = PoolPlaces.Of(pool);
        _plan = plan;
        _senders = [.. members.Select(member => member.Registration)];
        _hashes = [.. _senders.Select(sender => StableHash.Of(group, sender.Name))];
        _places = [.. _senders.Select(sender => places.GetValueOrDefault(sender.Name, -1))];
        _parts = [.. _senders.Select(_ => new List<SharedPart>(1))];
    }

    /// <summary>The targets of each member.</summary>
    public Dictionary<string, IReadOnlyList<int>> Choose()
    {
        Split([.. Enumerable.Range(0, _senders.Length)], 0);
        var chosen = new Dictionary<string, IReadOnlyList<int>>(_senders.Length, StringComparer.Ordinal);
        for (int i = 0; i < _senders.Length; i++)
            chosen.Add(_senders[i].Name, new SharedTargets(_parts[i]));
        return chosen;
    }

    private void Split(int[] tier, int level)
    {
        if (level == _plan.Path.Count)
        {
            Connect([.. tier.Select(i => new[] { i })]);
            return;
        }

        string tag = _plan.Path[level];
        int[][] lower = [.. tier.GroupBy(i => _senders[i].TagOf(tag) ?? "", StringComparer.Ordinal).Select(one => one.ToArray())];
        Connect([.. lower.Select(one => Representatives(one, level))]);
        foreach (int[] one in lower)
            Split(one, level + 1);
    }

    private int[] Representatives(int[] tier, int level) =>
    [
        .. tier
            .OrderBy(i => _places[i] < 0)
            .ThenBy(i => StableHash.Salted(_hashes[i], level))
            .ThenBy(i => _senders[i].Name, StringComparer.Ordinal)
            .Take(_plan.Representatives),
    ];

    // Each of a set sends to all of the other sets.
    private void Connect(int[][] sets)
    {
        if (sets.Length < 2)
            return;
        int[] all = Places(sets.SelectMany(set => set));
        foreach (int[] set in sets)
        {
            var part = new SharedPart(all, Places(set));
            foreach (int sender in set)
                _parts[sender].Add(part);
        }
    }

    private int[] Places(IEnumerable<int> senders) => [.. senders.Select(i => _places[i]).Where(place => place >= 0).Order()];
}
