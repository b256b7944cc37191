using System.Net;
using Llama.Mesh.Joining;

namespace Llama.Server.Joining;

/// <summary>What a probe says of itself when it registers. Immutable.</summary>
public sealed record ProbeClaim
{
    /// <summary>Who it is.</summary>
    public required ProbeIdentity Identity { get; init; }

    /// <summary>Tells it from another probe of its name: random, kept over restarts.</summary>
    public required string Instance { get; init; }

    /// <summary>What it runs.</summary>
    public required string Version { get; init; }

    /// <summary>The address that others are to send to; null for the one that the server sees.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Its tags, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>How long it stays a member without being heard of; null leaves that to the server.</summary>
    public TimeSpan? Keepalive { get; init; }

    /// <summary>True when it pushes its summaries.</summary>
    public bool Pushes { get; init; }
}

/// <summary>What a server says to a probe that has registered. Immutable.</summary>
public sealed record RegistrationReply
{
    /// <summary>When to register again.</summary>
    public required TimeSpan Renew { get; init; }

    /// <summary>The address that others are told; null where the server does not say.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>True when the server sent a datagram to that address and nothing came back.</summary>
    public bool IsEchoMissing { get; init; }

    /// <summary>True for a server that speaks scline/llama-sd's API alone.</summary>
    public bool IsOriginal { get; init; }
}

/// <summary>What a server says when it is asked for a probe's configuration. Immutable.</summary>
public sealed record ConfigurationReply
{
    /// <summary>What the configuration is known by.</summary>
    public required string Tag { get; init; }

    /// <summary>What it is written in.</summary>
    public required ConfigurationForm Form { get; init; }

    /// <summary>The configuration; null where it is the one that the probe knows.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>How long to wait before asking again: nothing where the server holds the answer back until there is news.</summary>
    public TimeSpan AskAgainIn { get; init; }
}
