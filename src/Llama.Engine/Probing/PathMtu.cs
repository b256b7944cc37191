using System.Net;

namespace Llama.Engine.Probing;

/// <summary>The largest datagrams that pass between here and a reflector, each way. Immutable.</summary>
public sealed record PathMtu
{
    /// <summary>The reflector.</summary>
    public required IPEndPoint Target { get; init; }

    /// <summary>The way there. Null where the reflector does not count what it receives: then only <see cref="Reverse"/> is known.</summary>
    public required PathLimit? Forward { get; init; }

    /// <summary>The way back; where <see cref="Forward"/> is null, the whole round trip.</summary>
    public required PathLimit Reverse { get; init; }
}

/// <summary>The largest datagram that passes one way.</summary>
/// <param name="Size">Its UDP payload in bytes.</param>
/// <param name="LimitedBy">Why a larger one does not.</param>
public readonly record struct PathLimit(int Size, SizeLimit LimitedBy);

/// <summary>Why larger datagrams do not pass.</summary>
public enum SizeLimit
{
    /// <summary>They may: nothing larger was tried.</summary>
    None,

    /// <summary>This host sends none: its interface takes none, or (with portable sockets) its kernel knows that the path does not.</summary>
    Local,

    /// <summary>They get lost on the way.</summary>
    Path,

    /// <summary>They may, but none can be tried, because none gets there.</summary>
    OtherWay,
}

/// <summary>Settings of a <see cref="PathMtuSearch"/>.</summary>
public sealed record PathMtuOptions
{
    /// <summary>The reflector.</summary>
    public required IPEndPoint Target { get; init; }

    /// <summary>The address to send from; the wildcard leaves the choice to the kernel.</summary>
    public IPAddress Source { get; init; } = IPAddress.Any;

    /// <summary>The ToS or traffic class octet.</summary>
    public byte Class { get; init; }

    /// <summary>How long a first reply may take; later ones are waited for as long as the first ones let expect.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The largest UDP payload to try.</summary>
    public int MaxSize { get; init; } = SourcePort.MaxSize;

    /// <summary>The key that datagrams are authenticated with; empty for none.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }
}
