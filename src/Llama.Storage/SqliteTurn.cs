using Microsoft.Data.Sqlite;

namespace Llama.Storage;

/// <summary>
/// Whose turn it is to write an SQLite file. Work runs one piece at a time, on its caller's thread: SQLite blocks, and going to another
/// thread and back costs as much as a small commit. After an error the file is opened anew. Any thread may call it.
/// </summary>
/// <typeparam name="T">The open file.</typeparam>
/// <param name="path">The file.</param>
/// <param name="open">Opens it.</param>
/// <param name="file">The same when it is open already, which then belongs to this; null when the first who works is to open it.</param>
internal sealed class SqliteTurn<T>(string path, Func<string, T> open, T? file = null) : IAsyncDisposable
    where T : class, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private T? _file = file;
    private bool _isDisposed;

    /// <summary>Waits for a turn and works.</summary>
    /// <exception cref="IOException">The file can't be read or written; the message says what to do.</exception>
    public Task<TResult> RunAsync<TResult>(Func<T, TResult> work, CancellationToken cancellation) => TakeAsync(() => Run(work), cancellation);

    /// <summary>Waits for a turn and does something that may <see cref="Run"/>, or may not.</summary>
    public async Task<TResult> TakeAsync<TResult>(Func<TResult> during, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return during();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Works with the file. Only within <see cref="TakeAsync"/>.</summary>
    /// <exception cref="IOException">The file can't be read or written; the message says what to do.</exception>
    public TResult Run<TResult>(Func<T, TResult> work)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        try
        {
            return work(_file ??= open(path));
        }
        catch (SqliteException error)
        {
            // A full disk leaves the connection as it was. After anything else the next call opens a new one.
            if (!SqliteFile.IsDiskFull(error))
            {
                _file?.Dispose();
                _file = null;
            }

            throw SqliteFile.Explain(path, error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        _isDisposed = true;
        _file?.Dispose();
        _file = null;
        _turn.Release();
    }
}
