using System.Net;

namespace Llama.Mesh.Joining;

/// <summary>Who a probe is to its mesh. Immutable.</summary>
public sealed record ProbeIdentity
{
    /// <summary>The group whose members it tests.</summary>
    public required string Group { get; init; }

    /// <summary>Its name in the group (<c>probe_shortname</c>).</summary>
    public required string Name { get; init; }

    /// <summary>Its long name (<c>probe_name</c>), usually the host's.</summary>
    public required string FullName { get; init; }

    /// <summary>The UDP port of its reflector, and the TCP port of its API.</summary>
    public required int Port { get; init; }

    /// <summary>The address it sends from; the wildcard, by default, leaves that to the kernel.</summary>
    public IPAddress Source { get; init; } = IPAddress.Any;
}
