using System.Net;
using System.Security.Cryptography.X509Certificates;
using Llama.Cli.Settings;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.Delivery;

namespace Llama.Cli.Joining;

/// <summary>What a probe is told when it starts. Immutable.</summary>
internal sealed record ProbeSettings
{
    /// <summary>Where its server is; of several, the next one is tried when one is away.</summary>
    public required IReadOnlyList<Uri> Servers { get; init; }

    /// <summary>The group whose members it tests.</summary>
    public string Group { get; init; } = "default";

    /// <summary>Its name in the group.</summary>
    public required string Name { get; init; }

    /// <summary>Its long name.</summary>
    public required string FullName { get; init; }

    /// <summary>The address that others are to send to; null for the one that the server sees.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Where it listens, and sends from; null for all addresses.</summary>
    public IPAddress? Bind { get; init; }

    /// <summary>UDP port of its reflector and TCP port of its API; 0 lets the kernel choose.</summary>
    public int Port { get; init; } = 8100;

    /// <summary>Its tags.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>How long it stays a member without being heard of; null leaves that to the server.</summary>
    public TimeSpan? Keepalive { get; init; }

    /// <summary>The token that registering takes; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Authorities that the server's certificate may come from, instead of the system's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Where it keeps its state; null keeps nothing.</summary>
    public string? Data { get; init; }

    /// <summary>True pushes its summaries to the server.</summary>
    public bool Pushes { get; init; } = true;

    /// <summary>True tells of each target.</summary>
    public bool IsVerbose { get; init; }

    /// <summary>Threads of its reflector.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Datagrams that its reflector answers in a second; null for no limit.</summary>
    public double? MaxPerSecond { get; init; }

    /// <summary>The same for each source address.</summary>
    public double? MaxPerSecondPerSource { get; init; }

    /// <summary>How datagrams reach the kernel.</summary>
    public NetworkKind Network { get; init; }

    /// <summary>The key that datagrams are authenticated with, whatever the server says; empty leaves that to the server.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>True does not look at how short of CPU the machine is.</summary>
    public bool IgnoresCpuPressure { get; init; }

    /// <summary>Where to send to in order to reach a target; null for the target itself.</summary>
    public Func<IPEndPoint, IPEndPoint>? Reach { get; init; }

    /// <summary>Opens the sinks that its reports go to besides the server; gives null where they go nowhere.</summary>
    public Func<SinkSet?> OpenSinks { get; init; } = static () => null;

    /// <summary>Takes each report too, one at a time. It must not throw.</summary>
    public Action<IntervalReport>? Publish { get; init; }
}
