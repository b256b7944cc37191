using Llama.Storage.History;

namespace Llama.Cli.Keeping;

/// <summary>Drops what is old, once somebody has said that this is meant.</summary>
internal sealed class Pruning(DateTimeOffset before, HistoryLevel? level, Surroundings surroundings)
{
    /// <summary>Does it.</summary>
    /// <param name="history">What is pruned.</param>
    /// <param name="isMeant">True where nobody has to be asked.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="Failure">Nobody said that it is meant.</exception>
    public async Task RunAsync(SqliteHistoryStore history, bool isMeant, CancellationToken cancellation)
    {
        HistoryStatistics statistics = await history.StatisticsAsync(cancellation).ConfigureAwait(false);
        HistoryLevelStatistics[] touched = [.. statistics.Levels.Where(each => (level is null || each.Level == level) && each.Oldest < before)];
        string what = $"{statistics.Path}: {(level is { } one ? $"what is older than {StatisticsText.Time(before)} of level {one.Name()}" : $"everything older than {StatisticsText.Time(before)}")}";
        if (!isMeant && touched.Length > 0) await AskAsync(what, touched, cancellation).ConfigureAwait(false);
        long freed = await history.PruneAsync(before, level, cancellation).ConfigureAwait(false);
        string result = touched.Length == 0 ? "nothing of the levels is that old" : "dropped";
        await surroundings.Out.WriteLineAsync($"{what}: {result}; the file is smaller by {OctetText.Of(Math.Max(0, freed))}").ConfigureAwait(false);
    }

    private async Task AskAsync(string what, HistoryLevelStatistics[] touched, CancellationToken cancellation)
    {
        if (surroundings.ReadLine is not { } readLine)
            throw new Failure($"{what} would be dropped for good; say that this is meant with --yes");
        await surroundings.Out.WriteLineAsync($"{what} will be dropped for good:").ConfigureAwait(false);
        foreach (HistoryLevelStatistics each in touched)
        {
            string part = each.Newest <= before ? $"all of it, {OctetText.Count(each.Points)} summaries" : $"from {StatisticsText.Time(each.Oldest)} on, of what reaches to {StatisticsText.Time(each.Newest)}";
            await surroundings.Out.WriteLineAsync($"  {each.Level.Name(),-4} {part}").ConfigureAwait(false);
        }

        await surroundings.Out.WriteAsync("Type yes to drop it: ").ConfigureAwait(false);
        await surroundings.Out.FlushAsync(cancellation).ConfigureAwait(false);

        // Nobody can be asked to stop waiting for a line; a signal leaves it behind.
        string? answer = await Task.Run(readLine, cancellation).WaitAsync(cancellation).ConfigureAwait(false);
        if (answer?.Trim() is not ("yes" or "YES" or "Yes")) throw new Failure("nothing was dropped");
    }
}
