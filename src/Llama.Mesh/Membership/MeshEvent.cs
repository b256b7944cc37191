using System.Net;

namespace Llama.Mesh.Membership;

/// <summary>Something that happened to a member, for people and for the events feed. Immutable.</summary>
/// <param name="Sequence">From 1, one more for each event since the server started.</param>
/// <param name="At">When, by the server's wall clock.</param>
/// <param name="Kind">What.</param>
/// <param name="Group">The probe's group.</param>
/// <param name="Name">The probe.</param>
/// <param name="Address">Its address, the newest one.</param>
/// <param name="Port">Its port.</param>
/// <param name="PreviousAddress">The address it had, where that is another one.</param>
public sealed record MeshEvent(
    long Sequence, DateTimeOffset At, MeshEventKind Kind, string Group, string Name, IPAddress Address, int Port, IPAddress? PreviousAddress);

/// <summary>What can happen to a member.</summary>
public enum MeshEventKind
{
    /// <summary>It is new.</summary>
    Joined,

    /// <summary>Its lease ran out.</summary>
    Left,

    /// <summary>Somebody removed it.</summary>
    Removed,

    /// <summary>Another probe took over its name, after it had fallen silent.</summary>
    Replaced,

    /// <summary>The same probe, somewhere else.</summary>
    ChangedAddress,

    /// <summary>Its tags, version or lease changed.</summary>
    Changed,
}
