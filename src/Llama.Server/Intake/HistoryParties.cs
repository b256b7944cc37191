using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Llama.Mesh.Membership;
using Llama.Storage.History;

namespace Llama.Server.Intake;

/// <summary>
/// Who measured and whom, as the history has them: the same object for the same destination as long as nothing of it changes. A member
/// has the address and tags it registered with, whoever else is measured those that its pairs have. Any thread may call it.
/// </summary>
/// <param name="find">A member by group and name; null when there is none.</param>
internal sealed class HistoryParties(Func<string, string, Member?> find)
{
    /// <summary>Most destinations held; beyond, all of them are made anew as they come.</summary>
    private const int Most = 200_000;

    private readonly ConditionalWeakTable<Registration, HistorySource> _sources = [];
    private readonly ConcurrentDictionary<Key, Known> _destinations = new();

    /// <summary>Who measured.</summary>
    public HistorySource Source(PushedProbe probe) => find(probe.Group, probe.Name) is { } member
        ? _sources.GetValue(member.Registration, static of => new HistorySource(of.Group, of.Name, TagsOf(of)))
        : new HistorySource(probe.Group, probe.Name, []);

    /// <summary>Whom a pair of a report measured.</summary>
    public HistoryDestination Destination(string group, PushedReport report, in PushedPair pair)
    {
        var key = new Key(group, pair.Destination, pair.Host ?? "");
        Known? known = _destinations.GetValueOrDefault(key);
        Registration? member = known?.Member is { } before && find(before.Group, before.Name)?.Registration is { } still && ReferenceEquals(before, still)
            ? before
            : DestinationNames.FindMember(find, group, pair.Destination)?.Registration;
        if (known is not null && ReferenceEquals(known.Member, member) && known.IsOf(report, pair)) return known.Destination;
        if (_destinations.Count >= Most) _destinations.Clear();
        known = Known.Of(report, pair, member);
        _destinations[key] = known;
        return known.Destination;
    }

    private static KeyValuePair<string, string>[] TagsOf(Registration member) =>
        [.. member.Tags.Where(tag => !tag.Key.StartsWith("src_", StringComparison.Ordinal))];

    private readonly record struct Key(string Group, string Name, string Host);

    /// <summary>A destination, and what it was made of. Immutable.</summary>
    /// <param name="Member">The member that it is; null where it is none.</param>
    /// <param name="Destination">The destination.</param>
    /// <param name="Tags">The tags that it had as octets, where it is no member.</param>
    private sealed record Known(Registration? Member, HistoryDestination Destination, (byte[] Key, byte[] Value)[] Tags)
    {
        public static Known Of(PushedReport report, in PushedPair pair, Registration? member)
        {
            var own = new List<(byte[] Key, byte[] Value)>();
            if (member is null)
                foreach (PlacedTag tag in report.Tags[pair.Tags]) own.Add((report.Tags.Key(tag).ToArray(), report.Tags.Value(tag).ToArray()));
            var destination = new HistoryDestination
            {
                Name = pair.Destination,
                Host = pair.Host ?? "",

                // Sources may reach a member in different ways: then it would be another one with each report.
                Address = member is null ? pair.Address ?? "" : member.Address.ToString(),
                Port = member?.Port ?? pair.Port,
                Tags = member is null ? [.. own.Where(tag => !tag.Key.AsSpan().StartsWith("src_"u8)).Select(Text)] : TagsOf(member),
            };
            return new Known(member, destination, [.. own]);
        }

        public bool IsOf(PushedReport report, in PushedPair pair)
        {
            if (Member is not null) return true;
            if (Destination.Port != pair.Port || Destination.Address != (pair.Address ?? "")) return false;
            ReadOnlySpan<PlacedTag> tags = report.Tags[pair.Tags];
            if (tags.Length != Tags.Length) return false;
            for (int i = 0; i < tags.Length; i++)
            {
                if (!report.Tags.Key(tags[i]).SequenceEqual(Tags[i].Key) || !report.Tags.Value(tags[i]).SequenceEqual(Tags[i].Value)) return false;
            }

            return true;
        }

        private static KeyValuePair<string, string> Text((byte[] Key, byte[] Value) tag) =>
            new(Encoding.UTF8.GetString(tag.Key), Encoding.UTF8.GetString(tag.Value));
    }
}
