using Llama.Engine.Probing;
using Llama.Mesh.Membership;

namespace Llama.Server.Discovery;

/// <summary>A member as the registry knows it at one moment. Immutable.</summary>
/// <param name="Member">The member.</param>
/// <param name="Left">What is left of its lease; never negative.</param>
/// <param name="HeardOfAt">When it was last heard of, by the wall clock.</param>
/// <param name="Clock">Its clock against the server's; null where that is not known.</param>
internal readonly record struct KnownMember(Member Member, TimeSpan Left, DateTimeOffset HeardOfAt, ClockOffset? Clock);
