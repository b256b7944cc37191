using System.Net;
using Llama.Server.Collecting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Llama.Server.Discovery.Access;

/// <summary>
/// Where a request comes from. X-Forwarded-For counts as far as proxies that are trusted wrote it: read from its end, the first
/// address that is none of theirs is the client's. Immutable; any thread may call it.
/// </summary>
/// <param name="trusted">The proxies.</param>
internal sealed class ClientAddresses(IReadOnlyList<IPNetwork> trusted)
{
    /// <summary>The client's address; IPv4 is never in its IPv6-mapped form.</summary>
    public IPAddress Of(HttpContext context)
    {
        IPAddress client = (context.Connection.RemoteIpAddress ?? IPAddress.None).Canonical();
        if (trusted.Count == 0 || !IsTrusted(client)) return client;
        StringValues header = context.Request.Headers["X-Forwarded-For"];
        for (int line = header.Count - 1; line >= 0; line--)
        {
            string[] hops = (header[line] ?? "").Split(',');
            for (int hop = hops.Length - 1; hop >= 0; hop--)
            {
                // What can't be read nobody can vouch for: the proxy that passed it on is all that is known.
                if (Parse(hops[hop].Trim()) is not { } address) return client;
                client = address;
                if (!IsTrusted(client)) return client;
            }
        }

        return client;
    }

    /// <summary>An address as proxies write it: some add a port, and IPv6 may stand in brackets.</summary>
    private static IPAddress? Parse(string hop) =>
        IPAddress.TryParse(hop, out IPAddress? address) ? address.Canonical()
        : IPEndPoint.TryParse(hop, out IPEndPoint? endPoint) ? endPoint.Address.Canonical()
        : null;

    private bool IsTrusted(IPAddress address)
    {
        foreach (IPNetwork network in trusted)
            if (network.Contains(address)) return true;
        return false;
    }
}
