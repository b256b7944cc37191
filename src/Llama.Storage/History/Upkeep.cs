namespace Llama.Storage.History;

/// <summary>
/// What is done with a history beside taking reports: every ten minutes the journal is settled and what is too old dropped, piece by
/// piece; and when it could not be written, it is tried again. One round at a time.
/// </summary>
internal sealed class Upkeep : IAsyncDisposable
{
    private const long LateTicks = TimeSpan.TicksPerMinute;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Leisure = TimeSpan.FromMinutes(5);

    private readonly string _path;
    private readonly HistoryOptions _options;
    private readonly HistoryDirectory _directory;
    private readonly CommitTurn _commits;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _round = new(1);
    private ITimer? _timer;
    private long _settledBefore;
    private long _reportsSince;
    private bool _hasFailed;
    private int _isTicking;

    /// <param name="path">The file.</param>
    /// <param name="options">How it is kept.</param>
    /// <param name="directory">Who is known in it.</param>
    /// <param name="commits">Who writes it.</param>
    /// <param name="reportsSince">Since when reports are known, in 100 ns since the Unix epoch.</param>
    public Upkeep(string path, HistoryOptions options, HistoryDirectory directory, CommitTurn commits, long reportsSince)
    {
        _path = path;
        _options = options;
        _directory = directory;
        _commits = commits;
        _reportsSince = reportsSince;
    }

    /// <summary>What began before this may have been taken and forgotten already; in 100 ns since the Unix epoch.</summary>
    public long ReportsSince => Math.Max(Volatile.Read(ref _reportsSince), Now is { } now ? now - Memory.Ticks : 0);

    /// <summary>How long reports are known by their start: as long as they are kept by themselves, and as minutes.</summary>
    private TimeSpan Memory => _options.Retention.Raw > _options.Retention.Minute ? _options.Retention.Raw : _options.Retention.Minute;

    /// <summary>
    /// The present, in 100 ns since the Unix epoch, and never far ahead of the newest report: what a clock that went wrong says must not
    /// drop all there is. Null when there is nothing.
    /// </summary>
    private long? Now => _directory.NewestSeen is > 0 and var newest
        ? Math.Min(HistoryTime.Of(_options.Time.GetUtcNow()), newest + TimeSpan.TicksPerDay)
        : null;

    /// <summary>Begins to do it by itself.</summary>
    public void Start() => _timer = _options.Time.CreateTimer(_ => _ = TickAsync(), null, Tick, Tick);

    /// <summary>Settles what is due, and drops what is too old.</summary>
    /// <param name="isPaced">True leaves half of the time to others.</param>
    /// <param name="cancellation">Ends it between pieces.</param>
    /// <exception cref="IOException">It can't be done; what was done is done.</exception>
    public async Task RoundAsync(bool isPaced, CancellationToken cancellation)
    {
        await _round.WaitAsync(cancellation);
        try
        {
            long due = HistoryTime.Of(_options.Time.GetUtcNow()) - LateTicks;
            due -= due % Settlement.SpanTicks;
            await _commits.StoreDirectoryAsync(cancellation);
            await SettleAsync(due, isPaced, cancellation);
            await RetainAsync(cancellation);
            _settledBefore = due;
        }
        finally
        {
            _round.Release();
        }
    }

    /// <summary>Drops what is older than a moment, and gives the room back; tells how much that was.</summary>
    /// <inheritdoc cref="SqliteHistoryStore.PruneAsync"/>
    public async Task<long> PruneAsync(DateTimeOffset before, HistoryLevel? level, CancellationToken cancellation)
    {
        DateTimeOffset now = _options.Time.GetUtcNow();
        if (before > now) before = now;
        await _round.WaitAsync(cancellation);
        try
        {
            await DropAsync(HistoryLevels.All.Where(one => level is null || one == level).ToDictionary(one => one, _ => before), cancellation);
            if (level is null) await RepeatAsync(writer => writer.Retention.DropEvents(HistoryTime.Of(before)), cancellation);
            long octets = 0;
            await RepeatAsync(
                writer =>
                {
                    long shrunk = writer.Shrink();
                    octets += shrunk;
                    return shrunk > 0;
                },
                cancellation);
            await _commits.RunAsync(
                writer =>
                {
                    writer.Checkpoint();
                    return 0;
                },
                cancellation);
            return octets;
        }
        finally
        {
            _round.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_timer is not null) await _timer.DisposeAsync();
        await _end.CancelAsync();
        await _round.WaitAsync();
        _end.Dispose();
    }

    private async Task TickAsync()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) != 0) return;
        try
        {
            await _commits.TryAgainAsync(_end.Token);
            if (HistoryTime.Of(_options.Time.GetUtcNow()) - LateTicks - _settledBefore < Settlement.SpanTicks) return;
            await RoundAsync(isPaced: true, _end.Token);
            if (_hasFailed) _options.Inform($"{_path}: what has come is settled again.");
            _hasFailed = false;
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // It is closed.
        }
        catch (Exception error)
        {
            if (!_hasFailed) _options.Warn($"{(error is IOException ? "" : $"{_path}: ")}{error.Message} Until that is well again, what has come stays in the journal.");
            _hasFailed = true;
        }
        finally
        {
            Volatile.Write(ref _isTicking, 0);
        }
    }

    private async Task SettleAsync(long before, bool isPaced, CancellationToken cancellation)
    {
        long begin = _options.Time.GetTimestamp();
        int damaged = 0;
        using var settlement = new Settlement(_path);
        for (int? source = settlement.NextSource(-1); source is not null; source = settlement.NextSource(source.Value))
        {
            for (long from = 0; from < before;)
            {
                cancellation.ThrowIfCancellationRequested();
                long at = _options.Time.GetTimestamp();
                if (settlement.Settle(source.Value, from, before) is not { } settled) break;
                from = settled.Next;
                await _commits.RunAsync(writer => writer.Commit(settled), cancellation);
                damaged += settled.Damaged;
                TimeSpan spent = _options.Time.GetElapsedTime(at);
                if (isPaced && spent > TimeSpan.Zero && _options.Time.GetElapsedTime(begin) < Leisure)
                    await Task.Delay(spent, _options.Time, cancellation);
            }
        }

        if (damaged > 0) _options.Warn($"{_path}: {damaged} of its entries were damaged and are missing from now on; look at the disk. They are kept in its table damaged.");
    }

    private async Task RetainAsync(CancellationToken cancellation)
    {
        if (Now is not { } now) return;
        await DropAsync(HistoryLevels.All.ToDictionary(level => level, level => Before(now, _options.Retention.Of(level))), cancellation);
        long reports = HistoryTime.Of(Before(now, Memory));
        Volatile.Write(ref _reportsSince, Math.Max(_reportsSince, reports));
        await _commits.RunAsync(writer => writer.Keep(new Dictionary<int, long> { [KeptSince.Reports] = reports }), cancellation);
        await RepeatAsync(writer => writer.Retention.DropReports(reports), cancellation);
        await RepeatAsync(writer => writer.Retention.DropEvents(HistoryTime.Of(Before(now, _options.Retention.Day))), cancellation);

        // A row may reach a day beyond its newest point, and what somebody was seen at is stored once a day.
        long unseen = HistoryTime.Of(Before(now, HistoryLevels.All.Max(_options.Retention.Of) + TimeSpan.FromDays(3)));
        await _commits.RunAsync(
            writer =>
            {
                if (_directory.Forget(unseen) is { Count: > 0 } forgotten) writer.Retention.Drop(forgotten);
                return 0;
            },
            cancellation);
    }

    private static DateTimeOffset Before(long now, TimeSpan span) => span.Ticks < now ? HistoryTime.At(now - span.Ticks) : DateTimeOffset.UnixEpoch;

    /// <summary>Drops rows of levels that end before a moment.</summary>
    private async Task DropAsync(IReadOnlyDictionary<HistoryLevel, DateTimeOffset> before, CancellationToken cancellation)
    {
        // First it is said, and then done: who reads goes by what is said.
        await _commits.RunAsync(
            writer => writer.Keep(before.ToDictionary(
                one => (int)one.Key, one => HistoryTime.Of(RowKey.StartOf(one.Key, RowKey.SpanOf(one.Key, one.Value))))),
            cancellation);
        foreach ((HistoryLevel level, DateTimeOffset moment) in before)
        {
            long key = new RowKey(RowKey.SpanOf(level, moment), 0, 0).Value;
            await RepeatAsync(writer => writer.Retention.Drop(level, key), cancellation);
        }
    }

    private async Task RepeatAsync(Func<HistoryWriter, bool> piece, CancellationToken cancellation)
    {
        while (await _commits.RunAsync(piece, cancellation)) cancellation.ThrowIfCancellationRequested();
    }
}
