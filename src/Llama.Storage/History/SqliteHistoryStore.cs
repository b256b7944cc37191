namespace Llama.Storage.History;

/// <summary>
/// History in one SQLite file, <c>history.db</c> of a directory. Reports are committed to a journal before they are acknowledged; what is
/// older than some minutes is moved from there into rows that hold many points each, once for every level. Any thread may call it.
/// </summary>
public sealed class SqliteHistoryStore : IHistoryStore
{
    private SqliteHistoryStore()
    {
    }

    /// <inheritdoc/>
    public string? Fault => throw new NotImplementedException();

    /// <inheritdoc/>
    public IReadOnlyList<string> Groups => throw new NotImplementedException();

    /// <summary>Opens the history of a directory, which is made when there is none. A damaged file is set aside, and an empty one takes its place.</summary>
    /// <exception cref="IOException">It can't be written, belongs to another process, or was written by a newer version; the message says what to do.</exception>
    public static SqliteHistoryStore Open(string directory, HistoryOptions options) => throw new NotImplementedException();

    /// <summary>Opens a history to be read, or pruned, beside the process that writes it.</summary>
    /// <exception cref="IOException">There is none, or it can't be read.</exception>
    public static SqliteHistoryStore OpenBeside(string directory) => throw new NotImplementedException();

    /// <inheritdoc/>
    public HistoryGroup? Find(string group) => throw new NotImplementedException();

    /// <inheritdoc/>
    public long Version(string group, DateTimeOffset before) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask<bool> AppendAsync(HistoryReport report, CancellationToken cancellation) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask AppendAsync(IReadOnlyList<HistoryEvent> events, CancellationToken cancellation) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<HistoryAnswer> QueryAsync(HistoryQuery query, Action<HistorySeries> take, CancellationToken cancellation) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<IReadOnlyList<HistoryEvent>> EventsAsync(string? group, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>How much is kept, and of when.</summary>
    public Task<HistoryStatistics> StatisticsAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Writes a copy of the whole as it is at one moment, while reading and writing go on.</summary>
    /// <param name="path">The file of the copy, which must not exist; it appears when it is whole.</param>
    /// <param name="cancellation">Gives up, and leaves no file.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    public Task BackupAsync(string path, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Drops what is older than a moment, and gives the room back to the disk.</summary>
    /// <param name="before">The moment; rows that reach beyond it stay.</param>
    /// <param name="level">Of this level alone; null for all.</param>
    /// <param name="cancellation">Gives up between rows.</param>
    /// <returns>How many octets the file has become smaller by.</returns>
    public Task<long> PruneAsync(DateTimeOffset before, HistoryLevel? level, CancellationToken cancellation) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
