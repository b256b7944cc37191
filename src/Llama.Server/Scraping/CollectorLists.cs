using System.Runtime.CompilerServices;

namespace Llama.Server.Scraping;

/// <summary>Where a scraper has its collectors from: lists, each of which takes the place of the one before.</summary>
public static class CollectorLists
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>A list that stays as it is.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<CollectorEntry>> Fixed(IReadOnlyList<CollectorEntry> collectors)
    {
        await Task.CompletedTask;
        yield return collectors;
    }

    /// <summary>
    /// The list in a file, and again whenever that has changed and then stayed the same for two seconds. Only the first reading has to
    /// succeed.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="port">The port of those that have none.</param>
    /// <param name="time">What goes by.</param>
    /// <param name="warn">Hears why a change is not followed.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async IAsyncEnumerable<IReadOnlyList<CollectorEntry>> InFile(
        string path, int port, TimeProvider time, Action<string> warn, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string inForce = await File.ReadAllTextAsync(path, cancellation);
        string? seen = inForce;
        yield return CollectorEntry.ParseList(inForce, port);
        while (true)
        {
            await Task.Delay(Look, time, cancellation);
            string? before = seen;
            IReadOnlyList<CollectorEntry>? changed = null;
            try
            {
                seen = await File.ReadAllTextAsync(path, cancellation);
                if (seen == inForce || seen != before) continue;
                inForce = seen;
                changed = CollectorEntry.ParseList(seen, port);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
            {
                if (before is not null) warn($"{path}: {error.Message}; goes on with the collectors it had");
                if (error is not FormatException) seen = null;
            }

            if (changed is not null) yield return changed;
        }
    }
}
