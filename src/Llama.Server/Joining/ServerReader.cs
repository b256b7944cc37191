using System.Net;

namespace Llama.Server.Joining;

/// <summary>Reads what a discovery server tells people: whole answers of <c>/api/v2</c>. Any thread may call it.</summary>
public sealed class ServerReader : IDisposable
{
    // A question about years of a large mesh takes its time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ServerConnection _server;
    private readonly int _servers;

    /// <summary>A reader that has not asked for anything yet.</summary>
    public ServerReader(DiscoveryClientOptions options)
    {
        _server = new ServerConnection(options);
        _servers = options.Servers.Count;
    }

    /// <summary>How messages name the server that is asked next.</summary>
    public string ServerName => _server.Name;

    /// <summary>Asks for a resource; of several servers, the next one when one is away.</summary>
    /// <param name="path">Path and query below the server's address, without a slash in front.</param>
    /// <param name="knownTag">What the answer that the caller has is known by; null for none.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The answer; without a body when it is the one that is known.</returns>
    /// <exception cref="ServerRefusalException">There is none.</exception>
    public async Task<ServerAnswer> GetAsync(string path, string? knownTag, CancellationToken cancellation)
    {
        for (int left = _servers; ; left--)
        {
            try
            {
                ServerReply reply = await _server.SendAsync(HttpMethod.Get, path, null, Patience, cancellation, headers =>
                {
                    if (knownTag is not null) headers.TryAddWithoutValidation("If-None-Match", $"W/\"{knownTag}\"");
                });
                return new ServerAnswer(reply.Tag, reply.Status == HttpStatusCode.NotModified ? (ReadOnlyMemory<byte>?)null : reply.Body);
            }
            catch (ServerRefusalException refusal) when (refusal.Kind == RefusalKind.Away && left > 1)
            {
                // The connection has gone on to the next one.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _server.Dispose();
}

/// <summary>An answer that was read whole.</summary>
/// <param name="Tag">What it is known by; null where the server does not say.</param>
/// <param name="Body">The body; null when the answer is the one that is known.</param>
public sealed record ServerAnswer(string? Tag, ReadOnlyMemory<byte>? Body);
