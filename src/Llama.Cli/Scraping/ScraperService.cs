using System.Runtime.CompilerServices;
using Llama.Cli.Settings;
using Llama.Server.Scraping;
using Llama.Server.Sinks.Delivery;

namespace Llama.Cli.Scraping;

/// <summary>A scraper with what it shows of itself.</summary>
internal static class ScraperService
{
    /// <summary>How many lookups of names may hold a thread each.</summary>
    private const int LookupThreads = 16;

    /// <summary>Runs until cancelled.</summary>
    /// <param name="options">What it does.</param>
    /// <param name="sinks">Where reports go; they end with it.</param>
    /// <param name="listen">Where it shows itself; null for nowhere.</param>
    /// <param name="log">What the operator is told.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Failure">It can't listen, or there is no list of collectors.</exception>
    public static async Task RunAsync(ScraperOptions options, SinkSet sinks, ListenAddress? listen, Log log, CancellationToken cancellation)
    {
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, LookupThreads + Environment.ProcessorCount), ports);
        await using ConfiguredAsyncDisposable delivery = RunningSinks.Start(sinks).ConfigureAwait(false);
        var scraper = new Scraper(options);
        ScraperApi? api = listen is null ? null : await StartApiAsync(listen, scraper, sinks).ConfigureAwait(false);
        try
        {
            if (api is not null) log.Info($"serves /metrics on {string.Join(", ", api.Addresses)}");
            await scraper.RunAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            log.Info("ended");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new Failure($"--collector-hosts: {error.Message}", error);
        }
        finally
        {
            if (api is not null) await api.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<ScraperApi> StartApiAsync(ListenAddress address, Scraper scraper, SinkSet sinks)
    {
        try
        {
            return await ScraperApi.StartAsync(address.Host, address.Port, scraper, sinks).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            throw new Failure($"--listen {address}: {error.Message}", error);
        }
    }
}
