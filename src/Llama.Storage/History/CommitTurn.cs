namespace Llama.Storage.History;

/// <summary>
/// The one connection that writes, and whose turn it is. Reports that wait together are committed together, by the first of those who
/// wait. Any thread may call it, and is held while the disk works.
/// </summary>
internal sealed class CommitTurn(string path, HistoryOptions options, HistoryDirectory directory, HistoryVersions versions) : IAsyncDisposable
{
    private const int MaxReports = 64;
    private const int MaxOctets = 8 << 20;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly Queue<PendingReport> _waiting = [];
    private readonly List<PendingReport> _batch = [];
    private readonly SqliteTurn<HistoryWriter> _turn = new(path, path => new HistoryWriter(path));
    private string? _fault;
    private long _faultAt;
    private int _trialOctets;

    /// <summary>Why nothing can be taken at present; null when all is well.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>Fails when nothing can be taken, and it is too early to try again.</summary>
    /// <exception cref="IOException">That is so.</exception>
    public void ThrowIfFaulty()
    {
        if (Fault is { } fault && options.Time.GetElapsedTime(Volatile.Read(ref _faultAt)) < RetryAfter) throw new IOException(fault);
    }

    /// <summary>Keeps a report, which is nobody else's from now on; false when it was known already.</summary>
    /// <exception cref="IOException">It can't be kept.</exception>
    public async ValueTask<bool> AppendAsync(PendingReport report)
    {
        lock (_waiting) _waiting.Enqueue(report);
        await _turn.TakeAsync(
            () =>
            {
                while (!report.IsDone) CommitWaiting();
                return report.IsNew;
            },
            CancellationToken.None);
        if (report.Failure is { } failure) throw new IOException(failure.Message, failure);
        return report.IsNew;
    }

    /// <summary>Keeps something else that came from outside.</summary>
    /// <exception cref="IOException">It can't be kept.</exception>
    public Task AppendAsync(Func<HistoryWriter, int> work, CancellationToken cancellation) => _turn.TakeAsync(() => Append(work), cancellation);

    /// <summary>Takes a turn for upkeep. What fails there stops nothing else.</summary>
    /// <exception cref="IOException">It can't be done; then nothing of it was.</exception>
    public Task<T> RunAsync<T>(Func<HistoryWriter, T> work, CancellationToken cancellation) => _turn.RunAsync(work, cancellation);

    /// <summary>Stores what is known of sources and destinations and could wait.</summary>
    /// <exception cref="IOException">It can't be.</exception>
    public Task StoreDirectoryAsync(CancellationToken cancellation) => RunAsync(
        writer =>
        {
            DirectoryChanges changes = directory.TakeChanges(all: true);
            try
            {
                return changes.IsEmpty ? 0 : writer.Commit(changes);
            }
            catch
            {
                directory.PutBack(changes);
                throw;
            }
        },
        cancellation);

    /// <summary>Sees whether a fault is over, if there is one and it is time to.</summary>
    public async Task TryAgainAsync(CancellationToken cancellation)
    {
        if (Fault is null || options.Time.GetElapsedTime(Volatile.Read(ref _faultAt)) < RetryAfter) return;
        try
        {
            await AppendAsync(
                writer =>
                {
                    writer.Try(Math.Max(_trialOctets, 1 << 16));
                    return 0;
                },
                cancellation);
        }
        catch (IOException)
        {
            // It is not, and the fault says so.
        }
    }

    public ValueTask DisposeAsync() => _turn.DisposeAsync();

    private void CommitWaiting()
    {
        _batch.Clear();
        int octets = 0;
        lock (_waiting)
        {
            while (_batch.Count < MaxReports && octets < MaxOctets && _waiting.TryDequeue(out PendingReport? report))
            {
                _batch.Add(report);
                octets += report.Length;
            }
        }

        // Its numbers are in here: they were given before it began to wait.
        DirectoryChanges changes = directory.TakeChanges(all: false);
        IOException? failure = null;
        try
        {
            _trialOctets = octets;
            Append(writer => writer.Commit(_batch, changes));
            foreach (PendingReport report in _batch)
                if (report.IsNew) versions.Change(report.Group, report.Start);
        }
        catch (Exception error)
        {
            // Whatever it is, those who wait must hear of it.
            directory.PutBack(changes);
            failure = error as IOException ?? new IOException($"{path}: {error.Message}", error);
        }

        foreach (PendingReport report in _batch) report.Complete(failure);
    }

    private int Append(Func<HistoryWriter, int> work)
    {
        int result;
        try
        {
            result = _turn.Run(work);
        }
        catch (IOException error)
        {
            Volatile.Write(ref _faultAt, options.Time.GetTimestamp());
            string? former = Interlocked.Exchange(ref _fault, error.Message);
            if (former != error.Message) options.Warn(error.Message);
            throw;
        }

        if (Interlocked.Exchange(ref _fault, null) is not null) options.Inform($"{path}: can be written again.");
        return result;
    }
}
