using System.Net;
using Llama.Engine.Probing;
using Llama.Mesh.Plans;

namespace Llama.Server.Discovery;

/// <summary>Limits of a registry, and how groups test.</summary>
internal sealed record RegistryOptions
{
    /// <summary>How groups test each other.</summary>
    public ServerConfiguration Configuration { get; init; } = ServerConfiguration.Empty;

    /// <summary>Most probes of all groups. Default: 200,000.</summary>
    public int MaxProbes { get; init; } = 200_000;

    /// <summary>
    /// A name's holder that was heard of within this time keeps the name; one that was not gives way to a newcomer. Default: 90 s,
    /// three times the original's probes' period.
    /// </summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>
    /// Sends a datagram to a reflector, authenticated with the key unless that is empty, and tells what came back. Null where nobody can try.
    /// </summary>
    public Func<IPEndPoint, ReadOnlyMemory<byte>, CancellationToken, Task<EchoReply?>>? Echo { get; init; }

    /// <summary>Tells the operator.</summary>
    public Action<string> Warn { get; init; } = _ => { };
}
