namespace Llama.Mesh.Membership;

/// <summary>The members of a group at one moment. Immutable; any thread may read it.</summary>
/// <param name="Name">The group.</param>
/// <param name="Version">Grows by every change that can be seen of the members, also while the group is empty, and never by a renewal.</param>
/// <param name="Members">In the order they joined.</param>
public sealed record GroupSnapshot(string Name, long Version, IReadOnlyList<Member> Members);
