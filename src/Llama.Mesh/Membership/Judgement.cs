namespace Llama.Mesh.Membership;

/// <summary>What would become of a registration, worked out by <see cref="MemberRoll.Judge"/>. Immutable.</summary>
public sealed record Judgement
{
    /// <summary>What.</summary>
    public required RegisterOutcome Outcome { get; init; }

    /// <summary>The registration that is in force then; null where there is no room.</summary>
    public required Registration? Holder { get; init; }

    /// <summary>Names in the same group that it puts an end to: the same probe called itself so before.</summary>
    public IReadOnlyList<string> Displaced { get; init; } = [];

    /// <summary>True when something is to be stored and seen.</summary>
    public bool IsChange => Outcome is RegisterOutcome.Joined or RegisterOutcome.Changed or RegisterOutcome.ChangedAddress or RegisterOutcome.Replaced;
}

/// <summary>A member and its lease at one moment.</summary>
/// <param name="Member">The member.</param>
/// <param name="HeardAt">When it was last heard of.</param>
/// <param name="EndsAt">When its lease ends unless it is heard of.</param>
public readonly record struct Standing(Member Member, TimeSpan HeardAt, TimeSpan EndsAt);
