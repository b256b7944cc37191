using System.Net;
using System.Net.Sockets;

namespace Llama.Server.Scraping;

/// <summary>Makes connections to collectors.</summary>
internal static class CollectorConnections
{
    /// <summary>
    /// A lookup holds a thread of the pool for as long as the resolver pleases, so only so many run at a time: names that nobody answers
    /// for leave threads to all other collectors.
    /// </summary>
    private const int MostLookups = 16;

    /// <summary>What sends requests to any number of collectors.</summary>
    public static HttpMessageHandler Open()
    {
        var lookups = new SemaphoreSlim(MostLookups);
        return new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate | DecompressionMethods.Brotli,
            UseProxy = false,
            UseCookies = false,
            MaxAutomaticRedirections = 5,

            // Names are looked up again now and then. Ours close idle connections after 75 s.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
            ConnectCallback = (context, cancellation) => ConnectAsync(context.DnsEndPoint, lookups, cancellation),
        };
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint to, SemaphoreSlim lookups, CancellationToken cancellation)
    {
        IPAddress[] addresses = IPAddress.TryParse(to.Host, out IPAddress? literal) ? [literal] : await ResolveAsync(to.Host, lookups, cancellation);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, to.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<IPAddress[]> ResolveAsync(string name, SemaphoreSlim lookups, CancellationToken cancellation)
    {
        await lookups.WaitAsync(cancellation);

        // Not cancelled: that would free the place, and not the thread.
        Task<IPAddress[]> lookup = Dns.GetHostAddressesAsync(name, CancellationToken.None);
        _ = lookup.ContinueWith(_ => lookups.Release(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return await lookup.WaitAsync(cancellation);
    }
}
