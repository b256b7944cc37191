namespace Llama.Server.Joining;

/// <summary>A discovery server did not do what a probe asked of it. The message is one printable line for the operator.</summary>
public sealed class ServerRefusalException : Exception
{
    internal ServerRefusalException(RefusalKind kind, string message, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
        RetryAfter = retryAfter;
    }

    /// <summary>What kind of refusal it is.</summary>
    public RefusalKind Kind { get; }

    /// <summary>When the server wants to be asked again; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; }
}

/// <summary>Why a server did not do what it was asked.</summary>
public enum RefusalKind
{
    /// <summary>It could not be reached, or did not answer in time.</summary>
    Away,

    /// <summary>It has too much to do, or is unwell.</summary>
    Busy,

    /// <summary>The token is missing or not the right one.</summary>
    NotAllowed,

    /// <summary>Another probe that is alive has the name.</summary>
    NameTaken,

    /// <summary>It knows of no such thing: the probe is not registered, or the server is an older one.</summary>
    Unknown,

    /// <summary>What was sent makes no sense to it.</summary>
    Refused,
}
