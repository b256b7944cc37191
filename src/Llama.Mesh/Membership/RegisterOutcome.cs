namespace Llama.Mesh.Membership;

/// <summary>What can become of a registration.</summary>
public enum RegisterOutcome
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
