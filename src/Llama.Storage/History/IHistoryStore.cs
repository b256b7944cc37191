namespace Llama.Storage.History;

/// <summary>
/// The memory of what was measured: reports go in once, and come out merged over any span. Counts are exact whatever a span is put
/// together from, percentiles are those of all round-trip times in it. Any thread may call it.
/// </summary>
public interface IHistoryStore : IAsyncDisposable
{
    /// <summary>Why nothing can be taken at present, in words for the operator; null when all is well. Reading goes on regardless.</summary>
    string? Fault { get; }

    /// <summary>The groups something is known of.</summary>
    IReadOnlyList<string> Groups { get; }

    /// <summary>Who is known in a group; null when nothing is known of it.</summary>
    HistoryGroup? Find(string group);

    /// <summary>A number that is another one after every report of the group that begins before a moment.</summary>
    long Version(string group, DateTimeOffset before);

    /// <summary>
    /// Takes a report, which is kept through the loss of power when this completes; then the caller may fill it anew. A report of the
    /// same source and start that was taken before is left as it is.
    /// </summary>
    /// <returns>False when it was known already.</returns>
    /// <exception cref="IOException">It can't be kept, such as when the disk is full; the message says what to do.</exception>
    ValueTask<bool> AppendAsync(HistoryReport report, CancellationToken cancellation);

    /// <summary>Takes events of the mesh.</summary>
    /// <exception cref="IOException">They can't be kept.</exception>
    ValueTask AppendAsync(IReadOnlyList<HistoryEvent> events, CancellationToken cancellation);

    /// <summary>Answers a question about pairs.</summary>
    /// <param name="query">The question.</param>
    /// <param name="take">
    /// Called for each series that there is something of, one call at a time; the series of one source key come one after the other.
    /// What it is given is filled anew for the next one.
    /// </param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HistoryLimitException">The answer would be larger than the query allows.</exception>
    /// <exception cref="IOException">What is stored can't be read.</exception>
    Task<HistoryAnswer> QueryAsync(HistoryQuery query, Action<HistorySeries> take, CancellationToken cancellation);

    /// <summary>Answers how a group as a whole was over time.</summary>
    /// <param name="query">
    /// Which pairs, and of when: its span is extended to whole steps, which have to be above zero. What is wanted besides counts, and which
    /// are worst, does not matter here. Where what is kept of a time is coarser than the step, it counts in the step that it begins in.
    /// </param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HistoryLimitException">There would be more steps than the query allows points.</exception>
    /// <exception cref="IOException">What is stored can't be read.</exception>
    Task<HistoryTimeline> TimelineAsync(HistoryQuery query, CancellationToken cancellation);

    /// <summary>What is kept of all groups together, finest level first. Cheap enough for every look of a page.</summary>
    /// <exception cref="IOException">What is stored can't be read.</exception>
    Task<IReadOnlyList<HistoryLevelSpan>> SpansAsync(CancellationToken cancellation);

    /// <summary>Events of the mesh in a span, newest first.</summary>
    /// <param name="group">Of this group alone; null for all.</param>
    /// <param name="from">Those that happened at this moment or later.</param>
    /// <param name="before">Those that happened before this moment.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">What is stored can't be read.</exception>
    Task<IReadOnlyList<HistoryEvent>> EventsAsync(string? group, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken cancellation);
}

/// <summary>The question was too large; the message says by how much, and what to ask instead.</summary>
public sealed class HistoryLimitException(string message) : Exception(message);
