using System.Net;
using Llama.Engine;

namespace Llama.Server.Collecting;

/// <summary>
/// Tags by destination address, as the Go collector keeps them: the last target of an address gives its tags whole, and an
/// address that a new plan does not name keeps what it had. Immutable.
/// </summary>
internal sealed class TargetTags
{
    private readonly Dictionary<IPAddress, Entry> _entries;

    private TargetTags(Dictionary<IPAddress, Entry> entries) => _entries = entries;

    /// <summary>No tags for any address.</summary>
    public static TargetTags None { get; } = new([]);

    /// <summary>The tags of an address; null where no plan ever named it.</summary>
    public IReadOnlyDictionary<string, string>? this[IPAddress address] =>
        _entries.TryGetValue(address.Canonical(), out Entry entry) ? entry.Tags : null;

    /// <summary>The tags once <paramref name="plan"/> is in force.</summary>
    /// <param name="plan">Whose targets give tags.</param>
    /// <param name="now">The moment it came into force.</param>
    /// <param name="forgetBefore">Addresses that no plan has named since then are dropped, so that the table stays small.</param>
    public TargetTags With(ProbingPlan plan, TimeSpan now, TimeSpan forgetBefore)
    {
        var entries = new Dictionary<IPAddress, Entry>();
        foreach ((IPAddress address, Entry entry) in _entries)
        {
            TimeSpan removed = entry.Removed ?? now;
            if (removed >= forgetBefore) entries[address] = entry with { Removed = removed };
        }

        foreach (Target target in plan.Tests.SelectMany(test => test.Targets))
        {
            if (target.EndPoint is { } endPoint) entries[endPoint.Address.Canonical()] = new Entry(target.Tags, null);
        }

        return new TargetTags(entries);
    }

    private readonly record struct Entry(IReadOnlyDictionary<string, string> Tags, TimeSpan? Removed);
}
