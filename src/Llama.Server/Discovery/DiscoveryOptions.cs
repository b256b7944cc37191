using System.Net;
using System.Net.Security;
using Llama.Engine.Probing;
using Llama.Mesh.Plans;
using Llama.Server.Sinks.Delivery;
using Llama.Storage.History;

namespace Llama.Server.Discovery;

/// <summary>What a discovery server is told. Immutable.</summary>
public sealed record DiscoveryOptions
{
    /// <summary>Where it listens: an address, a name, or empty for all addresses. Default: 127.0.0.1, as in the original.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The TCP port; 0 lets the kernel choose. Default: 5000.</summary>
    public int Port { get; init; } = 5000;

    /// <summary>The group of probes that name none. Default: <c>default</c>.</summary>
    public string DefaultGroup { get; init; } = "default";

    /// <summary>How long probes that do not say stay without being heard of. Default: a day.</summary>
    public TimeSpan DefaultKeepalive { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How groups test each other.</summary>
    public ServerConfiguration Configuration { get; init; } = ServerConfiguration.Empty;

    /// <summary>Proxies whose X-Forwarded-For counts. Default: none.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>The token that registering and pushing take where the group has none of its own; null for none.</summary>
    public string? RegisterToken { get; init; }

    /// <summary>The token that reading takes; null for none.</summary>
    public string? ReadToken { get; init; }

    /// <summary>The token that removing probes takes; null refuses it to all where any other token is set, and allows it where none is.</summary>
    public string? AdminToken { get; init; }

    /// <summary>
    /// The certificate to speak TLS with, asked for at each connection (see <see cref="Hosting.CertificateFiles"/>); null for plain
    /// HTTP.
    /// </summary>
    public Func<SslStreamCertificateContext>? Certificate { get; init; }

    /// <summary>Most registrations a second of one address, in bursts of ten times as many; null for no limit. Default: 50.</summary>
    public double? RegistrationsPerSecondPerSource { get; init; } = 50;

    /// <summary>True stops <c>/api/v1/scraper</c>, as the original does while it loads itself (APP_LOADTEST).</summary>
    public bool LoadTest { get; init; }

    /// <summary>Where its own metrics go once a minute, as the original sends them; null for nowhere.</summary>
    public InfluxDatabase? Influx { get; init; }

    /// <summary>Where the reports go that probes push, besides the matrix; null for nowhere. Whoever opened them ends them.</summary>
    public SinkSet? Sinks { get; init; }

    /// <summary>Where reports and events are kept to be asked for later; null for nowhere. Whoever opened it ends it.</summary>
    public IHistoryStore? History { get; init; }

    /// <summary>Says what the history's file holds, for /metrics; null where nobody can.</summary>
    public Func<CancellationToken, Task<HistoryStatistics>>? CountHistory { get; init; }

    /// <summary>Which collectors are asked for what they do not push; null for none.</summary>
    public CollectorScrapeOptions? Scrape { get; init; }

    /// <summary>
    /// Sends a datagram to a reflector, authenticated with the key unless that is empty, and tells what came back. Null where nobody can try.
    /// </summary>
    public Func<IPEndPoint, ReadOnlyMemory<byte>, CancellationToken, Task<EchoReply?>>? Echo { get; init; }

    /// <summary>Tells the operator what happens.</summary>
    public Action<string> Inform { get; init; } = _ => { };

    /// <summary>Tells the operator what is wrong.</summary>
    public Action<string> Warn { get; init; } = _ => { };
}

/// <summary>A database of an InfluxDB 1.x server.</summary>
/// <param name="Host">Name or address of the server.</param>
/// <param name="Port">Its TCP port.</param>
/// <param name="Name">The database.</param>
public sealed record InfluxDatabase(string Host, int Port = 8086, string Name = "llama");
