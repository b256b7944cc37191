using Llama.Storage.Registry;

namespace Llama.Tests.Storage;

/// <summary>A store that forgets with the test, and fails or takes its time when it is told to.</summary>
internal sealed class MemoryRegistryStore : IRegistryStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<RegistryKey, StoredRegistration> _stored = [];
    private TaskCompletionSource? _hold;

    /// <summary>What every write fails with; null lets them succeed.</summary>
    public IOException? Failure { get; set; }

    /// <summary>How many changes each commit held.</summary>
    public List<int> Commits { get; } = [];

    public IReadOnlyDictionary<RegistryKey, StoredRegistration> Stored
    {
        get
        {
            lock (_lock) return new Dictionary<RegistryKey, StoredRegistration>(_stored);
        }
    }

    /// <summary>True while a commit has begun and may not end.</summary>
    public bool IsHolding { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Lets commits begin and not end.</summary>
    public void Hold() => _hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => Interlocked.Exchange(ref _hold, null)?.SetResult();

    /// <summary>The same content for another server, as after a restart.</summary>
    public MemoryRegistryStore Restart()
    {
        var next = new MemoryRegistryStore();
        foreach ((RegistryKey key, StoredRegistration stored) in Stored) next._stored.Add(key, stored);
        return next;
    }

    public void Put(StoredRegistration stored) => _stored[stored.Key] = stored;

    public Task<IReadOnlyList<StoredRegistration>> LoadAsync(CancellationToken cancellation)
    {
        lock (_lock) return Task.FromResult<IReadOnlyList<StoredRegistration>>([.. _stored.Values]);
    }

    public async Task CommitAsync(IReadOnlyList<RegistryChange> changes, CancellationToken cancellation)
    {
        if (_hold is { } hold)
        {
            IsHolding = true;
            await hold.Task;
            IsHolding = false;
        }

        if (Failure is { } failure) throw failure;
        lock (_lock)
        {
            Commits.Add(changes.Count);
            foreach (RegistryChange change in changes)
            {
                if (change.Now is { } now) _stored[change.Key] = now;
                else _stored.Remove(change.Key);
            }
        }
    }

    public Task RecordRenewalsAsync(IReadOnlyList<Renewal> renewals, CancellationToken cancellation)
    {
        if (Failure is { } failure) return Task.FromException(failure);
        lock (_lock)
        {
            foreach (Renewal renewal in renewals)
                if (_stored.TryGetValue(renewal.Key, out StoredRegistration? stored)) _stored[renewal.Key] = stored with { RenewedAt = renewal.RenewedAt };
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}
