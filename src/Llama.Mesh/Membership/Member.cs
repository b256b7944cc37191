namespace Llama.Mesh.Membership;

/// <summary>A registered probe and what the server found out about it. Immutable.</summary>
/// <param name="Registration">What the probe said.</param>
/// <param name="Echo">Whether its reflector answers at the address it claims.</param>
public sealed record Member(Registration Registration, EchoState Echo);

/// <summary>Whether a datagram of the server came back from a probe's reflector (return routability).</summary>
public enum EchoState
{
    /// <summary>Not tried, or no result yet.</summary>
    Unknown,

    /// <summary>It came back.</summary>
    Confirmed,

    /// <summary>It did not.</summary>
    Missing,
}
