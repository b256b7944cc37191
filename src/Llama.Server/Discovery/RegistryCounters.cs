using Llama.Mesh.Membership;

namespace Llama.Server.Discovery;

/// <summary>What a registry has counted since it started. Immutable.</summary>
internal sealed record RegistryCounters
{
    /// <summary>Registrations by <see cref="RegisterOutcome"/>.</summary>
    public IReadOnlyList<long> Registrations { get; init; } = new long[Enum.GetValues<RegisterOutcome>().Length];

    /// <summary>Members whose lease ran out.</summary>
    public long Expired { get; init; }

    /// <summary>Members that somebody removed.</summary>
    public long Removed { get; init; }

    /// <summary>Changes that could not be stored.</summary>
    public long StoreFailures { get; init; }

    /// <summary>Plans worked out.</summary>
    public long PlansBuilt { get; init; }

    /// <summary>Time that working them out took.</summary>
    public TimeSpan PlanBuildTime { get; init; }
}
