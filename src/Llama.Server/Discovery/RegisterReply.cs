using Llama.Mesh.Membership;

namespace Llama.Server.Discovery;

/// <summary>What became of a registration.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Holder">The registration in force under that group and name; null where the group has no room.</param>
/// <param name="ConfigTag">What the probe's configuration is known by now, without quotes: changes whenever the configuration may.</param>
internal readonly record struct RegisterReply(RegisterOutcome Outcome, Registration? Holder, string ConfigTag);
