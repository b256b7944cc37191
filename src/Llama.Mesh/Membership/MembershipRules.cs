namespace Llama.Mesh.Membership;

/// <summary>What a <see cref="MemberRoll"/> goes by. Immutable.</summary>
public sealed record MembershipRules
{
    /// <summary>Most members of all groups.</summary>
    public int MaxMembers { get; init; } = int.MaxValue;

    /// <summary>A name's holder that was heard of within this time keeps the name; one that was not gives way to a newcomer.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>The groups whose plans show members of a group, besides itself.</summary>
    public Func<string, IReadOnlyList<string>> Followers { get; init; } = _ => [];
}
