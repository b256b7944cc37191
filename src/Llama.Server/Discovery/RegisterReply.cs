using Llama.Mesh.Membership;

namespace Llama.Server.Discovery;

/// <summary>What became of a registration.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Holder">The registration in force under that group and name; null where the group has no room.</param>
/// <param name="ConfigTag">What the probe's configuration is known by now, without quotes: changes whenever the configuration may.</param>
internal readonly record struct RegisterReply(RegisterOutcome Outcome, Registration? Holder, string ConfigTag);

/// <summary>What can become of a registration.</summary>
internal enum RegisterOutcome
{
    /// <summary>It is new.</summary>
    Joined,

    /// <summary>It was there, and its lease begins anew.</summary>
    Renewed,

    /// <summary>It was there with other tags, version or keepalive.</summary>
    Changed,

    /// <summary>It was there with another address.</summary>
    ChangedAddress,

    /// <summary>The name was that of another probe, which has fallen silent.</summary>
    Replaced,

    /// <summary>Refused: another probe that is alive has the name.</summary>
    NameTaken,

    /// <summary>Refused: there are as many probes as the server takes.</summary>
    Full,
}
