using Microsoft.Data.Sqlite;

namespace Llama.Storage.Registry;

/// <summary>
/// Registrations in an SQLite file of a directory that belongs to this process while it runs. What was committed survives the loss of
/// power, as far as the disk keeps what it was told to sync. Calls may come from any thread, take turns, and block while the disk works.
/// </summary>
public sealed class SqliteRegistryStore : IRegistryStore
{
    private readonly RegistryDirectory _directory;
    private readonly SemaphoreSlim _turn = new(1);
    private RegistryFile? _file;
    private bool _isDisposed;

    private SqliteRegistryStore(RegistryDirectory directory, RegistryFile file)
    {
        _directory = directory;
        _file = file;
    }

    /// <summary>Opens what is in a directory, which is made when there is none. A damaged file is set aside, and an empty one takes its place.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="warn">Hears of a damaged file.</param>
    /// <exception cref="IOException">It can't be written, belongs to another server, or was written by a newer version; the message says what to do.</exception>
    public static SqliteRegistryStore Open(string path, Action<string> warn)
    {
        RegistryDirectory directory = RegistryDirectory.Take(path);
        try
        {
            if (RegistryFile.FaultOf(directory.DatabasePath) is { } fault)
                warn($"{directory.DatabasePath}: {fault}; it is kept as {directory.SetAside()}, and probes have to register again.");
            return new SqliteRegistryStore(directory, RegistryFile.Open(directory.DatabasePath));
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException })
        {
            directory.Dispose();
            throw new IOException("The SQLite library can't be loaded; keep libe_sqlite3 next to llama, or take the published llama, which has it inside.", error);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredRegistration>> LoadAsync(CancellationToken cancellation) => RunAsync(file => file.Load(), cancellation);

    /// <inheritdoc/>
    public Task CommitAsync(IReadOnlyList<RegistryChange> changes, CancellationToken cancellation) =>
        RunAsync(file => file.Commit(changes), cancellation);

    /// <inheritdoc/>
    public Task RecordRenewalsAsync(IReadOnlyList<Renewal> renewals, CancellationToken cancellation) =>
        RunAsync(file => file.Record(renewals), cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        _isDisposed = true;
        _file?.Dispose();
        _file = null;
        _directory.Dispose();
        _turn.Release();
    }

    /// <summary>Runs one thing at a time, on the caller's thread: SQLite blocks, and going to another thread and back costs as much as a small commit.</summary>
    private async Task<T> RunAsync<T>(Func<RegistryFile, T> work, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return Run(work);
        }
        finally
        {
            _turn.Release();
        }
    }

    private T Run<T>(Func<RegistryFile, T> work)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        try
        {
            return work(_file ??= RegistryFile.Open(_directory.DatabasePath));
        }
        catch (SqliteException error)
        {
            // A full disk leaves the connection as it was. After anything else the next call opens a new one.
            if (!RegistryFile.IsDiskFull(error))
            {
                _file?.Dispose();
                _file = null;
            }

            throw RegistryFile.Explain(_directory.DatabasePath, error);
        }
    }
}
