using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Llama.Server.Joining;

/// <summary>How a probe reaches its discovery server. Immutable.</summary>
public sealed record DiscoveryClientOptions
{
    /// <summary>Where the server is; of several, the next one is tried when one is away. At least one.</summary>
    public required IReadOnlyList<Uri> Servers { get; init; }

    /// <summary>The token that registering and pushing take; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Authorities that the server's certificate may come from, instead of the system's; null for the system's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The address to connect from, so that the server sees this one; the wildcard, by default, leaves that to the kernel.</summary>
    public IPAddress From { get; init; } = IPAddress.Any;

    /// <summary>What sends requests; null for the network.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>What time limits go by; the machine's clock by default.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
