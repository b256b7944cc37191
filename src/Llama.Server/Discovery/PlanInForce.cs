using Llama.Mesh.Plans;

namespace Llama.Server.Discovery;

/// <summary>A plan and what it is known by.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Tag">Another text for every plan that may differ, also after a restart; letters, digits and dashes.</param>
internal sealed record PlanInForce(GroupPlan Plan, string Tag);
