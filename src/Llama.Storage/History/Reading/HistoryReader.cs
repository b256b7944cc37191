using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.Data.Sqlite;

namespace Llama.Storage.History.Reading;

/// <summary>
/// Answers questions from the history's file while it is written. Each question sees the file as it was at one moment. A few are
/// answered at a time, each on a thread of its own, others wait. A question about many pairs takes the turns that nobody wants: then each
/// of its sources is seen as it was at one moment, all within milliseconds. Any thread may call it.
/// </summary>
internal sealed class HistoryReader : IAsyncDisposable
{
    private const int MostAtATime = 4;

    /// <summary>Pairs of a question below which it is answered before others have begun to help.</summary>
    private const long WorthSharing = 50_000;

    private readonly HistoryDirectory _directory;
    private readonly Func<SqliteConnection> _connect;
    private readonly TimelineMemory? _timelines;
    private readonly long _worthSharing;
    private readonly SemaphoreSlim _turns = new(MostAtATime);
    private readonly ConcurrentBag<ReadConnection> _idle = [];
    private bool _isDisposed;

    /// <summary>A reader of a file.</summary>
    /// <param name="directory">Who is known in it.</param>
    /// <param name="connect">Opens it to be read.</param>
    /// <param name="versions">Tells when something has come in; null where nobody knows, and nothing is remembered.</param>
    /// <param name="worthSharing">A question about so many pairs takes more than one turn.</param>
    public HistoryReader(HistoryDirectory directory, Func<SqliteConnection> connect, HistoryVersions? versions = null, long worthSharing = WorthSharing)
    {
        _worthSharing = worthSharing;
        _directory = directory;
        _connect = connect;
        _timelines = versions is null ? null : new TimelineMemory(versions);
    }

    /// <inheritdoc cref="IHistoryStore.QueryAsync"/>
    public Task<HistoryAnswer> QueryAsync(HistoryQuery query, Action<HistorySeries> take, CancellationToken cancellation)
    {
        if (query.Step < TimeSpan.Zero) throw new ArgumentException("A step can't be below zero.", nameof(query));
        if (query is { Top: not null, Step: not null }) throw new ArgumentException("Only series of one point have worst ones.", nameof(query));
        if (_directory.Find(query.Group) is not { } group) return Task.FromResult(HistoryAnswer.Nothing(query));
        var selection = Selection.Of(query, group);
        return query is { Step: null, Top: null } && selection.Pairs >= _worthSharing
            ? ShareAsync(selection, query, take, cancellation)
            : ReadAsync(connection => new Question(connection, query, take, new Lock(), cancellation).Answer(selection), cancellation);
    }

    /// <inheritdoc cref="IHistoryStore.TimelineAsync"/>
    public Task<HistoryTimeline> TimelineAsync(HistoryQuery query, CancellationToken cancellation)
    {
        if (query.Step is not { } step || step <= TimeSpan.Zero) throw new ArgumentException("A timeline has steps.", nameof(query));
        TimelineMemory.KnownSteps? known = _timelines?.Of(query);
        return ReadAsync(connection => new TimelineQuestion(connection, query, cancellation).Answer(_directory, known), cancellation);
    }

    /// <inheritdoc cref="IHistoryStore.EventsAsync"/>
    public Task<IReadOnlyList<HistoryEvent>> EventsAsync(
        string? group, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken cancellation) =>
        ReadAsync<IReadOnlyList<HistoryEvent>>(
            connection =>
            {
                var events = new List<HistoryEvent>();
                Statement rows = connection.Events(group, HistoryTime.Of(from), HistoryTime.Of(before), Math.Max(0, limit));
                while (rows.Next())
                {
                    cancellation.ThrowIfCancellationRequested();
                    events.Add(new HistoryEvent(HistoryTime.At(rows.Number(0)), rows.Text(1), rows.Text(2), rows.Text(3), rows.Blob(4).ToArray()));
                }

                return events;
            },
            cancellation);

    /// <summary>Closes the file once the questions that are being answered have been; those that wait fail.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        for (int turn = 0; turn < MostAtATime; turn++) await _turns.WaitAsync();
        while (_idle.TryTake(out ReadConnection? connection)) connection.Dispose();
        _turns.Release(MostAtATime);
    }

    private async Task<HistoryAnswer> ShareAsync(Selection selection, HistoryQuery query, Action<HistorySeries> take, CancellationToken cancellation)
    {
        var giving = new Lock();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await _turns.WaitAsync(cancellation);
        int turns = 1;
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            while (turns < Math.Min(MostAtATime, Environment.ProcessorCount) && _turns.Wait(0, CancellationToken.None)) turns++;
            Exception? failure = null;
            Task<HistoryAnswer>[] shares = [.. selection.Shares(turns).Select(share => Task.Run(() => Answer(share)))];
            await ((Task)Task.WhenAll(shares)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (failure is not null) ExceptionDispatchInfo.Throw(failure);
            HistoryAnswer answer = shares.Select(share => share.Result).Aggregate((one, other) => one.With(other));
            return answer.Series <= query.MaxPoints ? answer : throw SeriesTable.TooManyPoints(query.MaxPoints);

            HistoryAnswer Answer(Selection share)
            {
                try
                {
                    return Read(connection => new Question(connection, query, take, giving, ending.Token).Answer(share));
                }
                catch (Exception error)
                {
                    // The first one counts: the others are given up for it.
                    Interlocked.CompareExchange(ref failure, error, null);
                    ending.Cancel();
                    throw;
                }
            }
        }
        finally
        {
            _turns.Release(turns);
        }
    }

    private async Task<T> ReadAsync<T>(Func<ReadConnection, T> read, CancellationToken cancellation)
    {
        await _turns.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return await Task.Run(() => Read(read), cancellation);
        }
        finally
        {
            _turns.Release();
        }
    }

    private T Read<T>(Func<ReadConnection, T> read)
    {
        if (!_idle.TryTake(out ReadConnection? connection)) connection = ReadConnection.Over(_connect());
        try
        {
            connection.Begin();
            T answer = read(connection);
            connection.End();
            _idle.Add(connection);
            return answer;
        }
        catch (Exception error)
        {
            // A statement may be in the middle of its rows, a transaction open: the next question gets a new connection.
            IOException? explained = error is SqliteException failed ? SqliteFile.Explain(connection.Path, failed) : null;
            connection.Dispose();
            if (explained is not null) throw explained;
            throw;
        }
    }
}
