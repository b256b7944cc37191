namespace Llama.Mesh.Plans;

/// <summary>Who of a group tests whom.</summary>
public abstract record MeshPlan;

/// <summary>Every probe tests every other.</summary>
public sealed record FullPlan : MeshPlan;

/// <summary>Hubs test all, and all test the hubs; the others do not test each other.</summary>
/// <param name="Tag">The tag that tells a hub.</param>
/// <param name="Value">The value it has.</param>
public sealed record HubPlan(string Tag, string Value) : MeshPlan;

/// <summary>Every probe tests <paramref name="Degree"/> others and is tested by about as many; one that joins or leaves moves few pairs.</summary>
/// <param name="Degree">At least 1.</param>
public sealed record SamplePlan(int Degree) : MeshPlan;

/// <summary>Everybody tests everybody in the lowest tier, and a few of each tier test a few of its siblings, up to the highest.</summary>
/// <param name="Path">Tags from the highest tier to the lowest, such as region, site, rack.</param>
/// <param name="Representatives">How many of a tier test each sibling, at least 1.</param>
public sealed record TieredPlan(IReadOnlyList<string> Path, int Representatives) : MeshPlan;
