using Llama.Mesh.Membership;

namespace Llama.Mesh.Plans;

/// <summary>
/// Samples of a pool. Its members stand on up to <see cref="MaxRings"/> rings, on each in another order that only their names decide.
/// Whoever samples takes those that follow its own place: one on each ring (more where there are more targets than rings), going on
/// where one is taken already.
/// <para>
/// One ring alone is a cycle through the whole group, so a group's sample always is connected. More of them make a random regular
/// graph, which stays connected when members or links fail. In a group everyone follows one other on each ring, so each is tested by
/// as many as it tests, give or take the few that two rings choose alike. Who joins comes between two neighbours on each ring, and
/// nobody else minds.
/// </para>
/// </summary>
internal sealed class HashRings
{
    // Beyond these more rings cost sorting and gain nothing.
    private const int MaxRings = 16;

    private readonly string _group;
    private readonly Registration[] _pool;
    private readonly int[] _quotas;
    private readonly Ring[] _rings;

    public HashRings(string group, Registration[] pool, int degree)
    {
        _group = group;
        _pool = pool;
        int rings = Math.Min(degree, MaxRings);
        _quotas = [.. Enumerable.Range(0, rings).Select(i => degree / rings + (i < degree % rings ? 1 : 0))];
        ulong[] hashes = [.. pool.Select(one => StableHash.Of(group, one.Name))];
        _rings = [.. Enumerable.Range(0, rings).Select(i => new Ring(i, hashes, pool))];
    }

    /// <summary>The sample of each sender. The pool has more members than each may choose.</summary>
    /// <param name="group">The senders' group.</param>
    /// <param name="senders">The senders.</param>
    public Dictionary<string, IReadOnlyList<int>> Choose(string group, IReadOnlyList<Member> senders)
    {
        var chosen = new Dictionary<string, IReadOnlyList<int>>(senders.Count, StringComparer.Ordinal);
        // For each of the pool the last sender that chose it, counted from 1.
        var takenBy = new int[_pool.Length];
        foreach (Member member in senders)
        {
            string name = member.Registration.Name;
            chosen.Add(name, Choose(name, StableHash.Of(group, name), isOwnGroup: group == _group, takenBy, chosen.Count + 1));
        }

        return chosen;
    }

    private int[] Choose(string name, ulong hash, bool isOwnGroup, int[] takenBy, int sender)
    {
        var targets = new int[_quotas.Sum()];
        int count = 0;
        for (int i = 0; i < _rings.Length; i++)
        {
            int place = _rings[i].PlaceAfter(hash, name);
            for (int left = _quotas[i]; left > 0; place++)
            {
                int target = _rings[i][place];
                if (takenBy[target] == sender || (isOwnGroup && _pool[target].Name == name))
                    continue;
                takenBy[target] = sender;
                targets[count++] = target;
                left--;
            }
        }

        Array.Sort(targets);
        return targets;
    }

    private sealed class Ring
    {
        private readonly int _salt;
        private readonly Registration[] _pool;
        private readonly ulong[] _keys;
        private readonly int[] _order;

        public Ring(int salt, ulong[] hashes, Registration[] pool)
        {
            _salt = salt;
            _pool = pool;
            _keys = [.. hashes.Select(hash => StableHash.Salted(hash, salt))];
            _order = [.. Enumerable.Range(0, pool.Length)];
            Array.Sort(_keys, _order);
            OrderEqualKeysByName();
        }

        /// <summary>Who stands at a place; after the last comes the first.</summary>
        public int this[int place] => _order[place % _order.Length];

        /// <summary>The place that follows a sender's, be it on the ring or not.</summary>
        public int PlaceAfter(ulong hash, string name)
        {
            ulong key = StableHash.Salted(hash, _salt);
            int low = 0;
            int high = _keys.Length;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (_keys[middle] < key)
                    low = middle + 1;
                else
                    high = middle;
            }

            while (low < _keys.Length && _keys[low] == key && string.CompareOrdinal(_pool[_order[low]].Name, name) <= 0)
                low++;
            return low;
        }

        // Nobody meets two such names by chance, but the order of joining must not show even then.
        private void OrderEqualKeysByName()
        {
            for (int start = 0, end; start < _keys.Length; start = end)
            {
                end = start + 1;
                while (end < _keys.Length && _keys[end] == _keys[start])
                    end++;
                if (end - start > 1)
                    Array.Sort(_order, start, end - start, Comparer<int>.Create((a, b) => string.CompareOrdinal(_pool[a].Name, _pool[b].Name)));
            }
        }
    }
}
