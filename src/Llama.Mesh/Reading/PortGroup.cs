namespace Llama.Mesh.Reading;

/// <summary>An entry of <c>port_groups</c>, its references not yet followed.</summary>
/// <param name="Members">Its entries.</param>
/// <param name="Findings">Takes what following them shows.</param>
internal sealed record PortGroup(IReadOnlyList<PortGroupMember> Members, Findings Findings)
{
    /// <summary>The ports; null until a test uses the group, or when one of them is of no use.</summary>
    public IReadOnlyList<PortSettings>? Ports { get; private set; }

    private bool? _referencesKnown;

    /// <summary>Follows the references; further calls report nothing again.</summary>
    /// <returns>True when all lead somewhere.</returns>
    public bool Resolve(Section<PortSettings> ports)
    {
        if (_referencesKnown is { } known)
            return known;
        known = true;
        var found = new List<PortSettings>();
        foreach (PortGroupMember member in Members)
        {
            if (!ports.TryUse(member.Port, out PortSettings? port))
            {
                known = false;
                Findings.Unfit(member.PortLine, member.PortPath, ports.Missing(member.Port));
            }
            else if (port is { Port: > 0 } && member.Count > 1)
            {
                Findings.Unfit(
                    member.CountLine,
                    member.CountPath,
                    $"is {member.Count}, but {Excerpt.OfKey(member.Port)} sends from source port {port.Port}, which opens once: set count to 1, or its port to 0");
            }
            else if (port is not null && member.Count > 0)
            {
                found.Add(port with { Count = member.Count });
            }
        }

        if (found.Count == Members.Count && found.Count > 0)
            Ports = found;
        _referencesKnown = known;
        return known;
    }
}

/// <summary>An entry of a port group, and where it stands.</summary>
internal sealed record PortGroupMember(string Port, int PortLine, KeyPath PortPath, int Count, int CountLine, KeyPath CountPath);
