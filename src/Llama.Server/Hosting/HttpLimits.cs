using System.Net.Security;

namespace Llama.Server.Hosting;

/// <summary>What clients may take of a process, and how they have to speak. Immutable.</summary>
internal sealed record HttpLimits
{
    /// <summary>A collector's or reflector's API: a few scrapers and people, no bodies.</summary>
    public static HttpLimits Collector { get; } = new();

    /// <summary>Connections at a time; further ones are closed.</summary>
    public int MaxConnections { get; init; } = 512;

    /// <summary>The longest body of a request; what is longer is refused, or thrown away with its connection.</summary>
    public long MaxRequestBodyBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// True answers a path with empty or dot segments with a redirect to the clean one, as Go's ServeMux does; false hands it on as it is.
    /// </summary>
    public bool RedirectsToCleanPaths { get; init; } = true;

    /// <summary>The certificate to speak TLS with, asked for at each connection; null for plain HTTP.</summary>
    public Func<SslStreamCertificateContext>? Certificate { get; init; }
}
