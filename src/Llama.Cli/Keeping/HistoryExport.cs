using Llama.Storage.History;

namespace Llama.Cli.Keeping;

/// <summary>What is exported. Immutable.</summary>
internal sealed record ExportOptions
{
    /// <summary>Intervals that begin at this moment or later.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Intervals that begin before this moment.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>The only group; null for all.</summary>
    public string? Group { get; init; }

    /// <summary>How long points are; zero for each interval by itself, as long as that is kept.</summary>
    public TimeSpan Step { get; init; }

    /// <summary>How it is written.</summary>
    public ExportFormat Format { get; init; }
}

/// <summary>
/// Writes a history out: window by window, in each source by source. What a source has in a window is in memory at a time, and nothing of
/// the history is held while it is written, so that a reader who is slow holds up nobody but itself.
/// </summary>
internal sealed class HistoryExport(IHistoryStore history, ExportOptions options)
{
    /// <summary>How many points were written.</summary>
    public long Points { get; private set; }

    /// <summary>
    /// Where a history begins: at its first interval, or at the beginning of the point that this is in, where nothing finer is kept. Null where there is nothing.
    /// </summary>
    public static async Task<DateTimeOffset?> BeginningAsync(IHistoryStore history, CancellationToken cancellation)
    {
        IReadOnlyList<HistoryLevelSpan> levels = await history.SpansAsync(cancellation).ConfigureAwait(false);
        if (levels.Min(level => level.Oldest) is not { } earliest) return null;
        DateTimeOffset? first = null;
        foreach (string group in history.Groups)
        {
            // A point of the coarsest level, which may begin long before the first interval in it does.
            var query = new HistoryQuery
            {
                Group = group,
                From = earliest,
                To = earliest + HistoryLevel.Day.Step(),
                SourceBy = null,
                DestinationBy = null,
                Detail = HistoryDetail.Counts,
            };
            HistoryAnswer answer = await history.QueryAsync(query, _ => { }, cancellation).ConfigureAwait(false);
            if (answer.Oldest is { } oldest && !(first <= oldest)) first = oldest;
        }

        if (first is not { } start) return earliest;
        HistoryLevelSpan finest = levels.First(level => level.Oldest <= start);
        long ticks = finest.Level.Step().Ticks;
        return ticks == 0 ? start : start.AddTicks(-((start - DateTimeOffset.UnixEpoch).Ticks % ticks));
    }

    /// <summary>Writes all of it.</summary>
    /// <param name="write">Takes octets.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">It can't be read, or written.</exception>
    public async Task RunAsync(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellation)
    {
        using var lines = ExportLines.Create(options.Format);
        IReadOnlyList<HistoryLevelSpan> levels = await history.SpansAsync(cancellation).ConfigureAwait(false);
        HistoryGroup[] groups = [.. history.Groups.Where(name => options.Group is null || name == options.Group).Order(StringComparer.Ordinal).Select(history.Find).OfType<HistoryGroup>()];
        int most = groups.Max(group => (int?)(group.Destinations.Count * group.Classes.Count)) ?? 0;
        foreach ((DateTimeOffset from, DateTimeOffset to) in ExportWindows.Of(options.From, options.To, options.Step, most, levels))
        {
            foreach (HistoryGroup group in groups)
            {
                foreach (HistorySource source in group.Sources)
                {
                    foreach (byte trafficClass in group.Classes)
                        await ReadAsync(lines, group.Name, source.Name, trafficClass, from, to, cancellation).ConfigureAwait(false);
                    await FlushAsync(lines, write, cancellation).ConfigureAwait(false);
                }
            }
        }

        // The head, where there was nothing behind it.
        await FlushAsync(lines, write, cancellation).ConfigureAwait(false);
    }

    private static async Task FlushAsync(ExportLines lines, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellation)
    {
        if (lines.Written.IsEmpty) return;
        await write(lines.Written, cancellation).ConfigureAwait(false);
        lines.Clear();
    }

    private Task<HistoryAnswer> ReadAsync(
        ExportLines lines, string group, string source, byte trafficClass, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation)
    {
        var query = new HistoryQuery
        {
            Group = group,
            From = from,
            To = to,
            Step = options.Step,
            Class = trafficClass,
            Sources = [new LabelMatch(HistoryQuery.ByName, source)],
            Detail = HistoryDetail.Rtt | HistoryDetail.Path,
            MaxPoints = long.MaxValue,
        };
        return history.QueryAsync(
            query,
            series =>
            {
                // A name may hold a star, which matches others as well.
                if (series.Source != source) return;
                foreach (HistoryPoint point in series.Points) lines.Write(group, source, series.Destination, trafficClass, point);
                Points += series.Points.Count;
            },
            cancellation);
    }
}
