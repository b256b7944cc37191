using System.Collections.Concurrent;
using Llama.Storage.History.Blocks;
using Llama.Storage.History.Reading;
using Microsoft.Data.Sqlite;

namespace Llama.Storage.History;

/// <summary>
/// History in one SQLite file, <c>history.db</c> of a directory. Reports are committed to a journal before they are acknowledged; what is
/// older than some minutes is moved from there into rows that hold many points each, once for every level. Any thread may call it, and
/// is held while the disk works.
/// </summary>
public sealed class SqliteHistoryStore : IHistoryStore
{
    private const string FileName = "history.db";
    private const long WarnAgainTicks = TimeSpan.TicksPerHour;
    private static readonly TimeSpan MostAhead = TimeSpan.FromDays(1);

    private readonly string _path;
    private readonly HistoryOptions _options;
    private readonly DirectoryLock? _lock;
    private readonly HistoryDirectory _directory;
    private readonly HistoryReader _reader;
    private readonly CommitTurn _commits;
    private readonly Upkeep _upkeep;
    private readonly HistoryVersions _versions = new();
    private readonly ConcurrentBag<Encoder> _encoders = [];
    private long _refused;
    private long _refusalToldAt = long.MinValue / 2;
    private int _isDisposed;

    private SqliteHistoryStore(string path, HistoryOptions options, DirectoryLock? hold, HistoryDirectory directory, long reportsSince)
    {
        _path = path;
        _options = options;
        _lock = hold;
        _directory = directory;
        _reader = new HistoryReader(directory, () => HistoryFile.ConnectToRead(path), hold is null ? null : _versions);
        _commits = new CommitTurn(path, options, directory, _versions);
        _upkeep = new Upkeep(path, options, directory, _commits, reportsSince);
    }

    /// <inheritdoc/>
    public string? Fault => _commits.Fault;

    /// <inheritdoc/>
    public IReadOnlyList<string> Groups => _directory.Groups;

    /// <summary>
    /// How many reports were not kept, since this was opened, for what their clock says: more than a day ahead, or older than what is known
    /// of reports.
    /// </summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Opens the history of a directory, which is made when there is none. A damaged file is set aside, and an empty one takes its place.</summary>
    /// <exception cref="IOException">It can't be written, belongs to another process, or was written by a newer version; the message says what to do.</exception>
    public static SqliteHistoryStore Open(string directory, HistoryOptions options)
    {
        DirectoryLock hold = DirectoryLock.Take(directory, "history.lock", "llama server", "name another directory with --data");
        try
        {
            string path = Path.Combine(directory, FileName);
            if (SqliteFile.FaultOf(path, HistoryCheck.FaultOf) is { } fault)
                options.Warn($"{path}: {fault}; it is kept as {SqliteFile.SetAside(path)}, and history begins anew.");
            using (SqliteFile.Open(path, HistorySchema.Layout))
            {
                // Makes the file, or brings it to this version: who reads does neither.
            }

            SqliteHistoryStore store = Load(path, options, hold);
            store._upkeep.Start();
            return store;
        }
        catch (Exception error)
        {
            hold.Dispose();
            if (SqliteFile.ExplainMissingLibrary(error) is { } missing) throw missing;
            throw;
        }
    }

    /// <summary>Opens a history to be read, or pruned, beside the process that writes it. It sees those who are known at this moment.</summary>
    /// <exception cref="IOException">There is none, or it can't be read.</exception>
    public static SqliteHistoryStore OpenBeside(string directory) => OpenBeside(directory, TimeProvider.System);

    /// <summary>The same with another clock.</summary>
    internal static SqliteHistoryStore OpenBeside(string directory, TimeProvider time)
    {
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path)) throw new IOException($"{path}: there is no history; name the server's directory with --data.");
        try
        {
            return Load(path, new HistoryOptions { Time = time }, hold: null);
        }
        catch (Exception error) when (SqliteFile.ExplainMissingLibrary(error) is { } missing)
        {
            throw missing;
        }
    }

    /// <inheritdoc/>
    public HistoryGroup? Find(string group) => _directory.Find(group)?.Group;

    /// <inheritdoc/>
    public long Version(string group, DateTimeOffset before) => _versions.Of(group, before);

    /// <inheritdoc/>
    public async ValueTask<bool> AppendAsync(HistoryReport report, CancellationToken cancellation)
    {
        ThrowIfBeside();
        cancellation.ThrowIfCancellationRequested();
        if (report.End <= report.Start) throw new ArgumentException("An interval ends behind its start.", nameof(report));
        _commits.ThrowIfFaulty();
        return !IsRefused(report) && await _commits.AppendAsync(Encode(report));
    }

    /// <inheritdoc/>
    public async ValueTask AppendAsync(IReadOnlyList<HistoryEvent> events, CancellationToken cancellation)
    {
        ThrowIfBeside();
        if (events.Count == 0) return;
        _commits.ThrowIfFaulty();
        await _commits.AppendAsync(writer => writer.Commit(events), cancellation);
    }

    /// <inheritdoc/>
    public Task<HistoryAnswer> QueryAsync(HistoryQuery query, Action<HistorySeries> take, CancellationToken cancellation) =>
        _reader.QueryAsync(query, take, cancellation);

    /// <inheritdoc/>
    public Task<HistoryTimeline> TimelineAsync(HistoryQuery query, CancellationToken cancellation) => _reader.TimelineAsync(query, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HistoryLevelSpan>> SpansAsync(CancellationToken cancellation) => Task.Run(() => HistoryFigures.Spans(_path, _options.Retention), cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HistoryEvent>> EventsAsync(string? group, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken cancellation) =>
        _reader.EventsAsync(group, from, before, limit, cancellation);

    /// <summary>How much is kept, and of when.</summary>
    public Task<HistoryStatistics> StatisticsAsync(CancellationToken cancellation) => Task.Run(() => HistoryFigures.Read(_path, _directory), cancellation);

    /// <summary>Writes a copy of the whole as it is at one moment, while reading and writing go on. Until it is written, what is taken adds to the log beside the file.</summary>
    /// <param name="path">The file of the copy, which must not exist; it appears when it is whole.</param>
    /// <param name="cancellation">Gives up, and leaves no file.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    public Task BackupAsync(string path, CancellationToken cancellation) => Task.Run(() => HistoryCopy.Write(_path, path, cancellation), cancellation);

    /// <summary>Drops what is older than a moment, and gives the room back to the disk.</summary>
    /// <param name="before">The moment; rows that reach beyond it stay.</param>
    /// <param name="level">Of this level alone; null for all, and events.</param>
    /// <param name="cancellation">Gives up between rows.</param>
    /// <returns>How many octets the file has become smaller by.</returns>
    /// <exception cref="IOException">It can't be written.</exception>
    public Task<long> PruneAsync(DateTimeOffset before, HistoryLevel? level, CancellationToken cancellation) => Task.Run(
        async () =>
        {
            try
            {
                return await _upkeep.PruneAsync(before, level, cancellation);
            }
            finally
            {
                _versions.ChangeAll();
            }
        },
        cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _upkeep.DisposeAsync();
        await _reader.DisposeAsync();
        await _commits.DisposeAsync();
        _lock?.Dispose();
    }

    /// <summary>Settles what is due and drops what is too old now, without leaving time to others.</summary>
    internal Task RoundAsync(CancellationToken cancellation) => _upkeep.RoundAsync(isPaced: false, cancellation);

    private static SqliteHistoryStore Load(string path, HistoryOptions options, DirectoryLock? hold)
    {
        using SqliteConnection connection = HistoryFile.ConnectToRead(path);
        try
        {
            using var kept = new Statement(connection, KeptSince.Select);
            return new SqliteHistoryStore(path, options, hold, HistoryFile.LoadDirectory(connection), KeptSince.Read(kept)[KeptSince.Reports]);
        }
        catch (SqliteException error)
        {
            throw SqliteFile.Explain(path, error);
        }
    }

    private void ThrowIfBeside()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (_lock is null) throw new InvalidOperationException("A history that another process writes is not appended to.");
    }

    private bool IsRefused(HistoryReport report)
    {
        DateTimeOffset now = _options.Time.GetUtcNow();
        bool isAhead = report.Start > now + MostAhead;
        if (!isAhead && HistoryTime.Of(report.Start) >= _upkeep.ReportsSince) return false;
        Interlocked.Increment(ref _refused);
        long told = Interlocked.Read(ref _refusalToldAt);
        if (now.UtcTicks - told > WarnAgainTicks && Interlocked.CompareExchange(ref _refusalToldAt, now.UtcTicks, told) == told)
        {
            _options.Warn(
                $"{report.Source.Group}/{report.Source.Name}: its interval of {report.Start:u} is {(isAhead ? "in the future" : "too old")} at {now:u} and not kept; look at both clocks.");
        }

        return true;
    }

    private PendingReport Encode(HistoryReport report)
    {
        if (!_encoders.TryTake(out Encoder? encoder)) encoder = new Encoder();
        try
        {
            return encoder.Encode(report, _directory);
        }
        finally
        {
            encoder.Clear();
            _encoders.Add(encoder);
        }
    }

    /// <summary>What it takes to make a block of a report. Belongs to one thread at a time.</summary>
    private sealed class Encoder
    {
        private readonly BlockBuilder _block = new();
        private readonly List<int> _destinations = [];

        public PendingReport Encode(HistoryReport report, HistoryDirectory directory)
        {
            int source = directory.Number(report, _destinations);
            for (int i = 0; i < _destinations.Count; i++)
                _block.At(_destinations[i], report.Pairs[i].Class, report.Start).Add(report.Pairs[i].Totals);
            return new PendingReport(report, source, _block);
        }

        public void Clear() => _block.Clear();
    }
}
