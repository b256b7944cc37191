namespace Llama.Storage.Registry;

/// <summary>
/// Registrations in an SQLite file of a directory that belongs to this process while it runs. What was committed survives the loss of
/// power, as far as the disk keeps what it was told to sync. Calls may come from any thread, take turns, and block while the disk works.
/// </summary>
public sealed class SqliteRegistryStore : IRegistryStore
{
    private readonly DirectoryLock _lock;
    private readonly SqliteTurn<RegistryFile> _turn;

    private SqliteRegistryStore(DirectoryLock hold, string path, RegistryFile file)
    {
        _lock = hold;
        _turn = new SqliteTurn<RegistryFile>(path, RegistryFile.Open, file);
    }

    /// <summary>Opens what is in a directory, which is made when there is none. A damaged file is set aside, and an empty one takes its place.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="warn">Hears of a damaged file.</param>
    /// <exception cref="IOException">It can't be written, belongs to another server, or was written by a newer version; the message says what to do.</exception>
    public static SqliteRegistryStore Open(string path, Action<string> warn)
    {
        DirectoryLock hold = DirectoryLock.Take(path, "lock", "llama server", "name another directory with --data");
        try
        {
            string file = Path.Combine(path, "registry.db");
            if (SqliteFile.FaultOf(file, SqliteFile.QuickCheck) is { } fault)
                warn($"{file}: {fault}; it is kept as {SqliteFile.SetAside(file)}, and probes have to register again.");
            return new SqliteRegistryStore(hold, file, RegistryFile.Open(file));
        }
        catch (Exception error)
        {
            hold.Dispose();
            if (SqliteFile.ExplainMissingLibrary(error) is { } missing) throw missing;
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredRegistration>> LoadAsync(CancellationToken cancellation) => _turn.RunAsync(file => file.Load(), cancellation);

    /// <inheritdoc/>
    public Task CommitAsync(IReadOnlyList<RegistryChange> changes, CancellationToken cancellation) =>
        _turn.RunAsync(file => file.Commit(changes), cancellation);

    /// <inheritdoc/>
    public Task RecordRenewalsAsync(IReadOnlyList<Renewal> renewals, CancellationToken cancellation) =>
        _turn.RunAsync(file => file.Record(renewals), cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _turn.DisposeAsync();
        _lock.Dispose();
    }
}
