using System.Net;

namespace Llama.Engine.Reflecting;

/// <summary>Settings of a <see cref="Reflector"/>.</summary>
public sealed record ReflectorOptions
{
    /// <summary>Where it listens. The IPv6 wildcard takes both families. Default: port 8100 on all addresses.</summary>
    public IPEndPoint Bind { get; init; } = new(IPAddress.IPv6Any, 8100);

    /// <summary>Threads, each with a socket of its own on the same port. Default: 1.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Datagrams answered in a second at the most, over all workers and sources; the rest is dropped and counted. Null for no limit.</summary>
    public double? MaxPerSecond { get; init; } = 5000;

    /// <summary>
    /// The same for each source address, at each worker: the kernel spreads the flows of one address over them. Null for no limit.
    /// </summary>
    public double? MaxPerSecondPerSource { get; init; } = 2500;

    /// <summary>The key that datagrams must be authenticated with; empty answers all. With a key, what is not authenticated is dropped.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }
}

/// <summary>What became of datagrams that arrived at a reflector.</summary>
public enum ReflectorVerdict
{
    /// <summary>Sent back.</summary>
    Reflected,

    /// <summary>Not a well-formed Probe, or without a ToS field.</summary>
    Malformed,

    /// <summary>Carried the mark of a reflector: it had been sent back already.</summary>
    AlreadyReflected,

    /// <summary>The same signature from the same source too often: two reflectors were bouncing it.</summary>
    Bouncing,

    /// <summary>Came from UDP port 0, where nothing can be sent.</summary>
    SourcePortZero,

    /// <summary>Above the rate for all sources together.</summary>
    RateLimited,

    /// <summary>Above the rate for its source address.</summary>
    SourceRateLimited,

    /// <summary>A key is set, and the datagram's tag is missing or wrong.</summary>
    NotAuthenticated,

    /// <summary>The kernel refused to send it back.</summary>
    SendFailed,
}

/// <summary>A reflector's counters since its start. Immutable.</summary>
public sealed record ReflectorCounters
{
    /// <summary>Datagrams received.</summary>
    public long Received { get; init; }

    /// <summary>Datagrams by what became of them, indexed by <see cref="ReflectorVerdict"/>.</summary>
    public required IReadOnlyList<long> ByVerdict { get; init; }

    /// <summary>Datagrams that the kernel dropped because a receive buffer was full.</summary>
    public long ReceiveDrops { get; init; }

    /// <summary>How many datagrams had this verdict.</summary>
    public long this[ReflectorVerdict verdict] => ByVerdict[(int)verdict];
}
