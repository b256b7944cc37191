using Llama.Mesh.Membership;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Intake;

/// <summary>Whom an intake takes reports from, where they go besides the matrix, and how much it holds. Immutable.</summary>
internal sealed record IntakeOptions
{
    /// <summary>A member by group and name; null when there is none.</summary>
    public required Func<string, string, Member?> FindMember { get; init; }

    /// <summary>The members of a group; null when it has none.</summary>
    public required Func<string, GroupSnapshot?> FindGroup { get; init; }

    /// <summary>All groups with members.</summary>
    public required Func<IReadOnlyList<GroupSnapshot>> Groups { get; init; }

    /// <summary>Answers a request that may not push for a group; null for one that may. Asked once the body has said which group.</summary>
    public Func<HttpContext, string, Task?> Refuse { get; init; } = (_, _) => null;

    /// <summary>
    /// Where each report passes that is new, before it is acknowledged; in turn for each probe. False where it was known from before this
    /// process. An <see cref="IOException"/> refuses it: the probe keeps it and comes again.
    /// </summary>
    public Func<PushedProbe, PushedReport, CancellationToken, ValueTask<bool>> Keep { get; init; } = (_, _, _) => ValueTask.FromResult(true);

    /// <summary>Most probes that have pushed within a day.</summary>
    public int MaxProbes { get; init; } = 200_000;

    /// <summary>Most pairs and classes of all probes; further ones are taken, counted and not shown.</summary>
    public int MaxPairs { get; init; } = 2_000_000;

    /// <summary>Most pairs and classes of one probe; likewise.</summary>
    public int MaxPairsPerProbe { get; init; } = 50_000;

    /// <summary>Most columns of a matrix for destinations that are neither members nor push.</summary>
    public int MaxOtherColumns { get; init; } = 1_000;

    /// <summary>Most values of one answer: pairs times metrics.</summary>
    public long MaxValues { get; init; } = 16_000_000;

    /// <summary>Octets that all bodies under way may take together.</summary>
    public long BodyBytes { get; init; } = 256 * 1024 * 1024;
}
