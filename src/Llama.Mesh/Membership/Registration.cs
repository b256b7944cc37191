using System.Net;

namespace Llama.Mesh.Membership;

/// <summary>
/// What a probe said of itself when it joined, checked and with its defaults filled in. Immutable; two are the same probe when
/// <see cref="Group"/> and <see cref="Name"/> are.
/// </summary>
public sealed record Registration
{
    /// <summary>The group whose members test each other.</summary>
    public required string Group { get; init; }

    /// <summary>
    /// Its name, unique in the group: the short name (<c>probe_shortname</c>), or the id for a probe that has none.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>Its long name (<c>probe_name</c>), usually a host name. Default: the same as <see cref="Name"/>.</summary>
    public required string FullName { get; init; }

    /// <summary>The address that others send to.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The UDP port of its reflector, and, as in the original, the TCP port of its collector's API. 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>How long it stays a member without being heard of, above zero.</summary>
    public required TimeSpan Keepalive { get; init; }

    /// <summary>What it runs, as it told; empty when it did not.</summary>
    public string Version { get; init; } = "";

    /// <summary>Its tags in the order it gave them, without those that have a property here.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>
    /// Tells two probes of one name from one probe that moved: random, kept by the probe over restarts. Null for the original's
    /// probes, which have none.
    /// </summary>
    public string? Instance { get; init; }

    /// <summary>True when it sends its summaries to the server, because nobody can fetch them from it.</summary>
    public bool Pushes { get; init; }

    /// <summary>
    /// The JSON object that the original's listings show for it: its registration as it came, text without duplicates of keys.
    /// Null for a probe that came over /api/v2.
    /// </summary>
    public string? OriginalJson { get; init; }

    /// <summary>When it joined or last changed, by the server's wall clock.</summary>
    public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Address and port as the original writes them: <c>192.0.2.1:8100</c>, IPv6 without brackets.</summary>
    public string Id => $"{Address}:{Port}";

    /// <summary>The value of a tag; null where it has none of that name.</summary>
    public string? TagOf(string name)
    {
        foreach ((string key, string value) in Tags)
        {
            if (key == name)
                return value;
        }

        return null;
    }

    /// <summary>True when the other says the same of itself, whenever it said so: what tells a renewal from a change.</summary>
    public bool SaysTheSameAs(Registration other) =>
        Port == other.Port && Keepalive == other.Keepalive && Pushes == other.Pushes && Address.Equals(other.Address)
        && Name == other.Name && Group == other.Group && FullName == other.FullName && Version == other.Version
        && Instance == other.Instance && OriginalJson == other.OriginalJson && Tags.SequenceEqual(other.Tags);

    /// <summary>True when the other claims the same address and port.</summary>
    public bool IsAtTheAddressOf(Registration other) => Port == other.Port && Address.Equals(other.Address);
}
